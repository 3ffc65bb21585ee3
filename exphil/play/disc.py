"""What a disc image says of itself, so that Dolphin is not launched with something else."""

from pathlib import Path
from typing import Final

from exphil.errors import UsageError

MAGIC: Final = b"\xc2\x33\x9f\x3d"
MAGIC_AT: Final = 0x1C
"""Where every GameCube disc has it."""

NTSC: Final = b"GALE01"
VERSION_AT: Final = 7
VERSION_1_02: Final = 2

COMPRESSED: Final = (b"CISO", b"RVZ\x01", b"WIA\x01", b"\x01\xc0\x0b\xb1")
"""First bytes of the formats that Dolphin unpacks itself; what lies inside is not looked at."""


def check_disc(iso: Path) -> None:
    """Raise a UsageError for a file that is no GameCube disc, or a Melee that Slippi does not play."""
    try:
        with iso.open("rb") as file:
            head = file.read(MAGIC_AT + len(MAGIC))
    except OSError as error:
        raise UsageError(f"--iso {iso} cannot be read: {error.strerror or error}") from error
    if head.startswith(COMPRESSED):
        return
    if head[MAGIC_AT:] != MAGIC:
        raise UsageError(
            f"--iso {iso} is no GameCube disc image: name that of Melee (1.02, NTSC), unpacked from any archive"
        )
    if head.startswith(NTSC) and head[VERSION_AT] != VERSION_1_02:
        raise UsageError(f"--iso {iso} is Melee 1.0{head[VERSION_AT]}: Slippi plays 1.02")
