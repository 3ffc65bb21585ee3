"""A glance at a replay tells what reading it tells."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.errors import ReplayError
from exphil.melee.characters import external_name
from exphil.melee.stages import stage_name
from exphil.replays.header import HEAD_BYTES, TAIL_BYTES, Header, parse_header, read_header
from exphil.replays.reader import read_game
from exphil.replays.sources import find_sources
from exphil.synth import synth_replay


def _glance(data: bytes) -> Header | None:
    return parse_header(data[:HEAD_BYTES], data[-TAIL_BYTES:])


@pytest.mark.parametrize("version", [(0, 1, 0), (1, 7, 1), (2, 0, 1), (3, 6, 0), (3, 14, 0), (3, 18, 0)])
def test_what_was_asked_for_is_seen(version: tuple[int, int, int]) -> None:
    data = synth_replay(
        version=version, frames=200, stage="BATTLEFIELD", characters=("FOX", "SHEIK"), ports=(2, 4)
    )
    header = _glance(data)
    assert header is not None
    assert header.version == version
    assert stage_name(header.stage) == "BATTLEFIELD"
    assert [external_name(c) for c in header.characters] == ["FOX", "SHEIK"]


@given(st.binary(max_size=3000))
def test_anything_may_be_looked_at(data: bytes) -> None:
    _glance(data)
    _glance(b"{U\x03raw[$U#l" + data)


def test_the_start_of_the_game_is_read_with_its_zone() -> None:
    head = synth_replay(frames=200)[:HEAD_BYTES]
    text = b"2022-12-01T01:30:00+02:00"
    header = parse_header(head, b"U\x07startAtSU" + bytes([len(text)]) + text + b"}")
    assert header is not None
    assert header.started_at == datetime(2022, 11, 30, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize("tail", [b"", b"startAtSU", b"startAtSU\x19never", b"startAtSU\x02\xff\xff"])
def test_a_start_that_cannot_be_read_is_none(tail: bytes) -> None:
    header = parse_header(synth_replay(frames=200)[:HEAD_BYTES], tail)
    assert header is not None
    assert header.started_at is None


def test_glances_agree_with_reading(replay_dir: Path) -> None:
    """Over every real file that can be read."""
    seen = 0
    for source in find_sources([replay_dir]):
        header = read_header(source)
        path = Path(source.path)
        try:
            game = read_game(path.read_bytes(), path)
        except ReplayError:
            continue
        assert header is not None, path
        assert header.version == game.version
        assert header.stage == game.start["stage"]
        players = [player for player in game.start["players"] if player["port"] in ("P1", "P2", "P3", "P4")]
        assert list(header.characters) == [player["character"] for player in players], path
        started = (game.metadata or {}).get("startAt")
        assert header.started_at is not None or started is None, path
        seen += 1
    assert seen > 50
