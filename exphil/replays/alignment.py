"""Whether every row of peppi's answer stands in the frame that the file wrote it for.

peppi appends pre and post events to their columns without a look at their frame ids. Where single events are
missing or written twice, the rows after them stand in wrong frames; and where the numbers of events come out even
again, nothing in the answer shows it. So the answer is laid over the bytes. It tells how long each frame must be,
and with that where each begins; in the order that the game writes, pre events follow the frame's start and post
events stand before its end. What lies between takes exactly the room of the items and stage events that peppi
counted, so no further event of a player can hide there.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from exphil.replays import events
from exphil.replays.events import Header

_LISTS: Final = {
    "item": events.ITEM,
    "fod_platform": events.FOD,
    "dreamland_whispy": events.WHISPY,
    "stadium_transformation": events.STADIUM,
}
_HEAD_BYTES: Final = 8
"""Of an event: code, frame id, a player's index and follower flag, and one byte more that makes it a number."""

Ints = npt.NDArray[np.int64]
Heads = npt.NDArray[np.uint64]


def in_place(data: bytes, header: Header, frames: pa.StructArray) -> bool:
    """Whether the events of each frame are those that the parsed `frames` tell, in the order of the game.

    False is no verdict on the file: walking its events finds the rows of every order.
    """
    steps = [header.sizes[code] + 1 if code in header.sizes else 0 for code in range(256)]
    characters = list(_characters(frames.field("ports")))
    num_rows = sum((present for _, present in characters), np.zeros(len(frames), np.int64))
    bounds = _begin(data, header, steps) + np.concatenate([[0], np.cumsum(_lengths(frames, num_rows, steps))])
    limit = header.begin + header.raw_length
    stop = int(bounds[-1])
    if stop > limit or (stop < limit and data[stop] != events.GAME_END):
        return False
    heads = np.ndarray((len(data) - _HEAD_BYTES + 1,), ">u8", data, strides=(1,))
    ids = np.asarray(frames.field("id")).astype(np.uint32).astype(np.uint64)
    begins, stops = bounds[:-1], bounds[1:]
    if _has(frames, "start"):
        if not _told(heads, begins, events.FRAME_START, ids):
            return False
        begins = begins + steps[events.FRAME_START]
    if _has(frames, "end"):
        stops = stops - steps[events.FRAME_END]
        if not _told(heads, stops, events.FRAME_END, ids):
            return False
    for code, at in ((events.PRE, begins), (events.POST, stops - num_rows * steps[events.POST])):
        for character, present in characters:
            if not present.all():
                here = present.astype(np.bool_)
                if not _told(heads, at[here], code, ids[here], character):
                    return False
            elif not _told(heads, at, code, ids, character):
                return False
            at = at + present * steps[code]
    return True


def _characters(ports: pa.StructArray) -> Iterator[tuple[int, Ints]]:
    """Each character as an event's head names it, and whether it is there, by frame; in the game's order."""
    for port in sorted(field.name for field in ports.type):
        for follower, role in enumerate(("leader", "follower")):
            if ports.type.field(port).type.get_field_index(role) < 0:
                continue
            rows = ports.field(port).field(role)
            present = np.asarray(rows.is_valid()) if rows.null_count else np.ones(len(rows))
            yield (int(port[1:]) - 1) << 8 | follower, present.astype(np.int64)


def _begin(data: bytes, header: Header, steps: list[int]) -> int:
    """Where the first frame begins: after the game start and the codes that changed the game."""
    begin = header.start + steps[events.GAME_START]
    while begin < len(data) and data[begin] in (events.SPLITTER, events.GECKO):
        begin += steps[data[begin]] or len(data)
    return begin


def _lengths(frames: pa.StructArray, num_rows: Ints, steps: list[int]) -> Ints:
    """Bytes that each frame must have."""
    lengths = num_rows * (steps[events.PRE] + steps[events.POST])
    for name, code in (("start", events.FRAME_START), ("end", events.FRAME_END)):
        if _has(frames, name):
            lengths += steps[code]
    for name, code in _LISTS.items():
        if _has(frames, name):
            lengths += np.diff(np.asarray(frames.field(name).offsets)) * steps[code]
    return lengths


def _told(heads: Heads, at: Ints, code: int, ids: Heads, character: int | None = None) -> bool:
    """Whether an event of this code, these frame ids and, for a player's event, this character lies at each place."""
    if at.size and at[-1] >= len(heads):
        return False
    shift = 24 if character is None else 8
    expected = (code << 32 | ids) if character is None else ((code << 48 | character) + (ids << 16))
    return bool(((heads[at] >> shift) == expected).all())


def _has(frames: pa.StructArray, name: str) -> bool:
    return bool(frames.type.get_field_index(name) >= 0)
