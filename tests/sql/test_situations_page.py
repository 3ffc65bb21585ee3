"""docs/situations.md: its queries find something, and its words are those that are written."""

import re
from pathlib import Path

import pytest

from exphil.melee.attacks import MOVE_NAMES
from exphil.sql.database import Database
from exphil.sql.macros import SITUATION_WORDS
from exphil.stats.situations.sequence import KILL, tech_word
from exphil.stats.situations.techs import KINDS, Tech
from exphil.store.store import Store

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "situations.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
CHOICES = {"forward": "in", "backward": "away"}
TECH_WORDS = {
    tech_word(Tech(0, kind, CHOICES.get(choice, choice), None, None, None)) for kind, choice in KINDS.values()
}


@pytest.mark.parametrize("query", QUERIES)
def test_its_queries_find_something(real_store: Path, query: str) -> None:
    with Database(Store.open(real_store)) as database:
        assert database.query(query).read_all().num_rows > 1


def test_all_words_can_be_searched_for_and_are_on_the_page() -> None:
    words = {"grab", "ledge-grab", KILL, *TECH_WORDS}
    assert words == set(SITUATION_WORDS)
    assert [word for word in sorted(words) if f"`{word}`" not in PAGE] == []


def test_real_sequences_hold_no_other_word(real_store: Path) -> None:
    with Database(Store.open(real_store)) as database:
        found = database.query(
            "SELECT DISTINCT unnest(string_split(sequence, ' ')) AS word FROM conversions WHERE sequence <> ''"
        ).read_all()
    # Nana's hits go under Popo's last move, and under 0 before he has landed one.
    assert set(found["word"].to_pylist()) - {"move-0"} <= {*SITUATION_WORDS, *MOVE_NAMES.values()}
