"""The six tournament stages: floor, ledges, platforms, blast zones, and the parts of them that move.

Units are the game's. The floor is flat at height 0 in the simulation, even where the real one slopes.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

NUM_PLATFORMS: Final = 3
# A platform that a stage lacks lies where nobody can stand.
_NOWHERE: Final = (0.0, -1.0, -1000.0)


@dataclass(frozen=True, slots=True)
class Arena:
    """One stage. `edge`: where the floor ends; `blast`: left, right, top, bottom; a platform: left, right, height."""

    edge: float
    blast: tuple[float, float, float, float]
    platforms: tuple[tuple[float, float, float], ...]
    spawn: tuple[float, float]


ARENAS: Final[dict[str, Arena]] = {
    "FOUNTAIN_OF_DREAMS": Arena(
        edge=63.35,
        blast=(-198.75, 198.75, 202.5, -146.25),
        platforms=((-49.5, -21.0, 20.0), (21.0, 49.5, 28.0), (-14.25, 14.25, 42.75)),
        spawn=(42.25, 10.0),
    ),
    "POKEMON_STADIUM": Arena(
        edge=87.75,
        blast=(-230.0, 230.0, 180.0, -111.0),
        platforms=((-55.0, -25.0, 25.0), (25.0, 55.0, 25.0)),
        spawn=(40.0, 10.0),
    ),
    "YOSHIS_STORY": Arena(
        edge=56.0,
        blast=(-175.7, 173.6, 168.0, -91.0),
        platforms=((-59.5, -28.0, 23.45), (28.0, 59.5, 23.45), (-15.75, 15.75, 42.0)),
        spawn=(42.0, 10.0),
    ),
    "DREAM_LAND": Arena(
        edge=77.27,
        blast=(-255.0, 255.0, 250.0, -123.0),
        platforms=((-61.4, -31.7, 30.14), (31.7, 63.1, 30.24), (-19.0, 19.0, 51.43)),
        spawn=(46.6, 10.0),
    ),
    "BATTLEFIELD": Arena(
        edge=68.4,
        blast=(-224.0, 224.0, 200.0, -108.8),
        platforms=((-57.6, -20.0, 27.2), (20.0, 57.6, 27.2), (-18.8, 18.8, 54.4)),
        spawn=(38.8, 10.0),
    ),
    "FINAL_DESTINATION": Arena(
        edge=85.57, blast=(-246.0, 246.0, 188.0, -140.0), platforms=(), spawn=(60.0, 10.0)
    ),
}

# Fountain of Dreams: heights between which the side platforms wander, and where they begin (left, right).
FOD_RANGE: Final = (15.0, 35.0)
FOD_START: Final = (20.0, 28.0)
# Pokemon Stadium: transformation types, and the events of one, with the frames that each takes.
STADIUM_TYPES: Final = (3, 4, 9, 6)
STADIUM_NORMAL: Final = 5
STADIUM_EVENTS: Final = ((2, 1), (3, 120), (4, 120), (5, 120), (6, 60), (0, 600))


def arena_columns(stages: tuple[str, ...]) -> dict[str, NDArray[np.float64]]:
    """Geometry of many games at once: `edge` (G, 1), `blast` (G, 4), `platforms` (G, 3, 3), `spawn` (G, 2)."""
    arenas = [ARENAS[stage] for stage in stages]
    padded = [[*arena.platforms, *[_NOWHERE] * (NUM_PLATFORMS - len(arena.platforms))] for arena in arenas]
    return {
        "edge": np.array([[arena.edge] for arena in arenas]),
        "blast": np.array([arena.blast for arena in arenas]),
        "platforms": np.array(padded),
        "spawn": np.array([arena.spawn for arena in arenas]),
    }


@dataclass(frozen=True, slots=True)
class StageTrack:
    """What a stage did, a row a frame.

    `fod_height` (T, 2) left and right platform, `fod_moved` (T, 2); `whispy` (T,) and `whispy_changed` (T,);
    `stadium` (T, 2) event and type, `stadium_changed` (T,).
    """

    fod_height: NDArray[np.float32]
    fod_moved: NDArray[np.bool_]
    whispy: NDArray[np.uint8]
    whispy_changed: NDArray[np.bool_]
    stadium: NDArray[np.uint16]
    stadium_changed: NDArray[np.bool_]


def draw_stage_track(stage: str, num_frames: int, is_frozen: bool, rng: np.random.Generator) -> StageTrack:
    """The moving parts of one game, drawn ahead of the players, whom only the Fountain's platforms concern."""
    heights = np.tile(np.array(FOD_START, dtype=np.float32), (num_frames, 1))
    moved = np.zeros((num_frames, 2), dtype=bool)
    whispy = np.zeros(num_frames, dtype=np.uint8)
    stadium = np.tile(np.array([0, STADIUM_NORMAL], dtype=np.uint16), (num_frames, 1))
    if stage == "FOUNTAIN_OF_DREAMS":
        for side in range(2):
            heights[:, side], moved[:, side] = _draw_platform(num_frames, FOD_START[side], rng)
    elif stage == "DREAM_LAND":
        at = int(rng.integers(150, 400))
        while at < num_frames:
            until = at + int(rng.integers(120, 300))
            whispy[at:until] = 1 + rng.integers(0, 2)
            at = until + int(rng.integers(200, 600))
    elif stage == "POKEMON_STADIUM" and not is_frozen:
        _draw_stadium(stadium, rng)
    return StageTrack(
        fod_height=heights,
        fod_moved=moved,
        whispy=whispy,
        whispy_changed=np.diff(whispy, prepend=np.uint8(0)) != 0,
        stadium=stadium,
        stadium_changed=np.any(np.diff(stadium.astype(np.int32), axis=0, prepend=stadium[:1]) != 0, axis=1),
    )


def _draw_platform(
    num_frames: int, start: float, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    speed = np.zeros(num_frames)
    at, height = int(rng.integers(150, 500)), start
    while at < num_frames:
        goal = float(rng.uniform(*FOD_RANGE))
        frames = max(1, int(abs(goal - height) / 0.15))
        speed[at : at + frames] = (goal - height) / frames
        at, height = at + frames + int(rng.integers(150, 500)), goal
    return (start + np.cumsum(speed)).astype(np.float32), speed != 0


def _draw_stadium(stadium: NDArray[np.uint16], rng: np.random.Generator) -> None:
    at, current = int(rng.integers(400, 900)), STADIUM_NORMAL
    while at < len(stadium):
        current = int(rng.choice(STADIUM_TYPES)) if current == STADIUM_NORMAL else STADIUM_NORMAL
        for event, frames in STADIUM_EVENTS:
            stadium[at : at + frames] = (event, current)
            at += frames
        stadium[at:] = (0, current)
