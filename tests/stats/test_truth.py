"""Every value that slippi-js tells of real recordings, against ours and against the store's tables."""

from collections import Counter
from functools import lru_cache
from pathlib import Path

import pytest

from exphil.assets import plan, replays, stats
from exphil.assets.workers import Workers
from exphil.errors import ReplayError
from exphil.replays.reader import read_game
from exphil.replays.sources import find_sources
from exphil.store.store import Store
from tests.stats.agreement import Tally, agreement, answers, same
from tests.stats.tables import told_by_tables

UNREAD = ["broken/corrupt_raw-length-0_no-end_718660.slp"]

IN_A_STORE = (
    "full_v0.1.0_zelda-ics_yoshis",
    "full_v1.7.1_falcon-zelda_battlefield",
    "full_v3.9.1_falco-fox_fod",
    "full_v3.19.1_mewtwo-fox_fd",
    "test_",
    "broken/",
)


@lru_cache(maxsize=1)
def compared(replay_dir: Path, truth_dir: Path) -> tuple[Tally, list[str]]:
    return agreement(replay_dir, truth_dir)


@pytest.mark.parametrize(
    ("field", "least"),
    [
        ("settings", 2_000),
        ("gameEnd", 150),
        ("winners", 100),
        ("stats.stocks", 3_000),
        ("stats.conversions", 25_000),
        ("stats.combos", 25_000),
        ("stats.actionCounts", 7_000),
        ("stats.overall", 6_000),
        ("stats.lastFrame", 90),
        ("stats.playableFrameCount", 90),
        ("stats.gameComplete", 90),
    ],
)
def test_every_value_is_that_of_slippi_js(replay_dir: Path, truth_dir: Path, field: str, least: int) -> None:
    tally, _ = compared(replay_dir, truth_dir)
    names = [name for name in tally.compared if name.startswith(field)]
    assert [found for found in tally.differences if found[1].startswith(field)] == []
    assert sum(tally.compared[name] for name in names) >= least
    assert all(tally.equal[name] == tally.compared[name] for name in names)


def test_nothing_else_is_compared_and_nothing_else_is_left_out(replay_dir: Path, truth_dir: Path) -> None:
    tally, refused = compared(replay_dir, truth_dir)
    assert {name.split(".")[0].removesuffix("[]") for name in tally.compared} == {
        "files", "settings", "gameEnd", "winners", "stats",
    }  # fmt: skip
    assert refused == UNREAD
    assert tally.compared["files"] == sum(1 for _ in answers(truth_dir)) - len(refused)


def test_of_the_one_file_that_we_refuse_slippi_js_has_seen_no_frame(
    replay_dir: Path, truth_dir: Path
) -> None:
    """Its events stop before the first frame is whole; slippi-js answers with zeros, we say where it stops."""
    with pytest.raises(ReplayError, match="no whole frame"):
        read_game((replay_dir / UNREAD[0]).read_bytes())
    told = dict(answers(truth_dir))[UNREAD[0]]
    assert told["frames"]["count"] == 0
    assert (told["stats"]["lastFrame"], told["stats"]["playableFrameCount"]) == (-124, 0)
    assert told["stats"]["conversions"] == told["stats"]["stocks"] == []
    assert all(side["inputCounts"]["total"] == 0 for side in told["stats"]["overall"])


def test_what_counts_as_the_same() -> None:
    assert all(same(*pair) for pair in [(1, 1), ("a", "a"), (12, 12.0), (0.00009, 0.0), (100.0, 100.009)])
    assert not any(same(*pair) for pair in [(1, 2), (True, 1), (0.0, None), (100.0, 100.02), ("1", 1)])
    tally = Tally()
    tally.compare("file", "x", {"a": [1, 2], "ours": 1}, {"a": [1], "theirs": 2})
    assert {found[1] for found in tally.differences} == {"x.a[]", "x.ours", "x.theirs"}


@pytest.fixture(scope="module")
def store(replay_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Real recordings of all kinds and versions, up to their statistics."""
    folder = tmp_path_factory.mktemp("statistics")
    (folder / "replays").mkdir()
    for pattern in IN_A_STORE:
        for path in replay_dir.glob(f"{pattern}*"):
            (folder / "replays" / path.name).write_bytes(path.read_bytes())
    made = Store.create(folder / "store")
    with Workers(1) as workers:
        for batch in plan.enqueue(made, list(find_sources([folder / "replays"]))):
            replays.ingest(made, batch, workers)
            stats.materialize(made, batch, workers)
    return made


def test_the_tables_hold_what_slippi_js_tells(store: Store, truth_dir: Path) -> None:
    held, tally, games = told_by_tables(store), Tally(), Counter[bool]()
    for name, told in answers(truth_dir):
        ours, theirs = held.get(Path(name).name), dict(told["stats"])
        if ours is None:
            continue
        is_two = len(told["settings"]["players"]) == 2
        games[is_two] += 1
        if not is_two:
            theirs["overall"] = []  # slippi-js has rows without inputs there
        for part, found in ours.items():
            tally.compare(name, f"stats.{part}", found, theirs[part])
    assert tally.differences == []
    assert games[True] > 50
    assert games[False] > 5
    assert tally.compared.total() > 10_000
