"""One replay as read: what the parser told, what was mended on the way, and the identity of its bytes."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Game:
    """A parsed replay. Everything the normaliser had to invent is already taken out again."""

    version: tuple[int, int, int]
    """Slippi format version the file itself states."""
    start: dict[str, Any]
    """Game start block, as peppi spells it."""
    end: dict[str, Any] | None
    """Game end block, or None where the recording has none."""
    metadata: dict[str, Any] | None
    """The metadata element, or None where the file has none or it cannot be read."""
    frames: pa.StructArray
    """peppi's native frames, a row each time a frame was written: rollbacks are still in."""
    num_players: int
    """Players in the game, those beyond port 4 included."""
    notes: tuple[str, ...]
    """What was mended, in words for people; empty for a healthy file."""
    content_id: str
    """128 bits of a hash of the decompressed bytes, as 32 hex digits."""
    cut_frame: int | None = None
    """Id of the frame that a cut left half written and that `frames` therefore lacks; None without one."""

    @property
    def latest_frame(self) -> int:
        """Id of the frame written last, whole or not; a recording cut in a rollback has later ones."""
        return int(self.frames.field("id")[-1].as_py()) if self.cut_frame is None else self.cut_frame
