"""What `--windows` trains on: the frames that the query names, the same by every way of asking."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import exphil
from exphil.errors import UsageError
from exphil.features import V1
from exphil.loading.dataset import collate, find_segments
from exphil.loading.sampler import Sampler
from exphil.loading.windows import WindowDataset
from exphil.sql.segments import select_segments
from exphil.store.packs import Packs
from exphil.store.store import Store
from exphil.training.config import TrainConfig
from exphil.training.progress import Silent
from exphil.training.selection import select, shown, told
from exphil.training.setting import find_setting
from tests.stores import make_store

GAMES, FRAMES = 10, 200
FIRST, LAST = -39, FRAMES - 125
"""Frames that may be scored."""

QUERY = """
    SELECT replay_id, port, first_frame + extra AS first_frame, first_frame + extra + 9 + port AS last_frame
    FROM segments, unnest([0, 5, 30, 31, 100]) AS of_game(extra)
    WHERE stage = 'BATTLEFIELD' OR port = 2
    ORDER BY hash(replay_id, port, extra)
"""


def asked(game: int, port: int) -> set[int]:
    """The frames that the query names, by hand."""
    if not (game % 2 or port == 2):
        return set()
    return {
        frame for extra in (0, 5, 30, 31, 100) for frame in range(FIRST + extra, FIRST + extra + 10 + port)
    }


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("selection") / "store"
    return Store.open(make_store(folder, num_games=GAMES, num_frames=FRAMES))


def ignore(note: str) -> None:
    """Nobody listens."""


Frame = tuple[int, int, int]


def frames_of(segments: Any) -> list[Frame]:
    """(game, viewpoint, frame) of every frame that may be scored."""
    return [
        (int(start) // FRAMES, int(side), int(row) - int(start) - 123)
        for start, side, first, stop in zip(
            segments.run_start, segments.viewpoint, segments.first, segments.stop, strict=True
        )
        for row in range(first, stop)
    ]


@pytest.mark.parametrize("delay", [0, 3])
def test_all_ways_choose_the_frames_that_a_loop_does(store: Store, delay: int) -> None:
    last = LAST - delay
    slow = {
        (game, port - 1, frame)
        for game in range(GAMES)
        for port in (1, 2)
        for frame in asked(game, port)
        if FIRST <= frame <= last
    }
    config = TrainConfig().with_flags({"windows": QUERY, "delay": delay, "split": "50/50/0"})
    selection = select(store, config, ignore)
    sides = [frames_of(side) for side in (selection.train, selection.validation)]
    assert sorted(sides[0] + sides[1]) == sorted(slow)
    assert not {game for game, *_ in sides[0]} & {game for game, *_ in sides[1]}
    assert selection.figures["train"]["frames"] == len(sides[0])

    # As windows of one frame, Python gives the same; longer ones lie within the stretches.
    windows = exphil.open_store(store.root).windows(spans=QUERY, length=1, delay=delay)
    assert len(windows) == len(slow)
    long = WindowDataset(store, length=12, delay=delay, spans=QUERY)
    expected = [
        (game, side, frame)
        for game, side, frame in slow
        if all((game, side, frame + offset) in slow for offset in range(12))
    ]
    assert len(long) == len(expected)
    rows = Packs.open(store).parts[0].view(V1.row_dtype)[:, 0]
    game, side, frame = min(expected)
    start = game * FRAMES + frame + 123
    seen: Any = rows[start : start + 12]
    assert np.array_equal(long[0]["features"].numpy(), V1.decode(seen, side))  # type: ignore[arg-type]


@pytest.mark.parametrize("context", [0, 4])
def test_an_epoch_scores_every_frame_of_the_spans_once_and_sees_what_precedes_them(
    store: Store, context: int
) -> None:
    packs = Packs.open(store)
    segments = find_segments(select_segments(store, spans=QUERY), packs, 0)
    sampler = Sampler(segments, window_size=16, batch_size=8, context=context, seed=3)
    epoch = sampler.epoch(0)
    scored: list[Frame] = []
    before = 0
    for number in range(epoch.num_batches):
        windows = epoch.batch(number)
        for chosen, start, first, stop in zip(
            windows.segment, windows.start, windows.scored_from, windows.scored_to, strict=True
        ):
            run, side = int(segments.run_start[chosen]), int(segments.viewpoint[chosen])
            scored += [(run // FRAMES, side, int(start) + place - run - 123) for place in range(first, stop)]
            before += start < segments.first[chosen]
            assert start >= run
    assert sorted(scored) == sorted(frames_of(segments))
    assert before > 0
    batch = collate(segments, FakeGatherer(), epoch.batch(0), 16)
    assert batch.mask.sum() == sum(epoch.batch(0).scored_to - epoch.batch(0).scored_from)


class FakeGatherer:
    """Rows of nothing."""

    def rows(self, part: Any, start: Any, stop: Any) -> Any:
        return np.zeros((len(part), 17, 8), np.uint8)


def test_the_digest_tells_spans_apart(store: Store) -> None:
    def digest(**options: Any) -> str:
        return select(store, TrainConfig().with_flags({"split": "50/50/0", **options}), ignore).digest

    shorter = QUERY.replace("+ 9", "+ 8")
    assert digest(windows=QUERY) == digest(windows=f"FROM ({QUERY}) ORDER BY ALL DESC")
    assert len({digest(), digest(windows=QUERY), digest(windows=shorter), digest(where="port = 2")}) == 4


def test_characters_and_stages_choose_among_spans(store: Store) -> None:
    options = {"windows": QUERY, "split": "50/50/0", "character": "marth", "stage": "fd"}
    notes: list[str] = []
    found = select(store, TrainConfig().with_flags(options), notes.append)
    frames = frames_of(found.train) + frames_of(found.validation)
    assert {(game % 2, side) for game, side, _ in frames} == {(0, 1)}
    assert "left out by --character or --stage" in notes[0]


def test_an_empty_side_of_the_split_is_told(store: Store) -> None:
    one = f"FROM ({QUERY}) WHERE replay_id LIKE '%0'"
    with pytest.raises(UsageError, match="--split 80/10/10 leaves nothing for validation"):
        select(store, TrainConfig().with_flags({"windows": one}), ignore)


def test_a_condition_and_a_query_do_not_go_together(store: Store) -> None:
    with pytest.raises(UsageError, match="--where and --windows"):
        TrainConfig(where="true", windows=QUERY)
    with pytest.raises(UsageError, match="where and spans"):
        WindowDataset(store, "true", spans=QUERY)


@dataclass
class SecondRank:
    """A process that torchrun started, after the first; `digest` is what that one chose."""

    digest: str
    size: int = 2
    is_first: bool = False

    def first(self, action: Callable[[], str]) -> str:
        return self.digest


def test_processes_that_choose_differently_are_stopped(store: Store) -> None:
    config = TrainConfig().with_flags({"windows": QUERY, "split": "50/50/0", "device": "cpu"})
    same: Any = SecondRank(select(store, config, ignore).digest)
    other: Any = SecondRank("another")
    assert find_setting(config, store.root, same, Silent()).selection.digest == same.digest
    with pytest.raises(UsageError, match="the same rows every time"):
        find_setting(config, store.root, other, Silent())


def test_what_chose_the_data_is_told_without_names_unless_asked() -> None:
    text = (
        "SELECT * FROM segments JOIN players USING (replay_id, port) WHERE connect_code = 'MANG#0' -- Joe's"
    )
    config = TrainConfig(windows=text, stage="fd", min_quality=0.5)
    hidden = told(config)
    assert hidden == {
        "windows": text.replace("MANG#0", "…").replace("-- Joe's", ""),
        "stage": "fd",
        "min_quality": 0.5,
    }
    assert shown(config) == {**config.flat(), **hidden}
    assert told(TrainConfig(windows=text, name_players=True)) == {"windows": text}
    assert told(TrainConfig(where="players.netplay_name = 'Joe' AND character = 'FOX'")) == {
        "where": "players.netplay_name = '…' AND character = 'FOX'"
    }
    assert told(TrainConfig()) == {}
