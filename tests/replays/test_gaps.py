"""Rows that are missing in the midst of a game, as a dead Nana's are: what follows keeps its frames."""

import struct
from pathlib import Path

import numpy as np
import pytest

from exphil.replays import events
from exphil.replays.frames import frame_tables
from exphil.replays.reader import read_game
from tests.replays import slp

Rows = dict[tuple[int, bool, int], float]
"""x by (port, follower, frame)."""


def written(data: bytes) -> Rows:
    """Read off the post-frame events one by one."""
    walk = events.walk(data, events.read_header(data))
    found: Rows = {}
    for offset in walk.offsets[walk.codes == events.POST].tolist():
        frame, index, follower = struct.unpack_from(">iB?", data, offset + 1)
        (found[index + 1, follower, frame],) = struct.unpack_from(">f", data, offset + 0xA)
    return found


def read(data: bytes) -> Rows:
    frames = frame_tables(read_game(data)).frames
    keys = zip(*(frames.column(name).to_pylist() for name in ("port", "follower", "frame")), strict=True)
    return dict(zip(keys, frames.column("post_position_x").to_pylist(), strict=True))


@pytest.mark.parametrize("version", slp.EVERY_VERSION)
@pytest.mark.parametrize("missing", [(1, False), (0, True)])
def test_rows_after_a_gap_stay_where_they_were_written(
    version: slp.Version, missing: tuple[int, bool]
) -> None:
    recording = slp.recording(version, frames=0, players={0: (14, 0), 1: (2, 0)}, end=False)
    everyone = [(0, False), (0, True), (1, False)]
    for number in range(12):
        here = [character for character in everyone if character != missing or not 4 <= number < 7]
        recording.events += slp.frame_events(version, -123 + number, here)
    recording.events.append(slp.game_end(version))
    data = recording.to_bytes()
    assert len(written(data)) == 3 * 12 - 3
    assert read(data) == written(data)


def test_nana_dies_and_comes_back_in_a_real_game_without_frame_starts(replay_dir: Path) -> None:
    (path,) = replay_dir.glob("full_v0.1.0_zelda-ics*.slp")
    data = path.read_bytes()
    followers = sorted(frame for _, follower, frame in written(data) if follower)
    assert (np.diff(followers) > 1).any()
    assert read(data) == written(data)


@pytest.mark.parametrize("version", slp.EVERY_VERSION)
@pytest.mark.parametrize(("left", "cut"), [(0, None), (1, -117), (2, -117), (4, None)])
def test_a_frame_cut_in_half_is_told_by_its_number(version: slp.Version, left: int, cut: int | None) -> None:
    """Whole frames -123 to -118, then `left` events of -117: what starts it, one row half, both, or all rows."""
    recording = slp.recording(version, frames=6, end=False)
    rows = [event for event in slp.frame_events(version, -117) if event[0] in (events.PRE, events.POST)]
    recording.events += rows[:left]
    assert read_game(recording.to_bytes()).cut_frame == cut
