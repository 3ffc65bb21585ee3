"""How much one recording or archive may unpack to: far above any real one, far below what fills a machine."""

from typing import Final

MAX_BYTES: Final = 256 * 2**20
"""Longest recording that is read, decompressed: nearly four hours of play."""

MAX_RATIO: Final = 500
"""Most bytes that one stored byte may unpack to. Recordings shrink 5 to 12 times, a bomb a thousand times."""

FREE_BYTES: Final = 16 * 2**20
"""Below this size the ratio does not matter."""

FREE_ARCHIVE_BYTES: Final = 2**30
"""The same for all of an archive."""


def is_bomb(stored: int, unpacked: int) -> bool:
    """Whether a member of this stored and declared size is refused unread."""
    return unpacked > max(FREE_BYTES, stored * MAX_RATIO)


def is_archive_bomb(stored: int, unpacked: int) -> bool:
    """Whether an archive that unpacks to so much is refused as a whole."""
    return unpacked > max(FREE_ARCHIVE_BYTES, stored * MAX_RATIO)
