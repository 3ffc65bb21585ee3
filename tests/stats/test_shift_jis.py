"""Names in Windows' Shift JIS, whole and cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.stats.game_start import settings
from exphil.stats.shift_jis import UNKNOWN, decode
from tests.replays import slp


@pytest.mark.parametrize("text", ["", "Fox", "ＡＢ＃１２", "日本語", "ｱｲｳ", "髙﨑", "①Ⅷ㈱", "\\~"])
def test_letters_come_back(text: str) -> None:
    assert decode(text.encode("cp932")) == text


@pytest.mark.parametrize(
    "data",
    [b"\x93", b"\x80", b"\xff", b"\x81\x00", b"\xfd\x41", b"\xf0\x40", b"\x87\x90", b"\xee\xf9", b"\xff\xff"],
)
def test_what_has_no_letter_becomes_a_geta_mark(data: bytes) -> None:
    assert decode(data) == UNKNOWN


def test_the_same_sign_spelt_the_common_way_is_known() -> None:
    assert decode(b"\x81\xe0\x81\xca") == "≒￢"


@given(st.binary(max_size=12))
def test_every_byte_is_accounted_for(data: bytes) -> None:
    """A letter a byte, or a letter a pair that begins with a lead byte."""
    text = decode(data)
    leads = sum(1 for _ in text) - len(data)
    assert -((len(data) + 1) // 2) <= leads <= 0
    assert not any("\ue000" <= letter <= "\uf8ff" or letter == "\ufffd" for letter in text)


def test_a_name_cut_within_a_letter_keeps_the_others() -> None:
    payload = slp.start_payload((3, 14, 0), {0: (2, 0), 1: (20, 0)})
    payload[0x1A4 : 0x1A4 + 31] = ("日" * 16).encode("cp932")[:31]
    payload[0x160:0x170] = bytes(16)
    found = settings(b"\x36" + bytes(payload), {})["players"][0]
    assert found["displayName"] == "日" * 15 + UNKNOWN
    assert found["nametag"] == ""
    assert found["connectCode"] == "ABCD#12"
