"""A policy beside a recording: the whole path, from the server to the report."""

import gc
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from exphil.errors import PlayError, ReplayError, UsageError
from exphil.features import V1
from exphil.live import GameStart, LiveFrame
from exphil.live.stream import EventStream
from exphil.melee.controller import HEADS
from exphil.play.broadcast import Message, broadcast_of, frame_payloads
from exphil.play.console import ConsoleConnection
from exphil.play.runner import PolicyRunner
from exphil.play.shadow import run as module
from exphil.play.shadow.agreement import agreement, likelihood, nats, scored_frames
from exphil.play.shadow.report import head_tables, latency_table, player_table, summary
from exphil.play.shadow.run import Options, read_recording, shadow
from exphil.play.spectator import SpectatorServer
from exphil.play.status import Status
from exphil.play.watchdog import Watchdog
from tests.play.chain import ChainEngine
from tests.play.recordings import recording_of, rolled_back, synthesised

pytest.importorskip("enet")


@pytest.fixture(scope="module")
def game(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some seconds of a game with rollbacks."""
    path = synthesised(tmp_path_factory.mktemp("game"))
    path.write_bytes(rolled_back(path.read_bytes(), (0, 3), (40, 7)))
    return path


@contextmanager
def silent(title: str, total: int) -> Iterator[Callable[..., None]]:
    yield lambda *_, **__: None


def answered(game: Path, status: Status | None = None, delay: int = 0, **options: Any) -> dict[str, Any]:
    return shadow(
        ChainEngine(delay, V1.row_dtype.itemsize),
        game,
        Options(fast=True, **options),
        status=Status(io.StringIO()) if status is None else status,
        progress=silent,
    )


@pytest.fixture(scope="module")
def both(game: Path) -> dict[str, Any]:
    """The report beside both players. Read only."""
    return answered(game)


def frames_of(game: Path) -> tuple[GameStart, list[LiveFrame]]:
    stream = EventStream()
    events = [event for _, payload in frame_payloads(game.read_bytes()) for event in stream.feed(payload)]
    (start,) = (event for event in events if isinstance(event, GameStart))
    return start, [event for event in events if isinstance(event, LiveFrame)]


@pytest.mark.parametrize("delay", [0, 2])
def test_the_report_is_of_what_a_runner_answers_to_the_recording(game: Path, delay: int) -> None:
    found = answered(game, delay=delay, seed=5, temperature=0.7, top_p=0.9)
    start, came = frames_of(game)
    final = {frame.frame: frame.row for frame in came}
    frames = np.array(sorted(final))
    rows = np.stack([final[frame] for frame in frames.tolist()])
    policy = ChainEngine(delay, V1.row_dtype.itemsize)
    told = likelihood(policy, rows, np.array([0, 1]))
    for viewpoint, player in enumerate(found["players"]):
        runner = PolicyRunner(
            policy, viewpoint=viewpoint, seed=5 + start.ports[viewpoint], temperature=0.7, top_p=0.9
        )
        runner.reset(game=start.payload)
        answers: dict[int, npt.NDArray[np.int64]] = {}
        for frame in came:
            runner.step(frame)
            assert runner.decision is not None
            answers[frame.frame] = runner.decision.classes
        assert player["port"] == start.ports[viewpoint]
        assert player["agreement"] == agreement(rows, viewpoint, frames, answers, delay)
        assert 0 < player["agreement"]["frames"] == player["likelihood"]["frames"]
        scored = scored_frames(rows, viewpoint, frames, delay)
        assert player["likelihood"]["nats"] == pytest.approx(nats(told[viewpoint], scored)["nats"], rel=1e-6)
    assert found["game"]["frames"] == len(final)
    assert found["game"]["rolled_back"] == len(came) - len(final) >= 10
    assert found["game"]["complete"]
    assert not found["stopped"]
    assert found["trouble"] == []
    assert found["deadline"]["frames"] == len(final)
    assert found["latency"]["p50_ms"] > found["parts"]["step"]["p50_ms"] > 0
    json.dumps(found, allow_nan=False)


def test_one_player_may_be_chosen(game: Path, both: dict[str, Any]) -> None:
    start, _ = frames_of(game)
    (player,) = answered(game, port=start.ports[1])["players"]
    other = both["players"][1]
    assert player["port"] == start.ports[1]
    assert player["agreement"] == other["agreement"]
    assert player["likelihood"]["nats"] == pytest.approx(other["likelihood"]["nats"], rel=1e-5)


def test_at_the_games_own_pace_it_is_the_same(game: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Patient(SpectatorServer):
        def __init__(self, messages: list[Message], *, port: int, fps: float | None) -> None:
            assert fps == 60.0
            super().__init__(messages, port=port, fps=fps)

    monkeypatch.setattr(module, "SpectatorServer", Patient)
    policy = ChainEngine(0, V1.row_dtype.itemsize)
    messages = broadcast_of([game.read_bytes()])
    monkeypatch.setattr(module, "broadcast_of", lambda _: [*messages[:60], messages[-1]])
    monkeypatch.setattr(module, "Watchdog", lambda: Watchdog(budget_s=600.0))
    went: list[bool] = []
    monkeypatch.setattr("exphil.play.steady.go_first", lambda: went.append(True) or (lambda: None))
    found = shadow(policy, game, Options(), status=Status(io.StringIO()), progress=silent)
    assert found["pace"] == "60 FPS"
    assert went == [True]
    assert found["game"]["complete"]
    assert 40 < found["deadline"]["frames"] < 60
    assert found["deadline"]["left_out"] == 0


def test_as_fast_as_it_answers_it_does_not_go_before_other_programs(
    game: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exphil.play.steady.go_first", lambda: pytest.fail("it went first"))
    assert answered(game)["game"]["complete"]


def test_the_collector_has_run_before_the_first_frame_is_on_its_way(
    game: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = []

    class Watched(ConsoleConnection):
        def connect(self, *given: Any) -> None:
            states.append(gc.isenabled())
            super().connect(*given)

    monkeypatch.setattr(module, "ConsoleConnection", Watched)
    assert answered(game)["game"]["complete"]
    assert states == [False]
    assert gc.isenabled()


class Stops(Status):
    """Ctrl-C at a frame."""

    def __init__(self, frame: int) -> None:
        super().__init__(io.StringIO())
        self._frame = frame

    def update(self, frame: int, *args: Any, **kwargs: Any) -> None:
        if frame == self._frame:
            raise KeyboardInterrupt


def test_after_ctrl_c_the_report_is_of_what_came(game: Path) -> None:
    found = answered(game, Stops(20))
    assert found["stopped"]
    assert not found["game"]["complete"]
    assert found["game"]["frames"] == 20 + 124
    assert "ended before the game" in dict(summary(found))["game"]


def test_a_server_that_goes_away_ends_it(game: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    messages = broadcast_of([game.read_bytes()])
    broken = [*messages[:100], Message(messages[99].tick, None, 0), *messages[100:]]
    monkeypatch.setattr(module, "broadcast_of", lambda _: broken)
    told = io.StringIO()
    found = answered(game, Status(told))
    assert not found["game"]["complete"]
    assert not found["stopped"]
    assert 0 < found["game"]["frames"] < 100
    assert "has gone away" in told.getvalue()


def test_a_recording_without_an_end_is_played_to_its_last_frame(game: Path, tmp_path: Path) -> None:
    payloads = [payload for _, payload in frame_payloads(game.read_bytes())]
    cut = tmp_path / "cut.slp"
    cut.write_bytes(recording_of(payloads[:90]))
    found = answered(cut)
    assert found["game"]["complete"]
    assert found["game"]["frames"] == len({frame.frame for frame in frames_of(cut)[1]}) > 60


def test_a_game_that_stops_before_play_has_nothing_to_score(game: Path, tmp_path: Path) -> None:
    payloads = [payload for _, payload in frame_payloads(game.read_bytes())]
    short = tmp_path / "short.slp"
    short.write_bytes(recording_of(payloads[:40]))
    found = answered(short)
    assert [player["likelihood"]["nats"] for player in found["players"]] == [None, None]
    for _, rows in (latency_table(found), player_table(found), *head_tables(found)):
        assert rows


def test_what_cannot_be_shadowed_is_refused(game: Path, tmp_path: Path, replay_dir: Path) -> None:
    broken = tmp_path / "broken.slp"
    broken.write_bytes(b"<html>not found</html>")
    with pytest.raises(UsageError, match=r"none\.slp: no such file"):
        answered(tmp_path / "none.slp")
    with pytest.raises(UsageError, match=r"a folder; name a \.slp file"):
        answered(tmp_path)
    with pytest.raises(ReplayError, match=r"broken\.slp: not a Slippi file: an HTML page"):
        answered(broken)
    with pytest.raises(UsageError, match=r"--shadow .*players"):
        answered(next(replay_dir.glob("test_*teams*.slp")))
    start, _ = frames_of(game)
    other = next(port for port in (1, 2, 3, 4) if port not in start.ports)
    with pytest.raises(UsageError, match=rf"--port {other}: the players of .* are on ports"):
        answered(game, port=other)


def test_a_game_whose_frames_are_not_counted_is_refused(game: Path, tmp_path: Path) -> None:
    told = list(frame_payloads(game.read_bytes()))
    (first,) = (payload for frame, payload in told if frame == -123)
    training = tmp_path / "training.slp"
    training.write_bytes(recording_of([told[0][1], *[first] * 30]))
    with pytest.raises(
        PlayError, match=r"training\.slp: one and the same frame came 30 times: in training mode"
    ):
        answered(training)


def test_a_server_port_that_is_taken_is_refused(game: Path) -> None:
    with SpectatorServer([], fps=None) as server, pytest.raises(UsageError, match="another program"):
        answered(game, server_port=server.port)


def test_a_gzipped_recording_is_read_as_it_is(game: Path, tmp_path: Path) -> None:
    import gzip

    packed = tmp_path / "game.slp.gz"
    packed.write_bytes(gzip.compress(game.read_bytes()))
    assert read_recording(packed) == read_recording(game)


def test_tables_say_what_the_report_says(both: dict[str, Any]) -> None:
    found = both
    titles, rows = player_table(found)
    for row, player in zip(rows, found["players"], strict=True):
        line = dict(zip(titles, row, strict=True))
        assert line["nats"] == f"{player['likelihood']['nats']:.4f}"
        assert line["same input"] == f"{100 * player['agreement']['exact']:.1f} %"
        assert line["repeat"] == f"{100 * player['agreement']['repeat']['exact']:.1f} %"
    for (titles, rows), player in zip(head_tables(found), found["players"], strict=True):
        assert titles[0] == f"port {player['port']}, {player['character']}"
        assert [row[0] for row in rows] == list(HEADS)
        assert all(len(row) == len(titles) for row in rows)
    titles, rows = latency_table(found)
    assert list(titles) == ["ms", "p50", "p95", "p99", "p99.9", "worst"]
    assert rows[0][1] == f"{found['latency']['p50_ms']:.3f}"
    assert "computed again after rollbacks" in dict(summary(found))["game"]
