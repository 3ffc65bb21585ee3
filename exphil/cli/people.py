"""`exphil people`: several connect codes as one person."""

from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from exphil.cli.options import JsonFlag, StoreOption

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import polars as pl

    from exphil.sql.people import People
    from exphil.store.store import Store

people = App(name="people")


@people.default
def list_people(*, store: StoreOption = None, json: JsonFlag = False) -> None:
    """Several connect codes as one person; without a command, the people with their codes and games.

    SQL knows them as the table `people`. They are kept in people.csv in the store, columns person and connect_code,
    which may be edited by hand.

    For example:

        exphil people
        exphil people add "Mang0" MANG#0 SCOR#000
    """
    from exphil.cli.output import json_document, note, table
    from exphil.sql.people import read_people

    opened = _opened(store)
    known = read_people(opened.root)
    games = _games_by_person(opened, known)
    codes: dict[str, list[str]] = {}
    for person, code in known:
        codes.setdefault(person, []).append(code)
    rows = [(person, theirs, games.get(person, 0)) for person, theirs in codes.items()]
    if json:
        json_document([{"person": p, "connect_codes": theirs, "games": n} for p, theirs, n in rows])
        return
    if not rows:
        note("no people yet: `exphil people add NAME CODE...` names the owner of connect codes")
        return
    table(
        ("person", "connect codes", "games"),
        [(person, " ".join(theirs), count) for person, theirs, count in rows],
        right=["games"],
    )


@people.command
def add(
    name: str,
    /,
    *codes: str,
    store: StoreOption = None,
    unseen: Annotated[
        bool, Parameter(negative=(), show_default=False, help="Take codes that no game of the store has.")
    ] = False,
) -> None:
    """Give a person connect codes. A code belongs to one person.

    For example:

        exphil people add "Mang0" MANG#0 SCOR#000

    Parameters
    ----------
    name
        The person's name, in quotes if it has spaces.
    codes
        Connect codes, as ABCD#123.
    """
    from exphil.sql.people import read_people, with_codes, write_people

    opened = _opened(store)
    known = read_people(opened.root)
    changed = with_codes(known, name, codes)
    _require_pseudonyms(opened, changed)
    if not unseen:
        _require_seen(opened, [code for _, code in changed if code not in {code for _, code in known}])
    write_people(opened.root, changed)
    _tell(opened, changed, name)


@people.command
def remove(name: str, /, *codes: str, store: StoreOption = None) -> None:
    """Forget a person, or only the codes that are named.

    For example:

        exphil people remove "Mang0" SCOR#000
        exphil people remove "Mang0"

    Parameters
    ----------
    name
        The person's name.
    codes
        Codes to take away; without any, the person goes.
    """
    from exphil.sql.people import read_people, without, write_people

    opened = _opened(store)
    changed = without(read_people(opened.root), name, codes)
    write_people(opened.root, changed)
    _tell(opened, changed, name)


def _opened(given: "Path | None") -> "Store":
    from exphil.config.roots import store_root
    from exphil.store.store import Store

    return Store.open(store_root(given))


def _tell(store: "Store", people: "People", name: str) -> None:
    from exphil.cli.output import say
    from exphil.sql.people import known_person

    person = known_person(people, name)
    if person is None:
        say(f"{store.root}: {name} is forgotten")
        return
    count = _games_by_person(store, people).get(person, 0)
    codes = ", ".join(code for owner, code in people if owner == person)
    say(f"{person}: {codes}; {count} {'game' if count == 1 else 'games'}")


def _games_by_person(store: "Store", people: "People") -> dict[str, int]:
    """Games that somebody played, whichever code they used."""
    import polars as pl

    owners = pl.LazyFrame(people, schema={"person": pl.String, "connect_code": pl.String}, orient="row")
    counted = (
        _codes(store).join(owners, on="connect_code").group_by("person").agg(pl.col("replay_id").n_unique())
    )
    return dict(counted.collect().iter_rows())


def _require_pseudonyms(store: "Store", people: "People") -> None:
    """An anonymised store knows codes by their pseudonyms, and must not learn of others here."""
    from exphil.assets.pseudonyms import PREFIX
    from exphil.errors import UsageError

    if store.manifest.pseudonyms is None:
        return
    for _, code in people:
        if not code.startswith(PREFIX):
            raise UsageError(
                f"{store.root} is anonymised: give pseudonyms, as {PREFIX}... in players.connect_code, not {code}"
            )


def _require_seen(store: "Store", codes: "Sequence[str]") -> None:
    """Refuse codes that no game has, with the closest that some game has."""
    import difflib

    from exphil.errors import UsageError

    seen = _codes(store).select("connect_code").unique().collect()["connect_code"].to_list()
    for code in codes:
        if code in seen:
            continue
        close = difflib.get_close_matches(code, seen, n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        raise UsageError(
            f"no game of {store.root} has the connect code {code}: {hint}(--unseen takes it all the same)"
        )


def _codes(store: "Store") -> "pl.LazyFrame":
    """Who played which game, by connect code."""
    import polars as pl

    from exphil import schema

    parts = store.table_paths(schema.PLAYERS.name)
    empty = pl.LazyFrame(schema={"replay_id": pl.String, "connect_code": pl.String})
    players = pl.scan_parquet(parts, glob=False) if parts else empty
    return players.select("replay_id", "connect_code").drop_nulls()
