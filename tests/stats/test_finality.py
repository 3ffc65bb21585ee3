"""How far a recording is final, by version and by how it stops."""

import pytest

from exphil.schema import Version
from exphil.stats.finality import final_frame

ONLINE, OFFLINE = 8, 2


def final(version: Version, *, last: int = 1000, latest: int | None = None, ended: bool = False,
          scene: int | None = None, finalized: int | None = None) -> int:  # fmt: skip
    return final_frame(
        version, last, ended=ended, scene_major=scene, latest_finalized=finalized, latest_frame=latest
    )


@pytest.mark.parametrize("version", [(0, 1, 0), (2, 2, 0), (3, 6, 1), (3, 14, 0)])
def test_a_recording_that_ends_is_final_to_its_last_frame(version: Version) -> None:
    assert final(version, ended=True, scene=ONLINE, finalized=990) == 1000


def test_without_bookends_a_frame_is_final_when_the_next_begins() -> None:
    assert final((2, 2, 0)) == 999
    assert final((2, 2, 0), latest=1001) == 1000  # a frame that a cut left half written has begun


def test_offline_seven_frames_may_still_change() -> None:
    assert final((3, 0, 0)) == 993
    assert final((3, 14, 0), scene=OFFLINE, finalized=999) == 993
    assert final((3, 14, 0), scene=OFFLINE, latest=1001) == 993


def test_online_the_recording_tells() -> None:
    assert final((3, 14, 0), scene=ONLINE, finalized=998) == 998
    assert final((3, 14, 0), scene=ONLINE, finalized=-124) == 993
    assert final((3, 6, 0), scene=None, finalized=None) == 993


def test_an_end_in_the_midst_of_a_rollback_is_final_to_where_it_was_written_again() -> None:
    assert final((3, 14, 0), ended=True, scene=ONLINE, finalized=990, latest=996) == 996
    assert final((3, 14, 0), ended=True, scene=ONLINE, finalized=998, latest=996) == 998
