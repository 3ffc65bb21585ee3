"""Anonymised stores: no byte of one holds a name, and all else is as in a store with names."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil import schema
from exphil.assets import embeddings, packs, plan, pseudonyms, replays, stats, windows
from exphil.assets.pseudonyms import PLAYER_NAMES, Pseudonyms, path_names_somebody
from exphil.assets.selection import ReplaySelection, select
from exphil.assets.windows import split_key, split_of
from exphil.assets.workers import Workers
from exphil.config.pseudonym_key import KEY_VARIABLE
from exphil.errors import StoreError
from exphil.replays.identity import set_key
from exphil.store.store import Store
from exphil.synth.generate import synthesise

KEY = "a key for tests, long enough"
HIDDEN = Pseudonyms(bytes(range(32)))
LOOK = re.compile(r"ANON#\d{18}")


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A key, and a home without one."""
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    for name in ("HOME", "XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "home"))


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(1) as pool:
        yield pool


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recordings of several versions and sets, a copy of one, a broken one, and one that is named after a player."""
    found = tmp_path_factory.mktemp("recordings")
    synthesise(found, count=12, seed=3, max_frames=200, workers=1)
    first = sorted(found.glob("*.slp"))[0]
    shutil.copy(first, found / "copy.slp")
    (found / "broken.slp").write_bytes(first.read_bytes()[:900])
    return found


def build(root: Path, folder: Path, workers: Workers, *, anonymise: bool) -> Store:
    store = Store.create(root)
    if anonymise:
        pseudonyms.anonymise(store)
    plan.enqueue(store, select(ReplaySelection(roots=(folder,))).sources)
    for batch in plan.stale_batches(store, plan.upstream("all")):
        replays.ingest(store, batch, workers)
        stats.materialize(store, batch, workers)
        embeddings.materialize(store, batch, workers)
        windows.materialize(store, batch)
        packs.materialize(store, batch, workers)
    return store


def table(store: Store, name: str) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(file) for file in store.table_paths(name)])


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory, folder: Path, workers: Workers) -> tuple[Store, Store]:
    """The same recordings with and without names."""
    root = tmp_path_factory.mktemp("stores")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEY_VARIABLE, KEY)
        return tuple(  # type: ignore[return-value]
            build(root / name, folder, workers, anonymise=name == "hidden") for name in ("named", "hidden")
        )


def names_in(store: Store) -> set[str]:
    """Every connect code, name, tag and console nickname of a store."""
    players, games = table(store, "players"), table(store, "replays")
    columns = [*(players[name] for name in PLAYER_NAMES), games["console_name"]]
    return {text for column in columns for text in column.drop_nulls()}


def texts(file: Path) -> Iterator[bytes]:
    """What a file holds: Parquet's texts decoded, and the bytes of all others."""
    if file.suffix != ".parquet":
        yield file.read_bytes()
        return
    found = pq.read_table(file)
    yield str(found.schema.metadata).encode()
    for column in pl.DataFrame(pl.from_arrow(found)).iter_columns():
        if column.dtype in (pl.String, pl.Categorical):
            yield "\n".join(column.cast(pl.String).drop_nulls().unique()).encode()


def holds(data: bytes, name: str) -> bool:
    """Whether a name stands in data as a word of its own."""
    return re.search(rb"(?<![\w#])" + re.escape(name.encode()) + rb"(?![\w#])", data) is not None


def test_no_file_holds_a_name(stores: tuple[Store, Store]) -> None:
    named, hidden = stores
    names = names_in(named)
    assert len(names) > 10
    assert holding(named.root, names) == names  # the search does find what is there
    assert not holding(hidden.root, names)


def holding(root: Path, names: set[str]) -> set[str]:
    """The names that some file of a folder holds, in its name or in what is in it."""
    files = [file for file in root.rglob("*") if file.is_file()]
    assert len(files) > 20
    found = [str(file.relative_to(root)).encode() for file in files]
    found += [text for file in files for text in texts(file)]
    return {name for name in names if any(holds(text, name) for text in found)}


def test_names_look_like_connect_codes_and_nulls_stay(stores: tuple[Store, Store]) -> None:
    named, hidden = (table(store, "players").sort("replay_id", "port") for store in stores)
    for name in PLAYER_NAMES:
        assert hidden[name].is_null().to_list() == named[name].is_null().to_list()
        assert all(LOOK.fullmatch(text) for text in hidden[name].drop_nulls())
        # equal where the names are equal, and nowhere else
        pairs = pl.DataFrame({"named": named[name], "hidden": hidden[name]}).drop_nulls().unique()
        assert pairs["named"].n_unique() == pairs["hidden"].n_unique() == len(pairs)


def test_all_but_names_is_the_same(stores: tuple[Store, Store]) -> None:
    named, hidden = stores
    hides = {"players": PLAYER_NAMES, "replays": ("console_name", "set_key"), "segments": ("split_key",)}
    for each in schema.TABLES:
        if not named.table_paths(each.name):
            continue
        rows = [table(store, each.name).drop(hides.get(each.name, ())).sort(each.key) for store in stores]
        assert rows[0].equals(rows[1]), each.name
    assert hidden.manifest.pseudonyms is not None
    assert named.manifest.pseudonyms is None


def test_sets_and_sides_of_the_split_are_the_same(stores: tuple[Store, Store]) -> None:
    named, hidden = (
        table(store, "replays").filter(pl.col("status") == "ok").sort("path") for store in stores
    )
    groups = [rows["set_key"].rank("dense").n_unique() for rows in (named, hidden)]
    both = pl.DataFrame({"named": named["set_key"], "hidden": hidden["set_key"]}).unique()
    assert groups[0] == groups[1] == len(both) > 1
    segments = [table(store, "segments").sort("replay_id", "port") for store in stores]
    assert segments[0]["split"].to_list() == segments[1]["split"].to_list()
    assert segments[0]["split_key"].to_list() != segments[1]["split_key"].to_list()


def test_a_later_ingest_hides_names_too(
    stores: tuple[Store, Store], folder: Path, tmp_path: Path, workers: Workers
) -> None:
    half = tmp_path / "half"
    half.mkdir()
    for file in sorted(folder.iterdir())[::2]:
        shutil.copy2(file, half)
    store = build(tmp_path / "store", half, workers, anonymise=True)
    for file in sorted(folder.iterdir())[1::2]:
        shutil.copy2(file, half)
    build(tmp_path / "store", half, workers, anonymise=False)
    store.refresh()
    grown, at_once = (table(each, "players").sort("replay_id", "port") for each in (store, stores[1]))
    assert grown.equals(at_once)


def test_another_key_or_none_is_refused(
    stores: tuple[Store, Store],
    folder: Path,
    workers: Workers,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    hidden = stores[1]
    monkeypatch.setenv(KEY_VARIABLE, "another key for tests")
    with pytest.raises(StoreError, match=rf"another key \({hidden.manifest.pseudonyms}\)"):
        pseudonyms.of_store(hidden)
    monkeypatch.delenv(KEY_VARIABLE)
    with pytest.raises(StoreError, match=rf"its key .* is not here: set {KEY_VARIABLE}"):
        pseudonyms.anonymise(hidden)
    copy = Store.create(shutil.copytree(hidden.root, tmp_path / "copy"))
    (tmp_path / "more").mkdir()
    synthesise(tmp_path / "more", count=1, seed=9, max_frames=200, workers=1)
    plan.enqueue(copy, select(ReplaySelection(roots=(tmp_path / "more",))).sources)
    before = copy.manifest
    with pytest.raises(StoreError, match="is not here"):
        replays.ingest(copy, plan.inbox_batches(copy)[0], workers)
    copy.refresh()
    assert copy.manifest == before
    assert pseudonyms.of_store(stores[0]) is None


def test_a_store_with_names_is_not_anonymised_afterwards(stores: tuple[Store, Store]) -> None:
    with pytest.raises(StoreError, match="in another folder"):
        pseudonyms.anonymise(stores[0])
    pseudonyms.anonymise(stores[1])


NAMES = st.none() | st.text(min_size=1, max_size=8)


@given(
    players=st.lists(st.tuples(NAMES, NAMES, NAMES), min_size=1, max_size=4),
    console=NAMES,
    started_at=st.none() | st.just("2022-12-28T03:04:05Z"),
)
def test_any_names_are_hidden(
    players: list[tuple[Any, Any, Any]], console: str | None, started_at: str | None
) -> None:
    rows = [dict(zip(PLAYER_NAMES, names, strict=True), port=port) for port, names in enumerate(players, 1)]
    key = set_key([(code, name) for code, name, _ in players], started_at, "the game")
    replay = {
        "set_key": key,
        "game_id": "the game",
        "started_at": started_at,
        "console_name": console,
        "stage": 2,
    }
    hidden, hidden_rows = HIDDEN.hide(replay, rows)
    assert hidden["stage"] == 2
    for row, other in zip(rows, hidden_rows, strict=True):
        for name in PLAYER_NAMES:
            assert other[name] is None if row[name] is None else LOOK.fullmatch(other[name])
            assert row[name] is None or other[name] == HIDDEN.of(name, row[name])
    assert split_of(split_key(hidden["set_key"])) == split_of(split_key(key))
    assert (hidden["set_key"] == key) == (key == "the game")
    turned, _ = HIDDEN.hide(replay, rows[::-1])
    assert turned["set_key"] == hidden["set_key"]


def test_a_pseudonym_depends_on_name_column_and_key() -> None:
    other = Pseudonyms(bytes(32))
    found = {
        who.of(kind, name)
        for who in (HIDDEN, other)
        for kind in PLAYER_NAMES
        for name in ("MANG#0", "MANG#1")
    }
    assert len(found) == 12
    assert HIDDEN.of("connect_code", "MANG#0") == HIDDEN.of("connect_code", "MANG#0")
    assert HIDDEN.fingerprint != other.fingerprint
    assert HIDDEN.key.hex() not in repr(HIDDEN)
    assert repr(bytes(range(32))) not in repr(HIDDEN)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/games/Game_20221228.slp", False),
        ("/games/mang#0 vs zain.slp", True),
        ("/games/MANG-0.slp", True),
        ("/games/pack.zip!/Mang0 set 1.slp", True),
        ("/home/Mang0/Game_20221228.slp", False),
        ("/games/Station 3.slp", True),
        ("/games/ab.slp", False),
    ],
)
def test_file_names_that_name_players_are_noticed(path: str, expected: bool) -> None:
    players = [
        {"connect_code": "MANG#0", "netplay_name": "Mang0"},
        {"connect_code": None, "netplay_name": "ab"},
    ]
    assert path_names_somebody(path, {"console_name": "Station 3"}, players) == expected
