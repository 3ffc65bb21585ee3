"""The layout of events: derived from the schema, held against the sizes, and against peppi in every version."""

import itertools

import pytest

from exphil.live.fields import FIELDS, fields_at, places_at
from exphil.replays import events
from tests.live.streams import Columns, assert_same_columns, feed_all, sent, tables_of
from tests.replays import slp


@pytest.mark.parametrize("code", sorted(FIELDS))
def test_fields_fill_the_event_of_every_version(code: int) -> None:
    for version, size in events.SIZES[code]:
        fields = fields_at(code, version, size)
        assert fields is not None
        end = fields[-1].offset + fields[-1].width if fields else 5
        assert end == 1 + size, f"0x{code:02x} of {version}"


@pytest.mark.parametrize("code", sorted(FIELDS))
def test_fields_follow_one_another(code: int) -> None:
    for before, after in itertools.pairwise(FIELDS[code]):
        assert after.offset == before.offset + before.width


def test_event_that_is_too_short_holds_no_field() -> None:
    assert fields_at(events.PRE, (3, 14, 0), 57) is None
    assert fields_at(events.ITEM, (2, 2, 0), 44) is None
    assert places_at(events.PRE, (3, 14, 0), 57) == {}
    assert places_at(events.FRAME_END, (3, 0, 0), 4) == {}


def test_shorter_event_than_the_version_s_holds_what_an_older_version_had() -> None:
    fields = fields_at(events.POST, (3, 16, 0), 83)
    assert fields is not None
    assert fields[-1].column == "post_animation_index"


@pytest.mark.parametrize("version", slp.EVERY_VERSION, ids=lambda version: ".".join(map(str, version)))
def test_every_column_is_peppi_s(version: slp.Version, monkeypatch: pytest.MonkeyPatch) -> None:
    players = {1: (14, 0), 3: (2, 0)}
    characters = [(1, False), (1, True), (3, False)]
    data = slp.recording(version, frames=7, players=players, characters=characters).to_bytes()
    recorded = Columns.replace(monkeypatch)
    feed_all(sent(data))
    (columns,) = recorded
    assert columns.ports == (2, 4)
    assert len(columns.shared) == 7
    assert_same_columns(columns, tables_of(data))
