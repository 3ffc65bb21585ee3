"""What Tab offers, given what was typed."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from exphil.cli.prompt.completion import KEYWORDS, SqlCompleter, Words, known_words
from exphil.cli.prompt.session import COMMANDS, FORMATS
from exphil.sql.database import Database
from exphil.sql.listing import LISTED
from exphil.sql.macros import MACROS
from exphil.store.store import Store

WORDS = Words(
    {
        "games": {"replay_id": "varchar", "stage": "varchar  Arena.", "started_at": "timestamp"},
        "players": {"replay_id": "varchar", "port": "utinyint", "stage_wins": "integer"},
    },
    {"games": "A row a game.", "players": "A row a player."},
    {"count": "", "in_order": "In this order.", "started": ""},
    ("AS", "FROM", "ORDER", "SELECT", "WHERE"),
    {"stage": ("BATTLEFIELD", "DREAM_LAND"), "player": ("ABCD#123", "O'Neil")},
)
NAMES = {name.partition(" ")[0]: doc for name, doc in COMMANDS.items()}


def offered(typed: str, words: Words = WORDS) -> list[str]:
    """What Tab offers at the mark `|` (by default at the end)."""
    before, _, after = typed.partition("|")
    document = Document(before + after, len(before))
    completer = SqlCompleter(lambda: words, NAMES, FORMATS)
    found = list(completer.get_completions(document, CompleteEvent(completion_requested=True)))
    return [one.text for one in found]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("FROM ", ["games", "players"]),
        ("SELECT * FROM ga", ["games"]),
        ("SELECT * FROM games JOIN p", ["players"]),
        ("SELECT * FROM games, p", ["players"]),
        ("describe p", ["players"]),
        ("WITH own AS (SELECT 1) FROM o", ["own"]),
        ("SELECT sta| FROM games", ["stage", "started_at", "started("]),
        ("SELECT | FROM games", ["replay_id", "stage", "started_at"]),
        ("SELECT g.| FROM games AS g, players p", ["replay_id", "stage", "started_at"]),
        ("SELECT p.po| FROM games AS g, players p", ["port"]),
        ("SELECT players.st| FROM players", ["stage_wins"]),
        ("SELECT x.st| FROM players", []),
        ("SELECT por", ["port"]),
        ("SELECT ", []),
        ("SELECT at| FROM games", ["started_at"]),
        ("FROM games WHERE in_o", ["in_order("]),
        ("FROM games wher", ["where"]),
        ("FROM games WHER", ["WHERE"]),
        ("FROM games; FROM pl", ["players"]),
        ("FROM players; SELECT sta| FROM games", ["stage", "started_at", "started("]),
        ("FROM games WHERE replay_id = 'st", []),
        ("FROM games WHERE stage = 'st", []),
        ("FROM games WHERE stage = 'd", ["DREAM_LAND"]),
        ("FROM games WHERE g.previous_stage<>'", ["BATTLEFIELD", "DREAM_LAND"]),
        ("FROM games WHERE backstage = '", []),
        ("FROM games WHERE stage IN ('DREAM_LAND', 'bat", ["BATTLEFIELD"]),
        ("FROM games WHERE player ILIKE 'a", ["ABCD#123"]),
        ("FROM games WHERE player = 'o", ["O''Neil"]),
        ("FROM games WHERE in_order(sequence, 'mis", ["missed-tech", "misc"]),
        ("FROM games WHERE in_order(sequence, 'grab > up-t", ["up-tilt", "up-throw"]),
        ("FROM games WHERE in_order(sequence, 'grab>>pum", ["pummel"]),
        ("FROM games -- st", []),
        ("FROM games WHERE stage = 'FROM ' AND started_", ["started_at"]),
        (".t", [".tables"]),
        (".schema ", ["games", "players"]),
        (".schema in", ["in_order"]),
        (".format c", ["csv"]),
        (".limit ", []),
    ],
)
def test_what_fits_the_place(typed: str, expected: Sequence[str]) -> None:
    assert offered(typed) == expected


def test_files_for_output(tmp_path: Path) -> None:
    (tmp_path / "fox.csv").touch()
    assert offered(f".output {tmp_path}/fo") == ["x.csv"]


def test_every_name_of_a_store_is_known(small_store: Path) -> None:
    with Database(Store.open(small_store)) as database:
        words = known_words(database)
    assert {table.name: tuple(words.tables[table.name]) for table in LISTED} == {
        table.name: table.names for table in LISTED
    }
    assert {table.name: words.docs[table.name] for table in LISTED} == {
        table.name: table.doc for table in LISTED
    }
    assert {macro.name: words.functions[macro.name] for macro in MACROS} == {
        macro.name: macro.doc for macro in MACROS
    }
    assert {"count", "sum", "regexp_matches"} <= set(words.functions)
    assert set(KEYWORDS) <= set(words.keywords)
    assert offered("SELECT * FROM sides WHERE character = 'FALCON", words) == ["CAPTAIN_FALCON"]
    assert next(iter(words.tables)) == "games"
    assert "replay_id" in offered("SELECT rep| FROM players", words)


TOKENS = st.sampled_from(
    ["SELECT ", "FROM ", "games ", "g.", "players", " AS p", ", ", "'", '"', "$$", "--", "/*", "\n", ";", "(",
     "in_order(", "stage = ", ".schema ", ".output ", "WITH x AS (", "sta"]
)  # fmt: skip


@given(st.lists(TOKENS, max_size=8).map("".join), st.data())
def test_whatever_is_typed_what_is_offered_fits_what_is_there(text: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(text)))
    completer = SqlCompleter(lambda: WORDS, NAMES, FORMATS)
    document = Document(text, place)
    for one in completer.get_completions(document, CompleteEvent(completion_requested=True)):
        typed = document.text_before_cursor[len(document.text_before_cursor) + one.start_position :]
        assert typed.lower() in one.display_text.lower() or text.lstrip().startswith(".output")
