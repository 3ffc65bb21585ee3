"""Plots of the statistics count what the tables hold."""

import pytest

from exphil.reports import stats_plots
from exphil.reports.plot import Bars, Histogram
from tests.reports.conftest import Asking


def _overall(name: str, **figures: float) -> dict[str, float | str]:
    return {"replay_id": name, "port": 1, **figures}


def _bins(plot: Histogram | None) -> list[tuple[float, float, int]]:
    assert plot is not None
    return list(plot.bins)


def _rows(plot: Bars | None) -> list[tuple[str, float]]:
    assert plot is not None
    return list(plot.rows)


def test_a_player_without_a_kill_has_no_openings_per_kill(ask_of: Asking) -> None:
    rows = [
        _overall("a", openings_per_kill_count=6, openings_per_kill_total=2),
        _overall("b", openings_per_kill_count=6, openings_per_kill_total=0),
        _overall("c", openings_per_kill_count=10, openings_per_kill_total=4),
    ]
    bins = _bins(stats_plots.openings_per_kill(ask_of({"overall": rows})))
    assert sum(count for *_, count in bins) == 2
    assert bins[0][0] <= 2.5 < bins[0][1]


def test_excluded_games_say_nothing_of_how_people_play(ask_of: Asking) -> None:
    rows = [
        _overall(name, damage_per_opening_count=40, damage_per_opening_total=total)
        for name, total in (("kept", 2), ("left out", 1))
    ]
    quality = [
        {"replay_id": "kept", "score": 1.0, "excluded": False, "flags": ""},
        {"replay_id": "left out", "score": 0.0, "excluded": True, "flags": "short inactive"},
    ]
    ask = ask_of({"overall": rows, "quality": quality})
    assert _bins(stats_plots.damage_per_opening(ask)) == [(20, 21, 1)]
    assert _rows(stats_plots.quality_flags(ask)) == [("inactive", 1), ("short", 1)]


def test_full_marks_belong_to_the_last_range(ask_of: Asking) -> None:
    scores = [{"replay_id": str(n), "score": score, "flags": ""} for n, score in enumerate((1.0, 0.97, 0.0))]
    assert _bins(stats_plots.quality_scores(ask_of({"quality": scores}))) == [(0, 0.05, 1), (0.95, 1, 2)]
    landings = [
        {"replay_id": str(n), "port": 1, "l_cancel_success": done, "l_cancel_fail": missed}
        for n, (done, missed) in enumerate(((20, 0), (10, 10), (9, 0)))
    ]
    assert _bins(stats_plots.l_cancels(ask_of({"action_counts": landings}))) == [(50, 55, 1), (95, 100, 1)]


def test_moves_of_one_name_are_one_bar(ask_of: Asking) -> None:
    rows = [
        {"replay_id": "a", "conversion": n, "killed": killed, "last_move": move, "first_move": move, "opening": how}
        for n, (killed, move, how) in enumerate(
            [
                (True, 2, "neutral-win"), (True, 3, "trade"), (True, 15, "neutral-win"), (False, 15, "neutral-win"),
                (True, 200, "counter-attack"), (True, None, "neutral-win"),
            ]
        )
    ]  # fmt: skip
    ask = ask_of({"conversions": rows})
    assert _rows(stats_plots.kill_moves(ask)) == [("jab", 2), ("bair", 1), ("move-200", 1)]
    assert _rows(stats_plots.kill_moves(ask, most=1)) == [("jab", 2), ("2 others", 2)]
    assert _rows(stats_plots.openers(ask)) == [("bair", 2), ("jab", 1)]
    assert _rows(stats_plots.openings(ask)) == [("neutral-win", 4), ("counter-attack", 1), ("trade", 1)]


def test_stocks_that_were_kept_went_nowhere(ask_of: Asking) -> None:
    rows = [
        {"replay_id": "a", "port": 1, "start_frame": n, "end_frame": end, "end_percent": percent, "death_state": state}
        for n, (end, percent, state) in enumerate([(100, 55.0, 0), (200, 151.0, 0), (None, None, 14), (300, 99.9, 1)])
    ]  # fmt: skip
    ask = ask_of({"stocks": rows})
    directions = _rows(stats_plots.kill_directions(ask))
    assert sum(count for _, count in directions) == 3
    assert directions[0][0] == "down"
    assert _bins(stats_plots.death_percents(ask)) == [(50, 60, 1), (90, 100, 1), (150, 160, 1)]


def test_an_empty_store_has_nothing_to_draw(ask_of: Asking) -> None:
    ask = ask_of({})
    for plot in (
        stats_plots.openings_per_kill,
        stats_plots.damage_per_opening,
        stats_plots.inputs_per_minute,
        stats_plots.l_cancels,
        stats_plots.death_percents,
        stats_plots.kill_moves,
        stats_plots.openers,
        stats_plots.kill_directions,
        stats_plots.openings,
        stats_plots.tech_choices,
        stats_plots.ledge_options,
        stats_plots.recoveries,
        stats_plots.quality_scores,
        stats_plots.quality_flags,
    ):
        assert plot(ask) is None


@pytest.mark.parametrize(
    ("table", "plot", "rows", "expected"),
    [
        (
            "techs",
            stats_plots.tech_choices,
            [{"kind": "ground", "choice": "in"}, {"kind": "wall", "choice": "in-place"}],
            [("in", 1)],
        ),
        ("ledge_options", stats_plots.ledge_options, [{"option": "roll"}, {"option": "none"}], [("roll", 1)]),
        (
            "recoveries",
            stats_plots.recoveries,
            [{"outcome": "ledge"}, {"outcome": "died"}, {"outcome": "none"}],
            [("died", 1), ("to the ledge", 1)],
        ),
    ],
)
def test_situations_are_counted(ask_of: Asking, table: str, plot: object, rows: list, expected: list) -> None:  # type: ignore[type-arg]
    assert callable(plot)
    assert _rows(plot(ask_of({table: [{"replay_id": "a", **row} for row in rows]}))) == expected
