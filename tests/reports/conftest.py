"""A way to ask tables that a test writes by hand."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from exphil.reports.asking import Ask
from exphil.sql.database import Database
from tests.reports.tables import Rows, asked, written

Asking = Callable[[Mapping[str, Rows]], Ask]


@pytest.fixture
def ask_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    """Tables to questions."""
    with ExitStack() as open_databases:

        def make(rows: Mapping[str, Rows]) -> Ask:
            folder: Path = tmp_path_factory.mktemp("tables")
            return asked(open_databases.enter_context(Database(written(folder, rows))))

        yield make
