"""Files that are the disc of Melee, and files that are not."""

from pathlib import Path

import pytest

from exphil.errors import UsageError
from exphil.play.disc import check_disc


def disc(identity: bytes = b"GALE01", version: int = 2, magic: bytes = b"\xc2\x33\x9f\x3d") -> bytes:
    """The first bytes of a disc."""
    return identity + bytes([0, version]) + bytes(20) + magic + b"Super Smash Bros Melee"


@pytest.mark.parametrize(
    "content",
    [disc(), disc(b"GALJ01", 0), disc(b"GTME01", 1), b"CISO" + bytes(9), b"RVZ\x01", b"\x01\xc0\x0b\xb1x"],
)
def test_what_dolphin_can_be_given(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "melee.iso").write_bytes(content)
    check_disc(tmp_path / "melee.iso")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no GameCube disc image"),
        (b"hello\n", "no GameCube disc image"),
        (disc(magic=b"\xc2\x33\x9f\x3e"), "no GameCube disc image"),
        (disc()[:0x1F], "no GameCube disc image"),
        (b"PK\x03\x04" + bytes(64), "unpacked from any archive"),
        (disc(version=0), "is Melee 1.00: Slippi plays 1.02"),
        (disc(version=1), "is Melee 1.01: Slippi plays 1.02"),
    ],
)
def test_anything_else_is_told(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "melee.iso").write_bytes(content)
    with pytest.raises(UsageError, match=told) as refused:
        check_disc(tmp_path / "melee.iso")
    assert str(refused.value).startswith(f"--iso {tmp_path / 'melee.iso'} ")


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--iso .* cannot be read"):
        check_disc(tmp_path / "melee.iso")
