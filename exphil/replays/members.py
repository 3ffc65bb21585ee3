"""A file in an archive, and why some are not read."""

from dataclasses import dataclass
from typing import Final

from exphil.replays.limits import MAX_BYTES, is_bomb

ENCRYPTED: Final = "encrypted: unpack it with its password first"
LINK: Final = "a link, not a file"
DEVICE: Final = "a device, not a file"


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive: name with forward slashes, size as declared, and why it is not read, if so."""

    name: str
    num_bytes: int
    problem: str | None = None


def problem_of(name: str, num_bytes: int, stored: int | None) -> str | None:
    """Why a member is refused unread: where its name points, or what it says to unpack to."""
    if name.startswith("/") or name[1:2] == ":" or ".." in name.split("/"):
        return "its name points out of the archive"
    if num_bytes > MAX_BYTES:
        return f"{num_bytes} bytes: longer than any recording ({MAX_BYTES} at most)"
    if stored is not None and is_bomb(stored, num_bytes):
        return f"{stored} bytes unpack to {num_bytes}: refused as a bomb"
    return None
