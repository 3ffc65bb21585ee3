"""Rewrites a recording that peppi refuses although its events are sound.

The events are walked, put into whole frames, and written anew as a stream that peppi reads: of a version it
accepts, each frame opened and closed, a game end it knows, no metadata. What the rewrite had to invent is
listed in `Rewrite`, and `exphil.replays.restore` takes it out of what peppi answers.
"""

import struct
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from exphil.errors import ReplayError
from exphil.replays import blocks, events
from exphil.replays.events import Header, Version
from exphil.replays.grouping import Frames, group

Offsets = npt.NDArray[np.int64]

FIRST_FRAME: Final = -123
OLDEST: Final[Version] = (0, 1, 0)
FRAME_START_SINCE: Final[Version] = (2, 2, 0)

_RANK: Final = np.full(256, 2, np.int64)
"""Order of events in a frame: before 2.2 it is the pre events that open one for peppi."""
_RANK[[events.FRAME_START, events.PRE, events.FRAME_END]] = 0, 1, 3


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A stream for peppi, and what in its answer is not the file's."""

    data: bytes
    header: Header
    fields: dict[int, Version | None]
    """By event code, the newest version whose fields the file holds; None without such events."""
    invented_starts: npt.NDArray[np.bool_]
    """Frames whose frame-start event was invented."""
    invented_ends: npt.NDArray[np.bool_]
    """Frames whose frame-end event was invented."""
    start: blocks.Start
    end: blocks.End | None
    num_players: int
    stop: int
    """First byte after the last whole event."""
    notes: tuple[str, ...]
    cut_frame: int | None
    """Id of the last frame, where it is not whole and was left out."""


def rewrite(data: bytes, header: Header) -> Rewrite:
    """Walk and rewrite a recording. ReplayError when no whole frame is in it."""
    walk = events.walk(data, header)
    notes: list[str] = []
    end = None
    places = np.flatnonzero(walk.codes == events.GAME_END)
    if places.size and header.sizes[events.GAME_END] > 0:
        end = _end(data, header, int(walk.offsets[places[0]]))
        if not (walk.codes[places[0] :] == events.GAME_END).all():
            notes.append("events after the game end left out")
        walk = replace(walk, codes=walk.codes[: places[0]], offsets=walk.offsets[: places[0]])
    if header.raw_length == 0:
        unwritten = "the length of its stream was never written"
        notes.append(unwritten if end is not None else f"recording in progress: {unwritten}")
    if walk.trouble is not None and not (header.raw_length == 0 and end is not None):
        notes.append(walk.trouble)
    start = blocks.read_start(data, header)
    frames = group(data, header, walk, start.ports, ended=end is not None)
    if frames.ids.size == 0:
        raise ReplayError(
            f"no whole frame: the recording stops at byte {walk.stop} of {len(data)}", walk.stop
        )
    notes += frames.notes
    target = _target(header.version, frames)
    start = start.with_followers(frames.ports_with_follower).fitted(target)
    notes += start.notes
    if end is not None:
        end = end.fitted(target)
        notes += end.notes
    else:
        notes.append("no game end")
    stream, sizes, starts, ends = _stream(data, header, frames, target)
    sizes[events.GAME_START] = len(start.payload)
    if end is not None:
        sizes[events.GAME_END] = len(end.payload)
    table = b"".join(struct.pack(">BH", code, size) for code, size in sizes.items())
    body = [
        bytes([events.PAYLOADS, len(table) + 1]),
        table,
        bytes([events.GAME_START]),
        start.payload,
        stream,
    ]
    if end is not None:
        body += [bytes([events.GAME_END]), end.payload]
    raw = b"".join(body)
    return Rewrite(
        data=events.SIGNATURE + struct.pack(">I", len(raw)) + raw + b"}",
        header=header,
        fields=_fields(header),
        invented_starts=starts,
        invented_ends=ends,
        start=start,
        end=end,
        num_players=len(frames.players | start.ports),
        stop=walk.stop,
        notes=tuple(notes),
        cut_frame=frames.cut,
    )


def _end(data: bytes, header: Header, offset: int) -> blocks.End:
    return blocks.End(data[offset + 1 : offset + 1 + header.sizes[events.GAME_END]])


def _target(version: Version, frames: Frames) -> Version:
    """The version that peppi is told.

    It needs a field in frame ends (3.7), and before 2.2 unbroken ids and every character's row in every frame.
    """
    if (3, 0, 0) <= version < (3, 7, 0):
        return (3, 7, 0)
    unbroken = frames.ids[0] == FIRST_FRAME and bool((np.diff(frames.ids) == 1).all())
    if version < FRAME_START_SINCE and not (unbroken and frames.gapless):
        return FRAME_START_SINCE
    return max(version, OLDEST)


def _fields(header: Header) -> dict[int, Version | None]:
    version = max(header.version, OLDEST)
    return {code: events.version_within(code, version, header.sizes.get(code, 0)) for code in events.SIZES}


def _stream(
    data: bytes, header: Header, frames: Frames, target: Version
) -> tuple[bytes, dict[int, int], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Write the frames' events: padded to the target's sizes, each frame with its start and end event.

    Returns the bytes, payload sizes by code, and which frames got an invented start and an invented end.
    """
    sizes = {}
    for code in (*events.FRAME_EVENTS, events.GAME_START, events.GAME_END):
        needed = events.size_at(code, target)
        if needed is not None:
            sizes[code] = max(needed, header.sizes.get(code, 0))
    kept = np.isin(frames.codes, list(sizes))
    codes, offsets, frame = frames.codes[kept], frames.offsets[kept], frames.frame[kept]
    count = frames.ids.size
    rank = _RANK[codes]
    invented = []
    for code in (events.FRAME_START, events.FRAME_END):
        missing = np.ones(count, np.bool_)
        missing[frame[codes == code]] = False
        invented.append(missing)
        if code in sizes:
            added = np.flatnonzero(missing)
            codes = np.concatenate([codes, np.full(added.size, code, np.uint8)])
            offsets = np.concatenate([offsets, np.full(added.size, -1, np.int64)])
            frame = np.concatenate([frame, added])
            rank = np.concatenate([rank, np.full(added.size, _RANK[code])])
    order = np.lexsort((np.where(offsets < 0, 0, offsets), rank, frame))
    codes, offsets, frame = codes[order], offsets[order], frame[order]
    return _scatter(data, header, sizes, codes, offsets, frames.ids[frame]), sizes, invented[0], invented[1]


def _scatter(
    data: bytes,
    header: Header,
    sizes: dict[int, int],
    codes: npt.NDArray[np.uint8],
    offsets: Offsets,
    ids: npt.NDArray[np.int32],
) -> bytes:
    """Copy each event to its place in the new stream; offset -1 is an event made of its frame id alone."""
    source = np.frombuffer(data, np.uint8)
    steps = np.zeros(256, np.int64)
    for code, size in sizes.items():
        steps[code] = size + 1
    places = np.cumsum(steps[codes])
    total = int(places[-1]) if places.size else 0
    places = places - steps[codes]
    out = np.zeros(total, np.uint8)
    for code in sizes:
        mine = (codes == code) & (offsets >= 0)
        if mine.any():
            width = min(sizes[code], header.sizes[code]) + 1
            sliding_window_view(out, width, writeable=True)[places[mine]] = sliding_window_view(
                source, width
            )[offsets[mine]]
    made = offsets < 0
    out[places[made]] = codes[made]
    out[places[made][:, None] + np.arange(1, 5)] = ids[made].astype(">i4").view(np.uint8).reshape(-1, 4)
    return out.tobytes()
