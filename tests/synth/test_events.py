"""The layouts against what recorders of those versions announce in their own files."""

import pytest

from exphil.synth.events import (
    FRAME_FIELDS,
    FRAME_START,
    ITEM,
    POST,
    PRE,
    Version,
    event_dtype,
    payload_sizes,
    payloads_event,
)

# Payload tables of real recordings, without the gecko codes.
RECORDED: dict[Version, dict[int, int]] = {
    (0, 1, 0): {0x36: 320, 0x37: 58, 0x38: 33, 0x39: 1},
    (1, 0, 0): {0x36: 352, 0x37: 58, 0x38: 37, 0x39: 1},
    (1, 7, 1): {0x36: 417, 0x37: 63, 0x38: 37, 0x39: 1},
    (2, 0, 1): {0x36: 418, 0x37: 63, 0x38: 51, 0x39: 2},
    (3, 7, 0): {0x36: 420, 0x37: 63, 0x38: 72, 0x39: 2, 0x3A: 8, 0x3B: 42, 0x3C: 8},
    (3, 9, 0): {0x36: 584, 0x37: 63, 0x38: 76, 0x39: 2, 0x3A: 8, 0x3B: 42, 0x3C: 8},
    (3, 14, 0): {0x36: 760, 0x37: 63, 0x38: 80, 0x39: 6, 0x3A: 12, 0x3B: 42, 0x3C: 8},
    (3, 18, 0): {
        0x36: 760, 0x37: 66, 0x38: 84, 0x39: 6, 0x3A: 12, 0x3B: 44, 0x3C: 8, 0x3F: 9, 0x40: 5, 0x41: 8,
    },
}  # fmt: skip


@pytest.mark.parametrize("version", RECORDED)
def test_sizes_are_those_of_recorders(version: Version) -> None:
    assert dict(payload_sizes(version)) == RECORDED[version]


def test_the_first_event_lists_every_size() -> None:
    data = payloads_event((3, 18, 0))
    assert data[0] == 0x35
    assert data[1] == len(data) - 1
    table = {data[at]: int.from_bytes(data[at + 1 : at + 3], "big") for at in range(2, len(data), 3)}
    assert table == RECORDED[3, 18, 0]


def test_events_before_their_version_do_not_exist() -> None:
    assert event_dtype(FRAME_START, (2, 1, 0)) is None
    assert event_dtype(ITEM, (2, 2, 0)) is None
    assert event_dtype(PRE, (0, 1, 0)) is not None


@pytest.mark.parametrize("code", FRAME_FIELDS)
def test_fields_are_only_ever_appended(code: int) -> None:
    since = [field[2] for field in FRAME_FIELDS[code]]
    assert since == sorted(since)


def test_structs_are_packed() -> None:
    dtype = event_dtype(POST, (3, 18, 0))
    assert dtype is not None
    assert dtype.fields is not None
    assert dtype.fields["state"][1] == 8
    assert dtype.fields["instance_id"][1] == 0x53
