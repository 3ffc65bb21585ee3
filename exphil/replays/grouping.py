"""Puts walked events into frames: one group each time a frame was written, rollbacks included."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from exphil.replays import events
from exphil.replays.events import Header, Walk

NUM_PORTS = 4


@dataclass(frozen=True, slots=True)
class Frames:
    """The events of whole frames, in file order. `frame` numbers the groups, `ids` are the groups' frame ids."""

    codes: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]
    frame: npt.NDArray[np.int64]
    ids: npt.NDArray[np.int32]
    players: frozenset[int]
    """Player indices with rows, those left out included."""
    ports_with_follower: frozenset[int]
    notes: tuple[str, ...]


def group(data: bytes, header: Header, walk: Walk, ports: frozenset[int]) -> Frames:
    """Group events by frame and keep what makes whole rows: a pre and a post event of a named player.

    A group without such a row is dropped, and so is the last one when a player's row in it is half written.
    """
    source = np.frombuffer(data, np.uint8)
    usable = [code for code in events.FRAME_EVENTS if header.sizes.get(code, 0) >= events.SIZES[code][0][1]]
    mine = np.isin(walk.codes, usable)
    codes, offsets = walk.codes[mine], walk.offsets[mine]
    notes = []
    short = sorted(set(np.unique(walk.codes[np.isin(walk.codes, events.FRAME_EVENTS) & ~mine]).tolist()))
    for code in short:
        notes.append(f"event 0x{code:02x} of {header.sizes[code]} bytes, too short for its kind, left out")
    ids = (
        source[offsets[:, None] + np.arange(1, 5)]
        .reshape(-1, 4)
        .copy()
        .view(">i4")
        .reshape(-1)
        .astype(np.int32)
    )
    opens = np.ones(codes.size, np.bool_)
    opens[1:] = (codes[1:] == events.FRAME_START) | (ids[1:] != ids[:-1]) | (codes[:-1] == events.FRAME_END)
    frame = np.cumsum(opens) - 1

    rows = np.flatnonzero((codes == events.PRE) | (codes == events.POST))
    index = source[offsets[rows] + 5].astype(np.int64)
    follower = source[offsets[rows] + 6] != 0
    players = frozenset(np.unique(index).tolist())
    named = np.isin(index, list(ports))
    if not named.all():
        strangers = sorted(players - ports)
        beyond = ", ".join(str(player + 1) for player in strangers)
        notes.append(f"rows of player {beyond}, not in the game start, left out")
    keep = np.ones(codes.size, np.bool_)
    keep[rows[~named]] = False
    rows, index, follower = rows[named], index[named], follower[named]

    # A row is whole when its frame holds a pre and a post event of the character; of doubles the last counts.
    character = (frame[rows] * NUM_PORTS + index) * 2 + follower
    is_post = codes[rows] == events.POST
    last = _last_of(character * 2 + is_post)
    whole = last & np.isin(character, np.intersect1d(character[is_post], character[~is_post]))
    keep[rows[~whole]] = False
    half = np.unique(frame[rows[~np.isin(character, character[whole])]])

    count = int(frame[-1]) + 1 if frame.size else 0
    has_row = np.zeros(count, np.bool_)
    has_row[frame[rows[whole & ~follower]]] = True
    if count and half.size and half[-1] == count - 1:
        has_row[-1] = False
        half = half[:-1]
    if count and not has_row[-1]:
        first = int(offsets[np.searchsorted(frame, count - 1)])
        notes.append(f"frame {int(ids[-1])} is not whole: cut at byte {first}")
    dropped = int((~has_row[:-1]).sum())
    if dropped:
        notes.append(f"{dropped} frames without a player's row left out")
    if half[has_row[half]].size if half.size else False:
        notes.append(f"{half.size} frames lack half of a player's row: the row is left out")
    keep &= has_row[frame] if count else keep
    renumber = np.cumsum(has_row) - 1
    group_ids = ids[np.flatnonzero(opens)] if count else ids
    with_follower = frozenset(np.unique(index[whole & follower]).tolist())
    return Frames(
        codes[keep],
        offsets[keep],
        renumber[frame[keep]],
        group_ids[has_row] if count else ids,
        players,
        with_follower,
        tuple(notes),
    )


def _last_of(keys: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which elements are the last of their key."""
    last = np.zeros(keys.size, np.bool_)
    _, places = np.unique(keys[::-1], return_index=True)
    last[keys.size - 1 - places] = True
    return last
