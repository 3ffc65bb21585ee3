"""Recordings damaged at random: every one gives a whole game or a reason, and never anything else."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from exphil.errors import ReplayError
from exphil.replays.reader import read_game
from tests.replays import slp
from tests.replays.leaves import leaves

DAMAGE = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8)


@settings(max_examples=200, deadline=None)
@given(version=st.sampled_from(slp.EVERY_VERSION), damage=DAMAGE, cut=st.floats(0, 1))
def test_any_damage_gives_a_game_or_a_reason(version, damage, cut):
    data = bytearray(slp.recording(version, frames=4).to_bytes())
    for place, value in damage:
        data[int(place * len(data))] = value
    check(bytes(data))
    check(bytes(data[: int(cut * len(data))]))


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=400), sound=st.booleans())
def test_any_bytes(data, sound):
    check(slp.SIGNATURE + data if sound else data)


@settings(max_examples=100, deadline=None)
@given(version=st.sampled_from(slp.EVERY_VERSION), order=st.randoms(use_true_random=False))
def test_events_in_any_order(version, order):
    recording = slp.recording(version, frames=4)
    order.shuffle(recording.events)
    check(recording.to_bytes())


@settings(max_examples=100, deadline=None)
@given(
    version=st.sampled_from(slp.EVERY_VERSION),
    drop=st.sets(st.integers(0, 40)),
    twice=st.sets(st.integers(0, 40)),
)
def test_events_lost_or_doubled(version, drop, twice):
    recording = slp.recording(version, frames=4)
    recording.events = [
        event
        for number, event in enumerate(recording.events)
        if number not in drop
        for _ in range(2 if number in twice else 1)
    ]
    check(recording.to_bytes())


def check(data: bytes) -> None:
    """A game is whole: as many rows in every column as frame ids. Anything else is a reason in words."""
    try:
        game = read_game(data)
    except ReplayError as error:
        reason = error.reason
    else:
        reason = None
    if reason is not None:
        assert "\n" not in reason
        assert not reason.startswith("peppi"), (
            "the normaliser's streams are such that peppi has nothing to refuse"
        )
        return
    assert len(game.frames) > 0
    for name, column in leaves(game.frames).items():
        if "[]" not in name:
            assert len(column) == len(game.frames), name
    game.frames.validate(full=True)
    assert np.asarray(game.frames.field("id")).dtype == np.int32
