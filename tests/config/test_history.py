"""Where typed queries are remembered."""

from pathlib import Path

import pytest

from exphil.config.history import HISTORY_VARIABLE, history_file


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {}, Path.home() / ".local/state/exphil/sql_history"),
        ("linux", {"XDG_STATE_HOME": "state"}, Path("state/exphil/sql_history")),
        ("darwin", {}, Path.home() / "Library/Application Support/exphil/sql_history"),
        ("win32", {"LOCALAPPDATA": "local"}, Path("local/exphil/sql_history")),
        ("win32", {}, Path.home() / "AppData/Local/exphil/sql_history"),
        ("linux", {HISTORY_VARIABLE: "mine", "XDG_STATE_HOME": "state"}, Path("mine")),
        ("linux", {HISTORY_VARIABLE: ""}, None),
    ],
)
def test_the_platforms_folder(platform: str, environment: dict[str, str], expected: Path | None) -> None:
    assert history_file(platform, environment) == expected
