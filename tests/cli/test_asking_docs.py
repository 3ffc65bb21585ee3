"""docs/asking.md tells of every line that the prompt knows, and its queries run."""

import re
from pathlib import Path

import pytest

from exphil.cli.prompt.session import COMMANDS, Session
from exphil.sql.catalog import SOURCE_TABLE, SUFFIXES
from exphil.store.store import Store

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "asking.md").read_text(encoding="utf-8")
LINES = re.findall(r"^\| `(\.[^`]+)`", PAGE, re.MULTILINE)


@pytest.mark.parametrize("command", [command.partition(" ")[0] for command in COMMANDS])
def test_every_command_is_told(command: str) -> None:
    assert f"`{command}" in PAGE


@pytest.mark.parametrize("line", [*LINES, *re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)])
def test_what_is_told_is_understood(
    small_store: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    line: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    session = Session(Store.open(small_store))
    session.run(line if line.startswith(".") else f"{line};")
    session.close()
    assert "error" not in capsys.readouterr().err


def test_the_catalogs_names() -> None:
    assert len(LINES) > 5
    assert SOURCE_TABLE in PAGE
    for suffix in SUFFIXES:
        assert f"--write-catalog melee{suffix}" in PAGE
