"""Where queries end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.cli.prompt.text import blanked, is_inside, is_whole, queries

PIECES = st.sampled_from(
    [
        "SELECT 1",
        "a ';' b",
        "'it''s;'",
        '"x;""y"',
        "-- c;\n",
        "/* ; */",
        "$$ ; $$",
        "$t$;$$;$t$",
        "\n",
        " ",
        "x",
    ]
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1;", ["SELECT 1"]),
        (" SELECT 1 ;\n SELECT ';' ;; ", ["SELECT 1", "SELECT ';'"]),
        ("SELECT 'it''s;'; 2", ["SELECT 'it''s;'", "2"]),
        ('FROM "a;b"', ['FROM "a;b"']),
        ("SELECT 1 -- one;\n+ 1;", ["SELECT 1 -- one;\n+ 1"]),
        ("SELECT /* ; */ 1; -- done", ["SELECT /* ; */ 1"]),
        ("SELECT $$ ; $$, $a$ ; $$ ; $a$", ["SELECT $$ ; $$, $a$ ; $$ ; $a$"]),
        ("", []),
        (" ;; -- nothing", []),
    ],
)
def test_queries_end_at_semicolons_that_are_sql(text: str, found: list[str]) -> None:
    assert queries(text) == found


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("", True),
        ("  \n", True),
        (".tables", True),
        ("help", True),
        (" Quit", True),
        ("exit now", False),
        ("SELECT 1", False),
        ("SELECT 1;", True),
        ("SELECT 1; \n", True),
        ("SELECT 1; -- why", False),
        ("SELECT 1; -- why\n", True),
        ("SELECT ';", False),
        ("SELECT 'it''s;", False),
        ('FROM "a;', False),
        ("SELECT 1 /* ;", False),
        ("SELECT $$ ;", False),
        ("SELECT $a$ ; $$;", False),
        ("SELECT 1; SELECT 2", False),
    ],
)
def test_the_prompt_waits_for_the_end_of_a_query(text: str, whole: bool) -> None:
    assert is_whole(text) == whole


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("'a", True),
        ("'a'", False),
        ('"a', True),
        ("-- a", True),
        ("-- a\n", False),
        ("/* a", True),
        ("a", False),
    ],
)
def test_strings_and_comments_may_be_open(text: str, inside: bool) -> None:
    assert is_inside(text) == inside


@given(st.lists(st.lists(PIECES, min_size=1).map("".join), max_size=4))
def test_what_is_joined_by_semicolons_is_split_there(texts: list[str]) -> None:
    told = [text.strip() for text in texts if blanked(text).strip()]
    assert queries(";".join(texts)) == told


@given(st.text("ab';\"-/*$ \n", max_size=30))
def test_any_text_keeps_its_places(text: str) -> None:
    plain = blanked(text)
    assert len(plain) == len(text)
    assert all(a == b or b in " ?" for a, b in zip(text, plain, strict=True))
    assert [place for place, letter in enumerate(text) if letter == "\n"] == [
        place for place, letter in enumerate(plain) if letter == "\n"
    ]
