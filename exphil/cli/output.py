"""How commands print: answers to stdout, remarks to stderr; rich on a terminal, plain lines in a pipe."""

import json
import shutil
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

PLAIN_PROGRESS_SECONDS: Final = 5.0


def say(text: str = "") -> None:
    """A line of the answer, to stdout."""
    print(text)


def note(text: str) -> None:
    """A remark beside the answer, to stderr."""
    sys.stdout.flush()
    print(text, file=sys.stderr, flush=True)


def json_document(value: Any) -> None:
    """One JSON document to stdout. NaN and infinities, which JSON lacks, must have been replaced by None."""
    json.dump(value, sys.stdout, indent=2, ensure_ascii=False, allow_nan=False, default=str)
    sys.stdout.write("\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Collection[str] = ()) -> None:
    """A table to stdout: ruled on a terminal, aligned plain columns in a pipe. `right` names columns to flush."""
    cells = [[_cell(value) for value in row] for row in rows]
    if sys.stdout.isatty():
        _rich_table(columns, cells, right)
        return
    header = [list(columns)] if any(columns) else []
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    for row in [*header, *cells]:
        say(
            "  ".join(
                _pad(cell, width, name in right)
                for cell, width, name in zip(row, widths, columns, strict=True)
            ).rstrip()
        )


def records(columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Collection[str] = ()) -> None:
    """A table, or where that is too wide for the terminal, each row as a block of lines `column  value`."""
    kept = [list(row) for row in rows]
    cells = [[_cell(value) for value in row] for row in kept]
    width = sum(max(map(len, column)) + 3 for column in zip(columns, *cells, strict=True))
    if not (sys.stdout.isatty() and width > shutil.get_terminal_size().columns):
        table(columns, kept, right=right)
        return
    name_width = max(map(len, columns))
    for number, row in enumerate(cells, 1):
        say(f"row {number}")
        for name, cell in zip(columns, row, strict=True):
            say(f"  {name.ljust(name_width)}  {cell}".rstrip())


def num_bytes(count: float) -> str:
    """A size for people: `1.5 MB` (decimal units)."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if abs(count) < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


@contextmanager
def progress(title: str, total: int | None = None) -> Iterator[Callable[..., None]]:
    """Show progress on stderr; yields `advance(steps=1, text="")`.

    A bar on a terminal; in a pipe a line every few seconds, and none for what is done sooner.
    """
    if sys.stderr.isatty():
        yield from _rich_progress(title, total)
        return
    done, started, shown = 0, time.monotonic(), time.monotonic()

    def advance(steps: int = 1, text: str = "") -> None:
        nonlocal done, shown
        done += steps
        now = time.monotonic()
        if now - shown >= PLAIN_PROGRESS_SECONDS:
            shown = now
            of_total = f" of {total}" if total is not None else ""
            note(f"{title}: {done}{of_total}, {now - started:.0f} s {text}".rstrip())

    yield advance


def _rich_progress(title: str, total: int | None) -> Iterator[Callable[..., None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[text]}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=total, text="")

        def advance(steps: int = 1, text: str = "") -> None:
            bar.update(task, advance=steps, text=text)

        yield advance


def _rich_table(columns: Sequence[str], cells: Sequence[Sequence[str]], right: Collection[str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(show_edge=False, pad_edge=False, show_header=any(columns))
    for name in columns:
        shown.add_column(Text(name), justify="right" if name in right else "left", overflow="fold")
    for row in cells:
        shown.add_row(*(Text(cell) for cell in row))
    Console().print(shown)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    return " ".join(str(value).splitlines()) if isinstance(value, str) else str(value)


def _pad(cell: str, width: int, to_right: bool) -> str:
    return cell.rjust(width) if to_right else cell.ljust(width)
