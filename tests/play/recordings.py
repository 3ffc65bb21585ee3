"""Small recordings, and rollbacks put into them."""

import struct
from pathlib import Path

from exphil.play.broadcast import frame_payloads
from exphil.replays import events
from exphil.synth.generate import synthesise


def synthesised(folder: Path, version: tuple[int, int, int] = (3, 18, 0), max_frames: int = 200) -> Path:
    """A game of a few seconds."""
    synthesise(folder, count=1, max_frames=max_frames, versions=(version,), workers=1)
    (path,) = folder.rglob("*.slp")
    return path


def recording_of(payloads: list[bytes]) -> bytes:
    """A file without metadata that holds just these events."""
    stream = b"".join(payloads)
    return events.SIGNATURE + struct.pack(">I", len(stream)) + stream + b"}"


def rolled_back(data: bytes, *rollbacks: tuple[int, int]) -> bytes:
    """The recording, where after frame `at` the `back` frames up to it came once more, for each (at, back)."""
    told = list(frame_payloads(data))
    by_frame = {frame: payload for frame, payload in told if frame is not None}
    again = dict(rollbacks)
    out = []
    for frame, payload in told:
        out.append(payload)
        if frame in again:
            back = again.pop(frame)
            out += [by_frame[earlier] for earlier in range(frame - back + 1, frame + 1)]
    return recording_of(out)
