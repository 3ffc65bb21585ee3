"""How long the queries of docs/queries.md take over a million conversions.

    python benchmarks/queries.py                        # makes a random store in a temporary folder
    python benchmarks/queries.py --store STORE          # one that random_store.py made, or any other
    python benchmarks/queries.py --only "kill" --rounds 5

Each query runs `--rounds` times on two processors, after the store was opened once. The table tells the first time,
the median, the time that both processors worked together (a busy machine makes the others longer), and the rows of
the answer. Queries that read frames are named, and left out of a store that has none.
Exit code 1 when a median is beyond `--limit` seconds.
"""

import argparse
import os
import re
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from random_store import GAMES, make_store

from exphil.cli.output import table
from exphil.sql.database import Database
from exphil.store.store import Store

PAGE: Final = Path(__file__).resolve().parents[1] / "docs" / "queries.md"
PROCESSORS: Final = 2
SOMEBODY: Final = "ABCD#123"
"""Stands for a player on the page; here it is who plays most."""

BUSIEST: Final = "SELECT player FROM sides GROUP BY ALL ORDER BY count(*) DESC, player LIMIT 1"
OF_FRAMES: Final = ("frames", "items", "stage_frames")

_HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)
_QUERY: Final = re.compile(r"```sql\n(.*?)```", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Query:
    """A query of the page, by the heading that it stands under."""

    title: str
    text: str

    @property
    def reads_frames(self) -> bool:
        return any(re.search(rf"\b{name}\b", self.text) for name in OF_FRAMES)


def queries(page: str) -> list[Query]:
    """Every query of a page, in order."""
    headings = list(_HEADING.finditer(page))
    found = []
    for match in _QUERY.finditer(page):
        above = [heading[1] for heading in headings if heading.start() < match.start()]
        found.append(Query(above[-1] if above else "", match[1].strip()))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--store", type=Path)
    parser.add_argument("--games", type=int, default=GAMES, help="of the random store")
    parser.add_argument("--page", type=Path, default=PAGE)
    parser.add_argument("--only", default="", help="queries whose heading has this text")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=1.0, help="seconds")
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:PROCESSORS])
    with tempfile.TemporaryDirectory() as folder:
        if arguments.store is None:
            make_store(Path(folder), arguments.games)
        return time_queries(Store.open(arguments.store or folder), arguments)


def time_queries(store: Store, arguments: argparse.Namespace) -> int:
    """Print the table; 1 when a query is too slow or fails."""
    wanted = [
        query
        for query in queries(arguments.page.read_text(encoding="utf-8"))
        if arguments.only.lower() in query.title.lower()
    ]
    has_frames = bool(store.table_paths("frames"))
    rows: list[tuple[object, ...]] = []
    slow: list[str] = []
    begun = time.perf_counter()
    with Database(store) as database:
        opened = time.perf_counter() - begun
        count = database.query("SELECT count(*) AS n FROM conversions").read_all()["n"][0].as_py()
        player = database.query(BUSIEST).read_all()["player"][0].as_py()
        for query in wanted:
            if query.reads_frames and not has_frames:
                rows.append((query.title, "", "", "", "reads frames: left out"))
                continue
            seconds, busy = [], []
            for _ in range(arguments.rounds):
                begun, worked = time.perf_counter(), time.process_time()
                answer = database.query(query.text.replace(SOMEBODY, player)).read_all()
                seconds.append(time.perf_counter() - begun)
                busy.append(time.process_time() - worked)
            figures = (seconds[0], median(seconds), median(busy))
            rows.append((query.title, *(f"{figure:.3f}" for figure in figures), answer.num_rows))
            if median(seconds) > arguments.limit:
                slow.append(query.title)
    print(f"{count:,} conversions, {len(wanted)} queries; the store was opened in {opened:.2f} s")
    names = ("first s", "median s", "of both cores", "rows")
    table(("query", *names), rows, right=names)
    if slow:
        print(f"beyond {arguments.limit:g} s: {', '.join(slow)}")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
