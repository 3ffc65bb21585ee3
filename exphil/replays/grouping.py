"""Puts walked events into frames: one group each time a frame was written, rollbacks included."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from exphil.replays import events
from exphil.replays.events import Header, Walk

NUM_PORTS = 4

_Mask = npt.NDArray[np.bool_]
_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Frames:
    """The events of whole frames, in file order. `frame` numbers the groups, `ids` are their frame ids."""

    codes: npt.NDArray[np.uint8]
    offsets: _Ints
    frame: _Ints
    ids: npt.NDArray[np.int32]
    players: frozenset[int]
    """Player indices with rows, those left out included."""
    ports_with_follower: frozenset[int]
    notes: tuple[str, ...]
    gapless: bool = True
    """Whether every character has a row in every frame."""
    cut: int | None = None
    """Id of the last frame, where it is not whole and was left out."""


def group(data: bytes, header: Header, walk: Walk, ports: frozenset[int], *, ended: bool) -> Frames:
    """Group events by frame and keep what makes whole rows: a pre and a post event of a named player.

    A group without such a row is dropped. So is the last one when a player's row in it is half written, unless the
    game's end follows it: then no cut broke it off.
    """
    source = np.frombuffer(data, np.uint8)
    mine, notes = _usable(header, walk)
    codes, offsets = walk.codes[mine], walk.offsets[mine]
    if codes.size == 0:
        return Frames(codes, offsets, offsets, np.empty(0, np.int32), frozenset(), frozenset(), tuple(notes))
    ids = _frame_ids(source, offsets)
    opens = _opens(codes, ids)
    frame = np.cumsum(opens) - 1

    rows = np.flatnonzero((codes == events.PRE) | (codes == events.POST))
    index = source[offsets[rows] + 5]
    follower = source[offsets[rows] + 6] != 0
    players = _present(index)
    named = np.isin(index, list(ports))
    if not named.all():
        strangers = ", ".join(str(player + 1) for player in sorted(players - ports))
        notes.append(f"rows of player {strangers}, not in the game start, left out")
    keep = np.ones(codes.size, np.bool_)
    keep[rows[~named]] = False
    rows, index, follower = rows[named], index[named], follower[named]

    character = (frame[rows] * NUM_PORTS + index) * 2 + follower
    whole, half = _pair(character, codes[rows] == events.POST)
    keep[rows[~whole]] = False
    has_row = np.zeros(int(frame[-1]) + 1, np.bool_)
    has_row[frame[rows[whole & ~follower]]] = True
    has_half = np.zeros(has_row.size, np.bool_)
    has_half[frame[rows[half]]] = True

    has_row[-1] &= ended or not has_half[-1]
    if not has_row[-1]:
        first = int(offsets[np.searchsorted(frame, has_row.size - 1)])
        notes.append(f"frame {int(ids[-1])} is not whole: cut at byte {first}")
    if not has_row[:-1].all():
        notes.append(f"{int((~has_row[:-1]).sum())} times a frame without a player's row, left out")
    if (has_half & has_row).any():
        notes.append(f"{int((has_half & has_row).sum())} times half a player's row in a frame, left out")
    keep &= has_row[frame]
    kept = keep[rows] & (codes[rows] == events.POST)
    characters = np.unique(character[kept] % (2 * NUM_PORTS)).size
    return Frames(
        codes=codes[keep],
        offsets=offsets[keep],
        frame=(np.cumsum(has_row) - 1)[frame[keep]],
        ids=ids[opens][has_row],
        players=players,
        ports_with_follower=_present(index[whole & follower]),
        notes=tuple(notes),
        gapless=int(kept.sum()) == characters * int(has_row.sum()),
        cut=None if has_row[-1] or not rows.size else _cut(ids, frame, rows),
    )


def _cut(ids: npt.NDArray[np.int32], frame: _Ints, rows: _Ints) -> int | None:
    """Id of the last group where it holds an event of a player; before one there is nothing of it."""
    last = int(rows[-1])
    return int(ids[last]) if frame[last] == frame[-1] else None


def _usable(header: Header, walk: Walk) -> tuple[_Mask, list[str]]:
    """Which events belong to frames and are long enough to be what their code says."""
    usable = np.zeros(256, np.bool_)
    notes = []
    for code in events.FRAME_EVENTS:
        size = header.sizes.get(code, 0)
        usable[code] = size >= events.SIZES[code][0][1]
        if not usable[code] and (walk.codes == code).any():
            notes.append(f"event 0x{code:02x} of {size} bytes, too short for its kind, left out")
    return usable[walk.codes], notes


def _frame_ids(source: npt.NDArray[np.uint8], offsets: _Ints) -> npt.NDArray[np.int32]:
    ids = np.zeros(offsets.size, np.uint32)
    for place in range(1, 5):
        ids = (ids << np.uint32(8)) | source[offsets + place]
    return ids.view(np.int32)


def _opens(codes: npt.NDArray[np.uint8], ids: npt.NDArray[np.int32]) -> _Mask:
    """Which events begin a group: a frame start, another frame id, or whatever follows a frame end."""
    opens = np.ones(codes.size, np.bool_)
    opens[1:] = (codes[1:] == events.FRAME_START) | (ids[1:] != ids[:-1]) | (codes[:-1] == events.FRAME_END)
    return opens


def _pair(character: _Ints, is_post: _Mask) -> tuple[_Mask, _Mask]:
    """Which events make whole rows, and which are half of one. Of an event written twice the last counts."""
    last = np.zeros(character.size, np.bool_)
    keys = character * 2 + is_post
    distinct, places = np.unique(keys[::-1], return_index=True)
    last[character.size - 1 - places] = True
    paired = np.zeros(distinct.size, np.bool_)
    if distinct.size > 1:
        twins = (distinct[1:] // 2) == (distinct[:-1] // 2)
        paired[1:] |= twins
        paired[:-1] |= twins
    complete = paired[np.searchsorted(distinct, keys)]
    return last & complete, ~complete


def _present(index: npt.NDArray[np.uint8]) -> frozenset[int]:
    return frozenset(np.flatnonzero(np.bincount(index, minlength=1)).tolist())
