"""What stage events leave holding, rollbacks included."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from exphil.live.stage import Carried, StageColumns
from exphil.replays import events
from tests.replays import slp

VERSION = (3, 18, 0)


@given(writings=st.lists(st.tuples(st.integers(0, 12), st.none() | st.floats(-9, 9)), max_size=40))
def test_value_is_that_of_the_newest_frame_up_to_now(writings: list[tuple[int, float | None]]) -> None:
    carried = Carried()
    brought: dict[int, float] = {}
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
        carried.put(frame, float(frame))
        assert carried.at(frame) == frame
        assert carried.at(frame - 200) == (frame - 200 if frame >= 200 else None)


def _platform(frame: int, platform: int, height: float) -> bytes:
    return b"\x3f" + struct.pack(">iBf", frame, platform, height)


def _columns(stage: StageColumns, frame: int, *sent: bytes) -> dict[str, float]:
    stage.begin(frame)
    for event in sent:
        stage.add(event[0], event, 0)
    stage.gather()
    return {name: float(values[0]) for name, values in stage.columns.items()}


def test_platforms_keep_their_heights_until_they_move() -> None:
    stage = StageColumns(VERSION, slp.sizes(VERSION))
    assert _columns(stage, -123) == {}
    assert _columns(stage, -122, _platform(-122, 1, 20.0)) == {"fod_platform_left": 20.0}
    both = {"fod_platform_left": 20.0, "fod_platform_right": 28.0}
    assert _columns(stage, -121, _platform(-121, 0, 28.0)) == both
    assert _columns(stage, -120) == both
    assert _columns(stage, -119, _platform(-119, 2, 5.0)) == both, "there is no third platform"


def test_event_that_a_rollback_replaced_does_not_hold() -> None:
    stage = StageColumns(VERSION, slp.sizes(VERSION))
    wind = b"\x40" + struct.pack(">iB", -122, 2)
    _columns(stage, -123)
    assert _columns(stage, -122, wind) == {"whispy_direction": 2}
    assert _columns(stage, -121) == {"whispy_direction": 2}
    assert _columns(stage, -122) == {}
    assert _columns(stage, -121) == {}


def test_frame_start_and_bookend_hold_for_their_frame_alone() -> None:
    stage = StageColumns(VERSION, slp.sizes(VERSION))
    start, end = slp.frame_start(VERSION, 5), slp.frame_end(VERSION, 5)
    assert _columns(stage, 5, start, end) == {
        "start_random_seed": 155, "start_scene_frame_counter": 205, "end_latest_finalized_frame": 5,
    }  # fmt: skip
    assert stage.value("end_latest_finalized_frame") == 5
    assert _columns(stage, 6) == {}
    assert stage.value("end_latest_finalized_frame") is None


def test_format_before_stage_events_has_none() -> None:
    stage = StageColumns((3, 17, 0), {events.FOD: 9})
    assert _columns(stage, 1, _platform(1, 1, 20.0)) == {}
