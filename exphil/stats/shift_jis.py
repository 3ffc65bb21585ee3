"""Names as slippi-js decodes them: Windows' Shift JIS, where each pair of bytes without a letter becomes a geta mark.

Fields are cut at a number of bytes, so the last letter of a long name may be half there.
"""

from typing import Final

UNKNOWN: Final = "〓"

_LEADS: Final = frozenset((*range(0x80, 0xA0), *range(0xE0, 0x100)))
_SECOND_SPELLINGS: Final = frozenset(
    bytes((0x87, trail)) for trail in (0x90, 0x91, 0x92, 0x95, 0x96, 0x97, 0x9A, 0x9B, 0x9C)
) | {b"\xee\xf9"}
"""Mathematical signs that the code has twice; only the other spelling is known."""


def decode(data: bytes) -> str:
    """The text, zero bytes included."""
    letters = []
    place = 0
    while place < len(data):
        size = 2 if data[place] in _LEADS else 1
        letters.append(_letter(data[place : place + size]))
        place += size
    return "".join(letters)


def _letter(code: bytes) -> str:
    if code in _SECOND_SPELLINGS or (len(code) == 1 and code[0] in _LEADS):
        return UNKNOWN
    letter = code.decode("cp932", errors="replace")
    private = "\ue000" <= letter <= "\uf8ff"
    return UNKNOWN if len(letter) != 1 or letter == "\ufffd" or private else letter
