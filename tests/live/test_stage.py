"""What stage events leave holding, rollbacks included."""

import struct

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from exphil.features.one_frame import FrameBytes
from exphil.live.stage import Carried, StageEvents, stage_places
from exphil.replays import events
from tests.replays import slp

VERSION = (3, 18, 0)


@given(
    writings=st.lists(
        st.tuples(st.integers(0, 12), st.none() | st.binary(min_size=1, max_size=4)), max_size=40
    )
)
def test_value_is_that_of_the_newest_frame_up_to_now(writings: list[tuple[int, bytes | None]]) -> None:
    carried = Carried()
    brought: dict[int, bytes] = {}
    for frame, value in writings:
        carried.forget(frame)
        brought.pop(frame, None)
        if value is not None:
            carried.put(frame, value)
            brought[frame] = value
        for now in range(14):
            before = [at for at in brought if at <= now]
            assert carried.at(now) == (brought[max(before)] if before else None)


def test_long_game_is_not_remembered_whole() -> None:
    carried = Carried()
    for frame in range(5000):
        carried.put(frame, b"%d" % frame)
        assert carried.at(frame) == b"%d" % frame
        assert carried.at(frame - 200) == (b"%d" % (frame - 200) if frame >= 200 else None)


def _platform(frame: int, platform: int, height: float) -> bytes:
    return b"\x3f" + struct.pack(">iBf", frame, platform, height)


class Stage:
    """The stage's part of a frame's bytes, read back."""

    def __init__(self, version: slp.Version = VERSION, sizes: dict[int, int] | None = None) -> None:
        sizes = slp.sizes(version) if sizes is None else sizes
        self.held = FrameBytes({}, stage_places(version, sizes), {})
        self.events = StageEvents(self.held, version, sizes)

    def frame(self, frame: int, *sent: bytes) -> dict[str, float]:
        """The columns that the frame has after these events; all others are 0."""
        self.events.begin(frame)
        for event in sent:
            self.events.add(event[0], event, 0)
        self.events.close()
        values = {name: self._value(name) for name in self.held.shared_columns}
        told = {name: values[name] for name in self.events.columns}
        assert all(value == 0 for name, value in values.items() if name not in told)
        return told

    def _value(self, name: str) -> float:
        place = self.held.shared(name)
        assert place is not None
        return float(np.frombuffer(self.held.data[place.offset : place.stop], f">{place.format}")[0])


def test_platforms_keep_their_heights_until_they_move() -> None:
    stage = Stage()
    assert stage.frame(-123) == {}
    assert stage.frame(-122, _platform(-122, 1, 20.0)) == {"fod_platform_left": 20.0}
    both = {"fod_platform_left": 20.0, "fod_platform_right": 28.0}
    assert stage.frame(-121, _platform(-121, 0, 28.0)) == both
    assert stage.frame(-120) == both
    assert stage.frame(-119, _platform(-119, 2, 5.0)) == both, "there is no third platform"


def test_event_that_a_rollback_replaced_does_not_hold() -> None:
    stage = Stage()
    wind = b"\x40" + struct.pack(">iB", -122, 2)
    stage.frame(-123)
    assert stage.frame(-122, wind) == {"whispy_direction": 2}
    assert stage.frame(-121) == {"whispy_direction": 2}
    assert stage.frame(-122) == {}
    assert stage.frame(-121) == {}


def test_frame_start_and_bookend_hold_for_their_frame_alone() -> None:
    stage = Stage()
    start, end = slp.frame_start(VERSION, 5), slp.frame_end(VERSION, 5)
    assert stage.frame(5, start, end) == {
        "start_random_seed": 155, "start_scene_frame_counter": 205, "end_latest_finalized_frame": 5,
    }  # fmt: skip
    assert stage.events.finalized == 5
    assert stage.frame(6) == {}
    assert stage.events.finalized is None


def test_format_before_stage_events_has_none() -> None:
    stage = Stage((3, 17, 0), {events.FOD: 9})
    assert stage.frame(1, _platform(1, 1, 20.0)) == {}
