"""docs/quality.md: every limit is in its table, and its queries run."""

import re
from pathlib import Path

import pytest

from exphil.sql.database import Database
from exphil.stats.quality.page import quality_page
from exphil.stats.quality.rules import RULES
from exphil.store.store import Store

PAGE = quality_page("Made here.")
QUERIES = [
    query.strip()
    for block in re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    for query in block.split(";")
    if query.strip()
]


def test_every_rule_has_a_line_with_its_numbers() -> None:
    lines = [line for line in PAGE.splitlines() if line.startswith("| `")]
    assert len(lines) == len(RULES)
    for rule, whole_line in zip(RULES, lines, strict=True):
        flag, line = whole_line.removeprefix("| ").split(" | ", 1)
        assert flag == f"`{rule.flag}`"
        for limit in rule.limits:
            assert line.count(f"`{limit.measure}`") == 2
            if "yes or no" not in limit.unit:
                assert f" {limit.bad:g}" in line
                assert f" {limit.good:g}" in line


@pytest.mark.parametrize("query", QUERIES)
def test_its_queries_run_and_find_something(small_store: Path, query: str) -> None:
    with Database(Store.open(small_store)) as database:
        assert database.query(query).read_all().num_rows > 0
