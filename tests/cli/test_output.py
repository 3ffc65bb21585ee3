"""Tables, sizes and progress as they look in a pipe."""

import itertools

import pytest

from exphil.cli import output


def test_columns_align(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("name", "n"), [("a", 1), ("longer", 12345), (None, 0.25)], right=("n",))
    assert capsys.readouterr().out.splitlines() == [
        "name        n",
        "a           1",
        "longer  12345",
        "         0.25",
    ]


def test_a_cell_stays_on_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("reason",), [("first\nsecond",)])
    assert capsys.readouterr().out.splitlines() == ["reason", "first second"]


def test_markup_in_values_is_text(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A player may be called `[red]x[/red]`."""
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    output.table(("tag",), [("[red]x[/red]",)])
    assert "[red]x[/red]" in capsys.readouterr().out


@pytest.mark.parametrize(("width", "blocks"), [("20", 2), ("200", 0)])
def test_what_is_too_wide_for_the_terminal_is_told_row_by_row(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: str, blocks: int
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", width)
    output.records(("name", "reason"), [("a", "cut in the header"), ("b", None)])
    printed = capsys.readouterr().out
    assert printed.count("row ") == blocks
    assert "cut in the header" in printed


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1500, "1.5 kB"),
        (2_500_000, "2.5 MB"),
        (7e9, "7.0 GB"),
        (9e15, "9000.0 TB"),
    ],
)
def test_sizes(count: float, text: str) -> None:
    assert output.num_bytes(count) == text


def test_progress_in_a_pipe_is_a_line_every_few_seconds(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = itertools.count(0, 2)
    monkeypatch.setattr("time.monotonic", lambda: float(next(seconds)))
    with output.progress("reading", total=10) as advance:
        for _ in range(10):
            advance(1, "b1")
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    assert 2 <= len(lines) <= 5
    assert all(line.startswith("reading: ") and line.endswith("b1") for line in lines)
