"""What a stage does in a game, from its events (format 3.18 on): Fountain platforms, Whispy, Stadium.

An event says what changed on its frame; the columns hold that from there on, and are null before the first.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

FOD_RIGHT: Final = 0
FOD_LEFT: Final = 1
"""Platform numbers in a Fountain of Dreams event."""


def stage_event_columns(frames: pa.StructArray, order: npt.NDArray[np.int64] | None) -> dict[str, Any]:
    """Columns of `stage_frames` that come from stage events, for the frames at rows `order` (None: all).

    Events of rows that a rollback replaced do not count: the game sent them anew.
    """
    columns: dict[str, Any] = {}
    platforms = _events(frames, "fod_platform", order)
    if platforms is not None:
        rows, values = platforms
        which = np.asarray(values.field("platform"))
        for column, platform in (("fod_platform_left", FOD_LEFT), ("fod_platform_right", FOD_RIGHT)):
            chosen = np.flatnonzero(which == platform)
            columns[column] = _carried(rows, chosen, values.field("height"), len(frames), order)
    for event, fields in (
        ("dreamland_whispy", {"whispy_direction": "direction"}),
        ("stadium_transformation", {"stadium_event": "event", "stadium_type": "type"}),
    ):
        found = _events(frames, event, order)
        if found is not None:
            rows, values = found
            for column, field in fields.items():
                every = np.arange(len(values))
                columns[column] = _carried(rows, every, values.field(field), len(frames), order)
    return columns


def _events(
    frames: pa.StructArray, name: str, order: npt.NDArray[np.int64] | None
) -> tuple[npt.NDArray[np.int64], pa.StructArray] | None:
    """(resolved row of each event, the events) of one kind; None where the replay has none."""
    if frames.type.get_field_index(name) < 0:
        return None
    lists = frames.field(name)
    if order is not None:
        lists = lists.take(pa.array(order))
    values = lists.flatten()
    if len(values) == 0:
        return None
    return np.repeat(np.arange(len(lists)), np.diff(np.asarray(lists.offsets))), values


def _carried(
    rows: npt.NDArray[np.int64],
    chosen: npt.NDArray[np.int64],
    values: pa.Array,
    num_written: int,
    order: npt.NDArray[np.int64] | None,
) -> pa.Array:
    """`values` of the chosen events, each held until the next; of several on a frame the last counts."""
    newest = np.full(num_written if order is None else len(order), -1, dtype=np.int64)
    newest[rows[chosen]] = chosen
    newest = np.maximum.accumulate(newest)
    return values.take(pa.array(newest, mask=newest < 0))
