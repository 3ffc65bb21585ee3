"""Generated pages are fresh, and tell of every command and column."""

from pathlib import Path

import pytest

from exphil import schema
from exphil.cli import docs
from exphil.cli.app import COMMANDS

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", docs.pages())
def test_a_page_is_fresh(name: str) -> None:
    """`make docs` writes it anew."""
    assert (REPOSITORY / name).read_text(encoding="utf-8") == docs.pages()[name]


def test_the_page_of_the_commands_has_every_command() -> None:
    text = docs.cli_page()
    for name in COMMANDS:
        assert f"\n## exphil {name}\n" in text


def test_the_page_of_the_store_has_every_column() -> None:
    text = docs.store_page()
    for table in schema.TABLES:
        section = text.split(f"\n## {table.name}\n")[1].split("\n## ")[0]
        for column in table.columns:
            assert f"\n| `{column.name}` | {column.type} |" in section


def test_writing_is_idempotent_and_check_only_compares(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert docs.main(["--check"]) == 1
    assert not any(tmp_path.iterdir())
    assert docs.main([]) == 0
    assert docs.main(["--check"]) == 0
    (tmp_path / "docs" / "cli.md").write_text("old")
    assert docs.main(["--check"]) == 1
