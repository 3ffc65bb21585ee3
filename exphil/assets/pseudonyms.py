"""Pseudonyms for players: an anonymised store holds no connect code, name, tag or console nickname.

They are keyed hashes, so equal names stay equal within a store and across stores of one key: sets, splits and
persons work as before. Without the key nobody can compute them, not even for a list of all codes there are.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import PurePosixPath
from typing import Any, Final

from exphil.assets.windows import split_key, split_of
from exphil.config.pseudonym_key import KEY_VARIABLE, find_key, find_or_make_key, key_file
from exphil.errors import StoreError
from exphil.replays.identity import set_key
from exphil.store.store import Store

PREFIX: Final = "ANON#"
DIGITS: Final = 18
"""Of a pseudonym: a million players share one with a chance of less than one in a million."""

PLAYER_NAMES: Final = ("connect_code", "netplay_name", "name_tag")
REPLAY_NAMES: Final = ("console_name",)
"""Columns of `players` and of `replays` that name somebody; `set_key` is made of some of them."""

NAMED_PATHS: Final = "paths with a name"
"""A report's figure: paths, which are kept, that hold a name of their game's own."""

_SHORTEST_IN_PATH: Final = 3
"""Shorter names are in many paths by chance."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Names to pseudonyms, by a secret key of 32 bytes."""

    key: bytes = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """16 hex digits that tell keys apart and nothing else."""
        return self._hash("fingerprint", "")[:8].hex()

    def of(self, kind: str, name: str) -> str:
        """The pseudonym of a name; `kind` is the column that holds it: a tag and a code of equal letters differ."""
        number = int.from_bytes(self._hash(kind, name)[:16], "big") % 10**DIGITS
        return f"{PREFIX}{number:0{DIGITS}}"

    def hide(self, replay: Row, players: Sequence[Row]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """A row of `replays` that was read, and those of its players, without names."""
        hidden = [self._hidden(player, PLAYER_NAMES) for player in players]
        return {**self._hidden(replay, REPLAY_NAMES), "set_key": self._set_key(replay, hidden)}, hidden

    def _hidden(self, row: Row, names: Sequence[str]) -> dict[str, Any]:
        return {**row, **{name: self.of(name, row[name]) for name in names if row[name] is not None}}

    def _set_key(self, replay: Row, hidden: Sequence[Row]) -> str:
        """The set's key out of pseudonyms, on the side of the default split that the names themselves fall on.

        Which of the three sides that is, is all that it tells of the names: a finer hash of them could be computed
        for every pair of known codes, and compared.
        """
        original: str = replay["set_key"]
        if original == replay["game_id"]:
            return original
        people = [(player["connect_code"], player["netplay_name"]) for player in hidden]
        key = set_key(people, replay["started_at"], replay["game_id"])
        side = split_of(split_key(original))
        tried = (key if number == 0 else f"{key}|{number}" for number in count())
        return next(text for text in tried if split_of(split_key(text)) == side)

    def _hash(self, kind: str, text: str) -> bytes:
        return hmac.digest(self.key, f"exphil {kind}\0{text}".encode(), "blake2b")


def path_names_somebody(path: str, replay: Row, players: Sequence[Row]) -> bool:
    """Whether the last part of a path holds a code or name of the game's own, which the store hides elsewhere."""
    last = PurePosixPath(path).name.casefold()
    found = [player[name] for player in players for name in ("connect_code", "netplay_name")]
    found += [replay["console_name"]]
    spelled = {
        text.casefold().replace("#", between)
        for text in found
        if text and len(text) >= _SHORTEST_IN_PATH
        for between in ("#", "-", "_", "")
    }
    return any(text in last for text in spelled)


def anonymise(store: Store) -> None:
    """Make an empty store anonymised, or see that it is, with the key at hand; a key is made where there is none.

    Raises:
        StoreError: it holds replays under their names, or was anonymised with another key.
        UsageError: the key in the environment is too short.
    """
    if store.manifest.pseudonyms is not None:
        of_store(store)
        return
    if store.manifest.of("replays"):
        raise StoreError(
            f"{store.root} holds replays under their players' names: build an anonymised store in another folder"
            " (--store), from the same replays"
        )
    fingerprint = Pseudonyms(find_or_make_key()).fingerprint
    with store.writing() as transaction:
        transaction.record_pseudonyms(fingerprint)
        transaction.commit()


def of_store(store: Store) -> Pseudonyms | None:
    """The pseudonyms that the store is written with; None for a store with names.

    Raises:
        StoreError: the key is not at hand, or another one is.
    """
    recorded = store.manifest.pseudonyms
    if recorded is None:
        return None
    key = find_key()
    way_out = f"set {KEY_VARIABLE} to its key, or restore {key_file()}"
    if key is None:
        raise StoreError(f"{store.root} is anonymised, and its key ({recorded}) is not here: {way_out}")
    found = Pseudonyms(key)
    if found.fingerprint != recorded:
        raise StoreError(
            f"{store.root} was anonymised with another key ({recorded}) than the one here ({found.fingerprint}):"
            f" {way_out}"
        )
    return found
