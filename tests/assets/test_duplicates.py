"""Which recording of a game counts, whatever the order in which files come."""

import random
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.assets.duplicates import Winners, mark_duplicates


def _row(
    path: str, replay: str, game: str, *, complete: bool = True, match: str | None = None, status: str = "ok"
) -> dict[str, Any]:
    return {
        "path": path,
        "replay_id": replay,
        "game_id": game,
        "match_id": match,
        "match_game": 1,
        "match_tiebreaker": 0,
        "complete": complete,
        "status": status,
        "reason": None,
    }


def _nothing() -> Winners:
    return Winners.of(pl.DataFrame([_row("x", "x", "x")]).head(0))


def _statuses(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {row["path"]: row["status"] for row in rows}


def test_equal_bytes_and_equal_games_are_duplicates_that_name_the_winner() -> None:
    rows = mark_duplicates([_row("c", "r2", "g1"), _row("a", "r1", "g1"), _row("b", "r1", "g1")], _nothing())
    assert _statuses(rows) == {"a": "ok", "b": "duplicate", "c": "duplicate"}
    assert rows[1]["reason"] == "the same bytes as a"
    assert rows[2]["reason"] == "the same game as a"


def test_a_complete_recording_of_a_ranked_game_beats_a_cut_one() -> None:
    cut = _row("a", "r1", "g1", complete=False, match="mode.ranked-2022-1")
    whole = _row("b", "r2", "g2", match="mode.ranked-2022-1")
    rows = mark_duplicates([cut, whole], _nothing())
    assert _statuses(rows) == {"a": "duplicate", "b": "ok"}


def test_an_unranked_match_id_is_no_set() -> None:
    rows = [_row(str(n), f"r{n}", f"g{n}", match="mode.unranked-2022-1") for n in range(3)]
    assert set(_statuses(mark_duplicates(rows, _nothing())).values()) == {"ok"}


def test_what_is_in_the_store_wins_over_what_comes() -> None:
    stored = Winners.of(pl.DataFrame([_row("z", "r9", "g9")]))
    rows = mark_duplicates([_row("a", "r1", "g9"), _row("q", "r2", "g2", status="quarantined")], stored)
    assert _statuses(rows) == {"a": "duplicate", "q": "quarantined"}


@given(
    games=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()), min_size=1, max_size=12),
    seed=st.integers(0, 1000),
)
def test_the_verdict_does_not_hang_on_the_order_of_reading(
    games: list[tuple[int, int, bool]], seed: int
) -> None:
    def rows() -> list[dict[str, Any]]:
        return [_row(f"p{n}", f"r{r}", f"g{g}", complete=c) for n, (r, g, c) in enumerate(games)]

    shuffled = rows()
    random.Random(seed).shuffle(shuffled)
    first, second = mark_duplicates(rows(), _nothing()), mark_duplicates(shuffled, _nothing())
    assert first == second
    kept = [row for row in first if row["status"] == "ok"]
    for key in ("replay_id", "game_id"):
        assert len({row[key] for row in kept}) == len(kept)


@pytest.mark.parametrize("field", ["replay_id", "game_id"])
def test_every_duplicate_shares_something_with_a_row_that_counts(field: str) -> None:
    rows = mark_duplicates([_row("a", "r1", "g1"), _row("b", "r1", "g1"), _row("c", "r3", "g3")], _nothing())
    counted = {row[field] for row in rows if row["status"] == "ok"}
    assert all(row[field] in counted for row in rows)
