"""The session's frames are timed, late ones too; the control takes its turns between them."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from exphil.benchmark.latency.deadline import alternating, deadline_row, deadline_table
from exphil.benchmark.latency.games import games_in, games_of, packets
from exphil.benchmark.latency.pacing import FRAME_NS, Pace
from exphil.benchmark.latency.playback import play
from exphil.errors import ExphilError, StoreError, UsageError
from exphil.features import V1
from exphil.melee.controller import NUM_HEADS
from exphil.play.broadcast import frame_payloads
from exphil.play.console import read_message
from exphil.play.engine import Bytes, Floats, Ints, State
from exphil.store.store import Store
from exphil.synth.generate import synthesise
from exphil.synth.one import synth_replay
from tests.benchmark.clock import Clock

FRAME = round(FRAME_NS)


class Slow:
    """An engine that takes as long as it is told: its own work, and waiting for the machine."""

    delay = 0
    row_bytes = V1.row_dtype.itemsize

    def __init__(self, clock: Clock, work: dict[int, int], stall: dict[int, int] | None = None) -> None:
        """`work`, `stall`: nanoseconds by step, counted from 0; 1 ms of work where none is given."""
        self.steps = 0
        self.seen: list[bytes] = []
        self._clock, self._work, self._stall = clock, work, stall or {}

    def initial_state(self, batch: int) -> State:
        return ()

    def step(
        self,
        rows: Bytes,
        viewpoint: Ints,
        queue: Ints,
        noise: Floats,
        temperature: float,
        top_p: float,
        state: State,
    ) -> tuple[Ints, Floats, State]:
        self.seen.append(rows.tobytes())
        self._clock.busy(self._work.get(self.steps, 1_000_000))
        self._clock.stall(self._stall.get(self.steps, 0))
        self.steps += 1
        return np.zeros((1, NUM_HEADS), np.int64), np.zeros((1, NUM_HEADS), np.float32), ()

    def score(
        self, rows: Bytes, viewpoint: Ints, queue: Ints, actions: Ints, state: State
    ) -> tuple[Floats, State]:
        return np.zeros((1, NUM_HEADS), np.float32), ()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("playback")
    synthesise(path, count=2, max_frames=200)
    return path


@pytest.fixture(scope="module")
def games(folder: Path) -> list[list[bytes]]:
    return packets(games_in(folder, 10**6))


def test_frames_are_counted_after_the_warm_up(games: list[list[bytes]]) -> None:
    clock = Clock()
    engine = Slow(clock, {3: 7_000_000, 5: 2 * FRAME})
    played = play(engine, games, 20, clock.clocks, warmup=4)
    assert engine.steps == 24
    assert played.frames.ready.tolist() == [1_000_000, 2 * FRAME, *[1_000_000] * 18]
    assert played.frames.own.tolist() == played.frames.ready.tolist()
    assert played.parts["step"].tolist() == played.frames.ready.tolist()
    assert (played.missed, played.frames.over()) == (0, 1)


def test_every_part_takes_its_share_and_none_twice(games: list[list[bytes]]) -> None:
    clock = Clock(tick=1000)
    played = play(Slow(clock, {}), games, 50, clock.clocks, warmup=0)
    assert all((times > 0).all() for times in played.parts.values())
    assert (sum(played.parts.values()) <= played.frames.ready).all()
    assert (played.parts["step"] >= 1_000_000).all()
    assert (played.parts["features"] < played.parts["step"]).all()


def test_games_go_round_until_the_frames_are_there(games: list[list[bytes]]) -> None:
    clock = Clock()
    engine = Slow(clock, {})
    frames = sum(map(len, games)) + 50
    assert len(play(engine, games, frames, clock.clocks, warmup=0).frames) == frames
    again = engine.seen.index(engine.seen[0], 1)
    assert engine.seen[again : again + 20] == engine.seen[:20]


def test_a_late_frame_is_counted_although_its_input_is_not_written(games: list[list[bytes]]) -> None:
    clock = Clock()
    engine = Slow(clock, {6: FRAME + 1_000_000}, {9: 2 * FRAME})
    played = play(engine, games, 20, clock.clocks, pace=Pace(clock.clocks), warmup=2)
    late = np.flatnonzero(played.frames.ready > FRAME).tolist()
    # Two frames' stall makes its own frame late and the next, which came together with the one after it.
    assert late == [4, 7, 8]
    assert played.frames.over_by_own_work() == 1
    assert played.missed == 3
    assert (len(played.frames), len(played.parts["pipe"])) == (20, 19)
    assert (played.parts["pipe"] == 0).all()


def test_frames_never_queue_up_behind_a_policy_that_is_too_slow(games: list[list[bytes]]) -> None:
    clock = Clock()
    work = {**dict.fromkeys(range(200), 3 * FRAME // 4), 10: 4 * FRAME}  # alone in time, two together are not
    engine = Slow(clock, work)
    played = play(engine, games, 100, clock.clocks, pace=Pace(clock.clocks), warmup=0)
    assert len(played.frames) == 100
    assert played.frames.ready.max() < 9 * FRAME
    assert played.frames.over() == played.missed
    assert 4 < played.missed < 60


@pytest.mark.parametrize("paced", [True, False])
def test_only_a_paced_loop_goes_before_other_programs(
    games: list[list[bytes]], paced: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    went: list[bool] = []
    monkeypatch.setattr("exphil.play.steady.go_first", lambda: went.append(True) or (lambda: None))
    clock = Clock()
    pace = Pace(clock.clocks) if paced else None
    play(Slow(clock, {}), games, 5, clock.clocks, pace=pace, warmup=0)
    assert went == [True] * paced


def test_the_control_takes_turns_with_the_policy(games: list[list[bytes]]) -> None:
    clock = Clock(tick=10)
    engine = Slow(clock, {12: FRAME + 1_000_000})
    told: list[int] = []
    played, idle = alternating(engine, games, 25, clock.clocks, block=10, warmup=3, told=told.append)
    assert told == [0, 10, 20]
    assert (len(played.frames), len(idle)) == (25, 25)
    assert (played.frames.over(), idle.over()) == (1, 0)
    row = deadline_row("slow", "none", played, idle)
    assert (row["over_budget"], row["over_by_own_work"], row["frames"]) == (1, 1, 25)
    assert (row["missed"], row["control_over_budget"], row["control_frames"]) == (1, 0, 25)
    assert row["max_ms"] > FRAME_NS / 1e6 > row["p50_ms"] > row["control_max_ms"]
    line = deadline_table([row])[2]
    assert line.startswith("| slow | none | 25 | 1 | 0 | 1 | 1.0")


def test_recordings_without_a_game_of_two_are_told(games: list[list[bytes]]) -> None:
    clock = Clock()
    with pytest.raises(UsageError, match="no frame of a game of two"):
        play(Slow(clock, {}), [game[1:] for game in games], 5, clock.clocks)


def test_packets_hold_the_recording_a_frame_each(folder: Path, games: list[list[bytes]]) -> None:
    path = games_in(folder, 10**6)[0]
    data = Path(path).read_bytes()
    sent = [message.payload for packet in games[0] if (message := read_message(packet)) is not None]
    assert sent == [payload for _, payload in frame_payloads(data)]
    assert len(sent) > 150
    assert b"".join(sent) in data


def test_a_stores_own_games_are_found(small_store: Path) -> None:
    store = Store.open(small_store)
    assert len(games_of(store, 300)) == 1
    assert len(games_of(store, 10**6)) == 3


def test_games_that_are_not_there_are_one_line(tmp_path: Path, small_store: Path) -> None:
    with pytest.raises(UsageError, match="no replays there"):
        games_in(tmp_path, 10)
    with pytest.raises(UsageError, match=r"--replays .*nowhere"):
        games_in(tmp_path / "nowhere.slp", 10)
    with pytest.raises(StoreError, match="no game of two players; give --replays"):
        games_of(Store.create(tmp_path / "empty"), 10)
    with pytest.raises(ExphilError, match=r"gone.slp cannot be read"):
        packets([(tmp_path / "gone.slp").as_posix()])
    (tmp_path / "text.slp").write_text("no replay")
    with pytest.raises(UsageError, match=r"text.slp cannot be read .not a Slippi file"):
        packets([(tmp_path / "text.slp").as_posix()])
    with pytest.raises(UsageError, match=r"no game that can be answered .*text.slp: not a Slippi file"):
        games_in(tmp_path, 10)


def test_of_a_folder_as_many_games_as_the_frames_need(folder: Path, tmp_path: Path) -> None:
    assert len(games_in(folder, 100)) == 1
    assert len(games_in(folder, 400)) == 2
    shutil.copytree(folder, tmp_path / "mixed")
    (tmp_path / "mixed" / "a.slp").write_text("no replay")
    (tmp_path / "mixed" / "b.slp").write_bytes(synth_replay(frames=200, four="teams"))
    names = [Path(path).name for path in games_in(tmp_path / "mixed", 10**6)]
    assert len(names) == 2
    assert not {"a.slp", "b.slp"} & set(names)
    with pytest.raises(UsageError, match=r"b\.slp: a game of 4 players"):
        games_in(tmp_path / "mixed" / "b.slp", 10)
