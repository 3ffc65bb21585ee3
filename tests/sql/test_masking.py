"""Queries shown to others: words of the game stay, names of players do not."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.sql.masking import masked, without_quotes


@pytest.mark.parametrize(
    "text",
    [
        "character = 'FOX' AND opponent_character = 'MARTH' AND stage = 'FINAL_DESTINATION'",
        "won AND replays.end_method = 'no-contest' AND opening <> 'counter-attack'",
        "version >= '3.14.0' AND started_at >= '2022-12-28' AND started_at < '2022-12-28T03:04:05Z'",
        "in_order(sequence, 'grab > up-throw|down-throw >> uair > kill') AND kill_direction = 'up'",
        "sequence LIKE '%missed-tech forward-smash%' OR sequence LIKE '%wall-tech-in-place%'",
        "flags LIKE '%handwarmer%' AND day > DATE '2024-01-31' - INTERVAL '3 months'",
        'SELECT "replay_id", port, start_frame - 60 AS "first_frame" FROM punishes',
        "strftime(started_at, '%Y-%m') = '2022-12' AND stage LIKE 'F%'",
    ],
)
def test_words_of_the_game_stay(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("connect_code = 'MANG#0'", "connect_code = '…'"),
        ("netplay_name IN ('Fox Main', 'FOX')", "netplay_name IN ('…', 'FOX')"),
        ("player LIKE 'Man%' AND character='FOX'", "player LIKE '…' AND character='FOX'"),
        ("name_tag = 'it''s me' AND port = 1", "name_tag = '…' AND port = 1"),
        ("player = $$Joe's$$ OR player = $a$Joe$a$", "player = '…' OR player = '…'"),
        ("player = E'Jo\\x65' OR player = e'kill'", "player = '…' OR player = e'kill'"),
        ("won -- only Joe's games\nAND port = 1", "won \nAND port = 1"),
        ("won /* Joe */ AND port = 1", "won  AND port = 1"),
        ('SELECT won AS "Joe\'s wins"', 'SELECT won AS "…"'),
        ("path LIKE '%/home/joe/%'", "path LIKE '…'"),
        ("name_tag = '1337'", "name_tag = '…'"),
        ("player = 'unfinished", "player = '…'"),
        ("player = 'ジョー'", "player = '…'"),
    ],
)
def test_names_and_remarks_do_not(text: str, shown: str) -> None:
    assert masked(text) == shown


QUOTED = st.text(st.characters(exclude_characters="'\x00")).map(lambda name: name + "#1")


@given(
    name=QUOTED,
    before=st.sampled_from(["", "'FOX' ", '"a" ', "$$x$$ "]),
    after=st.sampled_from(["", " -- x", "'MARTH'"]),
)
def test_no_connect_code_gets_through(name: str, before: str, after: str) -> None:
    shown = masked(f"{before} connect_code = '{name}' {after}")
    assert "#" not in shown
    assert shown.startswith(before)


@given(st.text(st.sampled_from("'\"$ax;- \n/*")))
def test_what_is_blanked_keeps_its_place(text: str) -> None:
    blank = without_quotes(text)
    assert len(blank) == len(text)
    assert all(was == now or now == " " for was, now in zip(text, blank, strict=True))
    assert not re.search("['\"]", blank)
