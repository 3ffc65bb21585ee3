"""What the statistics walk over: the frames of a two-player game that both players have, from the first on.

T frames. The walk ends for good at the first frame that is missing, or that one of the two lacks.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

FIRST_FRAME: Final = -123
PLAY_STARTS: Final = -39

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FLOATS: Final = {
    "age": "post_state_age",
    "percent": "post_percent",
    "x": "post_position_x",
    "y": "post_position_y",
    "facing": "post_direction",
    "stick_x": "pre_joystick_x",
    "stick_y": "pre_joystick_y",
    "c_x": "pre_cstick_x",
    "c_y": "pre_cstick_y",
    "trigger_l": "pre_triggers_physical_l",
    "trigger_r": "pre_triggers_physical_r",
    "hurtbox": "post_hurtbox_state",
}
INTEGERS: Final = {
    "state": "post_state",
    "stocks": "post_stocks",
    "attack": "post_last_attack_landed",
    "l_cancel": "post_l_cancel",
    "character": "post_character",
    "buttons": "pre_buttons_physical",
    "processed": "pre_buttons",
}
COLUMNS: Final = ("frame", "port", "follower", *FLOATS.values(), *INTEGERS.values())
"""Columns of `frames` that the statistics read."""


@dataclass(frozen=True, slots=True)
class Fighter:
    """One player's columns, (T,) each. `age` and `hurtbox` are NaN where the version has none, and compare as such.

    `buttons` are those held on the controller, `processed` what the game made of them: a CPU player has only these.
    """

    port: int
    age: Floats
    percent: Floats
    x: Floats
    y: Floats
    facing: Floats
    stick_x: Floats
    stick_y: Floats
    c_x: Floats
    c_y: Floats
    trigger_l: Floats
    trigger_r: Floats
    hurtbox: Floats
    state: NDArray[np.uint16]
    stocks: NDArray[np.int16]
    attack: NDArray[np.uint8]
    l_cancel: NDArray[np.uint8]
    character: NDArray[np.uint8]
    buttons: NDArray[np.uint16]
    processed: NDArray[np.uint32]

    @property
    def lost_stock(self) -> NDArray[np.bool_]:
        """(T,) frames with fewer stocks than the frame before."""
        lost = np.zeros(len(self.stocks), bool)
        lost[1:] = self.stocks[1:] < self.stocks[:-1]
        return lost


@dataclass(frozen=True, slots=True)
class Walk:
    """Both players over the frames FIRST_FRAME to FIRST_FRAME + T - 1, lower port first."""

    fighters: tuple[Fighter, Fighter]

    def __len__(self) -> int:
        return len(self.fighters[0].state)


def walk(frames: pa.Table, ports: tuple[int, int], until: int | None = None) -> Walk:
    """The walk over one game's rows of `frames`, followers left out.

    Args:
        frames: columns `COLUMNS`, in any order of rows.
        ports: of the two players, ascending.
        until: last frame id to walk to; all of them if not given.
    """
    frame = _numbers(frames, "frame", np.int64)
    leader = ~_numbers(frames, "follower", np.bool_)
    port = _numbers(frames, "port", np.int64)
    places = []
    for number in ports:
        rows = np.flatnonzero(leader & (port == number))
        if not (np.diff(frame[rows]) > 0).all():
            rows = rows[np.argsort(frame[rows], kind="stable")]
        rows = rows[np.searchsorted(frame[rows], FIRST_FRAME) :]
        places.append(rows[: _run(frame[rows])])
    length = min(len(rows) for rows in places)
    if until is not None:
        length = min(length, max(0, until - FIRST_FRAME + 1))
    first, second = (
        Fighter(number, **_columns(_taken(frames, rows[:length])))
        for number, rows in zip(ports, places, strict=True)
    )
    return Walk((first, second))


def _taken(frames: pa.Table, rows: Ints) -> pa.Table:
    """These rows; without a copy where they lie together, as a player's do in the store."""
    if not len(rows) or rows[-1] - rows[0] + 1 == len(rows):
        return frames.slice(int(rows[0]) if len(rows) else 0, len(rows))
    return frames.take(pa.array(rows))


def _columns(frames: pa.Table) -> dict[str, NDArray[Any]]:
    columns: dict[str, NDArray[Any]] = {
        name: _numbers(frames, source, np.float64) for name, source in FLOATS.items()
    }
    for name in ("percent", "y"):
        columns[name] = np.nan_to_num(columns[name], nan=0.0)
    return columns | {name: _numbers(frames, source, _DTYPES[name]) for name, source in INTEGERS.items()}


_DTYPES: Final[dict[str, Any]] = {
    "state": np.uint16,
    "stocks": np.int16,
    "attack": np.uint8,
    "l_cancel": np.uint8,
    "character": np.uint8,
    "buttons": np.uint16,
    "processed": np.uint32,
}


def _run(frame: Ints) -> int:
    """How many of ascending frame ids follow one another from the first frame of a game on."""
    return int(np.argmin(np.append(frame == FIRST_FRAME + np.arange(len(frame)), False)))


def _numbers(table: pa.Table, name: str, dtype: Any) -> NDArray[Any]:
    """A column as numpy; nulls become NaN in floats and 0 in integers."""
    column = table.column(name)
    column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if column.null_count and not np.issubdtype(dtype, np.floating):
        column = column.fill_null(False if dtype is np.bool_ else 0)
    return np.asarray(column.to_numpy(zero_copy_only=False)).astype(dtype, copy=False)
