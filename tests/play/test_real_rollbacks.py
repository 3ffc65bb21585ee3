"""Recorded netplay, with the rollbacks as they happened, against the same game as it stood in the end."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from exphil.live import EventStream, LiveFrame
from exphil.play.broadcast import frame_payloads
from exphil.play.runner import PolicyRunner
from tests.play.policies import engine

NUM_MESSAGES = 420


@pytest.fixture(scope="module")
def netplay(full_replays: list[Path]) -> list[LiveFrame]:
    """Frames as they came, of the game whose first seconds were rolled back most."""
    games = []
    for path in full_replays:
        if "fox-marth_dreamland" not in path.name and "falco-marth_fod" not in path.name:
            continue
        stream, frames = EventStream(), []
        for _, payload in islice(frame_payloads(path.read_bytes()), NUM_MESSAGES):
            frames += [message for message in stream.feed(payload) if isinstance(message, LiveFrame)]
        games.append(frames)
    if not games:
        pytest.skip("no game with rollbacks among the real replays")
    return max(games, key=lambda frames: sum(frame.is_rollback for frame in frames))


def test_a_game_of_netplay_ends_as_if_nothing_had_been_taken_back(netplay: list[LiveFrame]) -> None:
    one = engine("gru", delay=2)
    rolled, straight = PolicyRunner(one, seed=8), PolicyRunner(one, seed=8)
    answered = {frame.frame: rolled.step(frame) for frame in netplay}
    final = {frame.frame: frame for frame in netplay}
    assert len(netplay) - len(final) > 30
    assert {number: straight.step(final[number]) for number in sorted(final)} == answered
    ours, theirs = rolled.snapshot(), straight.snapshot()
    assert ours.frame == theirs.frame
    assert np.array_equal(ours.queue, theirs.queue)
    for mine, yours in zip(ours.state, theirs.state, strict=True):
        assert np.array_equal(mine, yours)
