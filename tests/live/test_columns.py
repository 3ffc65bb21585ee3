"""Columns of real games through the live path against those that peppi reads from the file, bit for bit."""

from pathlib import Path

import pytest

from exphil.errors import ReplayError
from tests.live.streams import Columns, assert_same_columns, feed_all, sent, tables_of, troubles

MAX_BYTES = 300_000
"""The short recordings, one or more of most versions from 1.0 to 3.19."""


def _files(replay_dir: Path) -> list[Path]:
    return [path for path in sorted(replay_dir.glob("test_*.slp")) if path.stat().st_size <= MAX_BYTES]


@pytest.mark.slow
def test_every_column_of_real_games_is_peppi_s(replay_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = Columns.replace(monkeypatch)
    for path in _files(replay_dir):
        data = path.read_bytes()
        try:
            tables = tables_of(data, path)
        except ReplayError:
            continue
        recorded.clear()
        messages = feed_all(sent(data))
        if not recorded:
            (trouble, *_) = troubles(messages)
            assert "only games of two" in trouble, path.name
            continue
        (columns,) = recorded
        assert columns.shared, path.name
        assert_same_columns(columns, tables)
