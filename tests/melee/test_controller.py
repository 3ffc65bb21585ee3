"""Bins and buttons: every legal input, exactly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.melee.controller import (
    BUTTONS,
    HEAD_SIZES,
    HEADS,
    SHOULDER_BINS,
    SHOULDER_UNIT,
    STICK_BINS,
    STICK_UNIT,
    button_bits,
    shoulder_bins,
    shoulder_units,
    shoulder_values,
    stick_bins,
    stick_units,
    stick_values,
)

# What recordings hold: steps of 1/80 after the game's processing, 1/128 in the oldest, 1/127 for a CPU.
GRIDS = {steps: (np.arange(-steps, steps + 1) / steps).astype(np.float32) for steps in (80, 128, 127)}
LEGAL_STICKS = np.unique(np.concatenate(list(GRIDS.values())))
LEGAL_SHOULDERS = (np.arange(141) / 140).astype(np.float32)


def test_full_right_decodes_to_plus_one():
    """Floor-based bins once left full right at +0.875 while full left reached -1."""
    bins = stick_bins(stick_units(np.array([-1, 0, 1], np.float32)))
    np.testing.assert_array_equal(bins, [0, 8, 16])
    np.testing.assert_array_equal(stick_values(bins), np.array([-1, 0, 1], np.float32))


def test_shoulder_decodes_to_zero_and_one():
    bins = shoulder_bins(shoulder_units(np.array([0, 1], np.float32), np.zeros(2, np.float32)))
    np.testing.assert_array_equal(bins, [0, 4])
    np.testing.assert_array_equal(shoulder_values(bins), np.array([0, 1], np.float32))


@pytest.mark.parametrize(("steps", "loss"), [(80, 0), (128, 0), (127, 5e-5)])
def test_legal_stick_values_are_stored_exactly(steps, loss):
    units = stick_units(GRIDS[steps])
    np.testing.assert_allclose(units / STICK_UNIT, GRIDS[steps], rtol=1e-6, atol=loss)
    assert len(np.unique(units)) == 2 * steps + 1


@given(value=st.sampled_from(LEGAL_STICKS.tolist()))
def test_stick_round_trip_loses_at_most_half_a_bin(value):
    back = stick_values(stick_bins(stick_units(np.array([value], np.float32))))
    assert abs(back[0] - value) <= 1 / (STICK_BINS - 1) + 1e-6


@given(value=st.sampled_from(LEGAL_STICKS.tolist()))
def test_mirrored_sticks_fall_into_mirrored_bins(value):
    there, here = stick_bins(stick_units(np.array([-value, value], np.float32)))
    assert there == STICK_BINS - 1 - here


@given(value=st.sampled_from(LEGAL_SHOULDERS.tolist()))
def test_shoulder_round_trip_loses_at_most_half_a_bin(value):
    units = shoulder_units(np.array([value], np.float32), np.zeros(1, np.float32))
    assert abs(units[0] / SHOULDER_UNIT - value) < 1e-6
    assert abs(shoulder_values(shoulder_bins(units))[0] - value) <= 0.5 / (SHOULDER_BINS - 1) + 1e-6


def test_bin_centres_stay_in_their_bin():
    bins = np.arange(STICK_BINS)
    np.testing.assert_array_equal(stick_bins(stick_units(stick_values(bins))), bins)
    shoulders = np.arange(SHOULDER_BINS)
    values = shoulder_values(shoulders)
    np.testing.assert_array_equal(shoulder_bins(shoulder_units(values, values)), shoulders)


@given(left=st.floats(width=32), right=st.floats(width=32))
def test_shoulders_are_always_legal(left, right):
    units = shoulder_units(np.array([left], np.float32), np.array([right], np.float32))
    assert 0 <= units[0] <= SHOULDER_UNIT


@given(held=st.integers(0, 0xFFFF))
def test_button_bits_say_what_is_held(held):
    bits = int(button_bits(np.array([held], np.uint16))[0])
    for index, mask in enumerate(BUTTONS.values()):
        assert bool(bits >> index & 1) == bool(held & mask)


def test_left_and_right_clicks_are_heads_of_their_own():
    assert HEADS[:8] == tuple(f"button_{name}" for name in ("a", "b", "x", "y", "z", "l", "r", "d_up"))
    assert HEAD_SIZES == (2,) * 8 + (17,) * 4 + (5,)
    assert HEADS[8:] == ("main_x", "main_y", "c_x", "c_y", "shoulder")


@pytest.mark.parametrize("stick", ["joystick", "cstick"])
def test_real_sticks_are_whole_units(full_replays, stick):
    """The claim behind the storage: whatever recordings hold lies on one of the grids."""
    from exphil.replays.frames import frame_tables
    from exphil.replays.reader import read_game

    for path in (full_replays[0], full_replays[20], full_replays[-1]):
        frames = frame_tables(read_game(path.read_bytes())).frames
        for axis in ("x", "y"):
            values = frames[f"pre_{stick}_{axis}"].to_numpy()
            off = np.min([np.abs(values * steps - np.rint(values * steps)) for steps in GRIDS], axis=0)
            assert off.max() < 1e-4
