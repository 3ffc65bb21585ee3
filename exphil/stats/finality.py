"""How far the frames of a recording are final: statistics go no further.

A recording that ends is final to its last frame. One that stops short may still have rolled its last frames back.
"""

from typing import Final

from exphil.schema import Version

ONLINE: Final = 8
"""Major scene of games over Slippi; only there is the newest final frame told."""

LAST_WITHOUT_BOOKENDS: Final[Version] = (2, 2, 0)
"""Up to this format nothing marks a frame's end: a frame is final when the next one begins."""

MOST_ROLLBACK_FRAMES: Final = 7

FIRST_FRAME: Final = -123


def final_frame(
    version: Version,
    last_frame: int,
    *,
    ended: bool,
    scene_major: int | None,
    latest_finalized: int | None,
    latest_frame: int | None = None,
) -> int:
    """Last frame id that no rollback can change any more.

    Args:
        last_frame: highest id of the recording's whole frames.
        ended: whether the game's end was recorded.
        scene_major: major scene, if the version tells.
        latest_finalized: what the recording's last frame says is final, if the version tells.
        latest_frame: id of the frame written last, in part or whole, where it is not `last_frame`.
    """
    latest = last_frame if latest_frame is None else latest_frame
    if version <= LAST_WITHOUT_BOOKENDS:
        final = max(last_frame, latest) - 1
    elif scene_major == ONLINE and latest_finalized is not None and latest_finalized >= FIRST_FRAME:
        final = latest_finalized
    else:
        final = last_frame - MOST_ROLLBACK_FRAMES
    return max(final, latest) if ended else final
