"""Where a stage's ledges, platforms and blast zones lie, in game units; and where Randall flies.

Ledge and platform edges agree with the positions of teetering players in real games; blast zones enclose
every living player of them. Only stages whose numbers are known are listed: features of another stage read 0.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class StageGeometry:
    """`ledge_x`, `ledge_y`: the floor's right end (mirrored on the left). Heights: None without platform."""

    ledge_x: float
    ledge_y: float
    blast_left: float
    blast_right: float
    blast_top: float
    blast_bottom: float
    left_height: float | None = None
    right_height: float | None = None
    side_inner: float = 0.0
    side_outer: float = 0.0
    top_height: float | None = None
    top_half_width: float = 0.0


GEOMETRY: Final[dict[int, StageGeometry]] = {
    # Fountain of Dreams: its side platforms rise and sink, see `fod_platform_*` of the stage frames.
    2: StageGeometry(
        ledge_x=63.35,
        ledge_y=0.62,
        blast_left=-198.75,
        blast_right=198.75,
        blast_top=202.5,
        blast_bottom=-146.25,
        side_inner=21.0,
        side_outer=49.5,
        top_height=42.75,
        top_half_width=14.25,
    ),
    # Pokemon Stadium, untransformed.
    3: StageGeometry(
        ledge_x=87.75,
        ledge_y=0.0,
        blast_left=-230.0,
        blast_right=230.0,
        blast_top=180.0,
        blast_bottom=-111.0,
        left_height=25.0,
        right_height=25.0,
        side_inner=25.0,
        side_outer=55.0,
    ),
    # Yoshi's Story
    8: StageGeometry(
        ledge_x=56.0,
        ledge_y=-3.5,
        blast_left=-175.7,
        blast_right=173.6,
        blast_top=168.0,
        blast_bottom=-91.0,
        left_height=23.45,
        right_height=23.45,
        side_inner=28.0,
        side_outer=59.5,
        top_height=42.0,
        top_half_width=15.75,
    ),
    # Dream Land
    28: StageGeometry(
        ledge_x=77.27,
        ledge_y=0.01,
        blast_left=-255.0,
        blast_right=255.0,
        blast_top=250.0,
        blast_bottom=-123.0,
        left_height=30.14,
        right_height=30.24,
        side_inner=31.7,
        side_outer=63.07,
        top_height=51.43,
        top_half_width=19.02,
    ),
    # Battlefield
    31: StageGeometry(
        ledge_x=68.4,
        ledge_y=0.0,
        blast_left=-224.0,
        blast_right=224.0,
        blast_top=200.0,
        blast_bottom=-108.8,
        left_height=27.2,
        right_height=27.2,
        side_inner=20.0,
        side_outer=57.6,
        top_height=54.4,
        top_half_width=18.8,
    ),
    # Final Destination
    32: StageGeometry(
        ledge_x=85.57,
        ledge_y=0.0,
        blast_left=-246.0,
        blast_right=246.0,
        blast_top=188.0,
        blast_bottom=-140.0,
    ),
}

YOSHIS_STORY: Final = 8
RANDALL_PERIOD: Final = 1200
RANDALL_HALF_WIDTH: Final = 5.95

# Corners of Randall's round trip: frame of the lap, centre x, height. Straight lines lie between them.
_RANDALL_KNOTS: Final = np.array(
    [
        (-123.0, -95.545, -33.25),
        (415.0, 95.359, -33.25),
        (420.0, 96.87, -32.49),
        (424.0, 97.30, -31.16),
        (468.0, 97.30, -15.55),
        (472.0, 96.87, -14.22),
        (477.0, 95.285, -13.65),
        (1015.0, -95.617, -13.65),
        (1020.0, -97.20, -14.32),
        (1023.0, -97.65, -15.28),
        (1068.0, -97.65, -31.25),
        (1072.0, -97.13, -32.54),
        (1077.0, -95.545, -33.25),
    ]
)


def _lap() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    since_knot = (np.arange(RANDALL_PERIOD) - 1077) % RANDALL_PERIOD + (1077 - RANDALL_PERIOD)
    at, x, y = _RANDALL_KNOTS.T
    return np.interp(since_knot, at, x).astype(np.float32), np.interp(since_knot, at, y).astype(np.float32)


_RANDALL_X, _RANDALL_Y = _lap()


def randall_path(frames: NDArray[np.int32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Centre x and height of Yoshi's Story's cloud by frame id: a lap of 1,200 frames, always the same."""
    place = frames % RANDALL_PERIOD
    return _RANDALL_X[place], _RANDALL_Y[place]
