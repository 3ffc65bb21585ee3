"""Plots of a store count what lies in it."""

import datetime
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exphil.reports import store_plots
from tests.reports.conftest import Asking
from tests.reports.tables import game, together

NAMES = ["FOX", "FALCO", "MARTH", "DR_MARIO"]
TITLES = {"FOX": "Fox", "FALCO": "Falco", "MARTH": "Marth", "DR_MARIO": "Dr. Mario"}

games = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from([None, 1, 2])),
    min_size=1,
    max_size=30,
)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(games)
def test_pairs_of_characters_are_those_of_the_games(
    ask_of: Asking, found: list[tuple[str, str, int | None]]
) -> None:
    ask = ask_of(together([game(str(n), pair, winner=won) for n, (*pair, won) in enumerate(found)]))
    played: Counter[tuple[str, str]] = Counter()
    decided: Counter[tuple[str, str]] = Counter()
    won: Counter[tuple[str, str]] = Counter()
    for one, two, winner in found:
        for pair in {(one, two), (two, one)}:
            played[pair] += 1
        if one != two and winner is not None:
            for port, pair in ((1, (one, two)), (2, (two, one))):
                decided[pair] += 1
                won[pair] += winner == port
    grid = store_plots.matchups(ask)
    assert grid is not None
    assert grid.cells == {(TITLES[a], TITLES[b]): n for (a, b), n in played.items()}
    enough = {pair for pair, n in decided.items() if n >= store_plots.FEWEST_GAMES}
    rates = store_plots.win_rates(ask)
    assert (rates is None) == (not enough)
    if rates is not None:
        expected = {(TITLES[a], TITLES[b]): won[a, b] / decided[a, b] for a, b in enough}
        assert rates.cells == pytest.approx(expected)
        assert all(
            abs(share + rates.cells[other, one] - 1) < 1e-9 for (one, other), share in rates.cells.items()
        )
    bars = store_plots.characters(ask)
    assert bars is not None
    assert sum(value for _, value in bars.rows) == 2 * len(found)


@pytest.mark.parametrize(
    ("days", "span", "first_spans"),
    [
        (40, "day", [("2024-02-28", "2024-02-29", 1), ("2024-04-08", "2024-04-09", 2)]),
        (200, "week", [("2024-02-26", "2024-03-04", 1), ("2024-09-09", "2024-09-16", 2)]),
        (1000, "month", [("2024-02-01", "2024-03-01", 1), ("2026-11-01", "2026-12-01", 2)]),
        (20_000, "year", [("2024-01-01", "2025-01-01", 1), ("2078-01-01", "2079-01-01", 2)]),
    ],
)
def test_games_over_time_choose_their_span(
    ask_of: Asking, days: int, span: str, first_spans: list[Any]
) -> None:
    begun = datetime.datetime(2024, 2, 28, 23, 30)
    last = begun + datetime.timedelta(days=days)
    starts = [f"{begun:%Y-%m-%dT%H:%M:%S}Z", f"{last:%Y-%m-%dT%H:%M:%S}Z", f"{last:%Y-%m-%dT%H:%M:%S}"]
    found = [game(str(n), ["FOX", "FOX"], started_at=start) for n, start in enumerate([*starts, None, "odd"])]
    found.append(game("broken", ["FOX", "FOX"], started_at=starts[0], status="quarantined"))
    plot = store_plots.games_over_time(ask_of(together(found)))
    assert plot is not None
    assert plot.counted == f"games a {span}"
    assert plot.spans == first_spans


def test_months_end_where_the_next_begin(ask_of: Asking) -> None:
    starts = ["2023-01-31", "2023-12-01", "2025-12-31"]
    found = [game(day, ["FOX", "FOX"], started_at=f"{day}T00:00:00Z") for day in starts]
    plot = store_plots.games_over_time(ask_of(together(found)))
    assert plot is not None
    assert [(start, stop) for start, stop, _ in plot.spans] == [
        ("2023-01-01", "2023-02-01"),
        ("2023-12-01", "2024-01-01"),
        ("2025-12-01", "2026-01-01"),
    ]


def test_only_games_of_two_have_sides(ask_of: Asking) -> None:
    ask = ask_of(
        together(
            [
                game("two", ["FOX", "MARTH"], stage_name="YOSHIS_STORY"),
                game("four", ["FOX", "FOX", "FOX", "FOX"]),
                game("again", ["FOX", "MARTH"], status="duplicate"),
            ]
        )
    )
    bars = store_plots.characters(ask)
    assert bars is not None
    assert bars.rows == [("Fox", 1), ("Marth", 1)]
    grid = store_plots.characters_by_stage(ask)
    assert grid is not None
    assert grid.cells == {("Fox", "Yoshi's Story"): 1, ("Marth", "Yoshi's Story"): 1}
    lengths = store_plots.lengths(ask)
    assert lengths is not None
    assert lengths.bins == [(1, 2, 1)]


def test_formats_stand_in_their_order(ask_of: Asking) -> None:
    versions = ["3.9.1", "3.14.0", "0.1.0", "3.9.1"]
    found = [game(str(n), ["FOX", "FOX"], version=version) for n, version in enumerate(versions)]
    plot = store_plots.versions(ask_of(together(found)))
    assert plot is not None
    assert plot.rows == [("0.1.0", 1), ("3.9.1", 2), ("3.14.0", 1)]


def test_reasons_that_differ_in_figures_are_one(ask_of: Asking) -> None:
    reasons = ["stops at byte 12 of 40", "stops at byte 7 of 99", "plain text"]
    rows = [{"path": str(n), "status": "quarantined", "reason": reason} for n, reason in enumerate(reasons)]
    plot = store_plots.quarantine_reasons(ask_of({"replays": rows}))
    assert plot is not None
    assert plot.rows == [("stops at byte … of …", 2), ("plain text", 1)]


def test_frames_of_excluded_games_are_left_out(ask_of: Asking) -> None:
    rows = [
        {"replay_id": "a", "split": "train", "num_frames": 100, "excluded": False},
        {"replay_id": "b", "split": "train", "num_frames": 50, "excluded": False},
        {"replay_id": "c", "split": "test", "num_frames": 1000, "excluded": True},
        {"replay_id": "d", "split": "validation", "num_frames": 20, "excluded": False},
    ]
    plot = store_plots.splits(ask_of({"segments": rows}))
    assert plot is not None
    assert plot.rows == [("train (2 segments)", 150), ("validation (1 segments)", 20)]


def test_rare_characters_are_one_bar(ask_of: Asking) -> None:
    found = [game(str(n), ["FOX", name]) for n, name in enumerate(["FOX", "MARTH", "DR_MARIO"])]
    plot = store_plots.characters(ask_of(together(found)), most=1)
    assert plot is not None
    assert plot.rows == [("Fox", 4), ("2 others", 2)]


def test_an_empty_store_has_nothing_to_draw(ask_of: Asking) -> None:
    ask = ask_of({})
    for plot in (
        store_plots.games_over_time,
        store_plots.characters,
        store_plots.matchups,
        store_plots.win_rates,
        store_plots.characters_by_stage,
        store_plots.lengths,
        store_plots.versions,
        store_plots.splits,
        store_plots.statuses,
        store_plots.quarantine_reasons,
    ):
        assert plot(ask) is None
