"""What a person should know beside an answer: that the store has no statistics for it to come from."""

import re
from typing import TYPE_CHECKING

from exphil import schema
from exphil.cli.prompt.text import blanked
from exphil.sql.views import VIEWS

if TYPE_CHECKING:
    from exphil.store.store import Store


def missing_statistics(store: "Store", query: str) -> str | None:
    """A line where the query names what statistics make and the store lacks them, all or some; else None."""
    frames = {part.name for part in store.manifest.of("frames")}
    lacking = frames - {part.name for part in store.manifest.of("stats")}
    if not lacking:
        return None
    names = {table.name for table in (*schema.STATS_TABLES, *(view.table for view in VIEWS))}
    named = {word.lower() for word in re.findall(r"\w+", blanked(query))}
    if not names & named:
        return None
    which = (
        "the store has no statistics" if lacking == frames else "some games of the store have no statistics"
    )
    return f"{which}, so the answer lacks them: `exphil materialize stats` makes them"
