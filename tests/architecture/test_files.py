"""Every source file: small, named for one idea, and free of what must not be in it."""

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
MOST_LINES = 500

SOURCES = sorted(
    file
    for folder in ("exphil", "pipelines", "tests", "benchmarks")
    for file in (REPOSITORY / folder).rglob("*.py")
)
SHIPPED = [file for file in SOURCES if file.relative_to(REPOSITORY).parts[0] in ("exphil", "pipelines")]

NAMELESS = {"utils", "util", "common", "helpers", "helper", "misc"}

UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|raise NotImplementedError)\b")
ABSOLUTE = re.compile(r"""["'](/home/|/root/|/Users/|/mnt/|[A-Z]:\\\\)""")


def ids(file: Path) -> str:
    return file.relative_to(REPOSITORY).as_posix()


@pytest.mark.parametrize("file", SOURCES, ids=ids)
def test_a_file_is_one_idea(file: Path) -> None:
    assert file.stem not in NAMELESS
    assert len(file.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


@pytest.mark.parametrize("file", SHIPPED, ids=ids)
def test_nothing_is_left_undone_or_bound_to_a_machine(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert not UNFINISHED.search(text)
    assert not ABSOLUTE.search(text)


@pytest.mark.parametrize("file", SHIPPED, ids=ids)
def test_a_file_says_what_it_is(file: Path) -> None:
    text = file.read_text(encoding="utf-8").strip()
    assert not text or text.startswith('"""')
