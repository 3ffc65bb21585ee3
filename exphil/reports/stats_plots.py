"""Plots of the statistics: how people play in a store's games of two, and what the games are worth."""

from typing import Final

from exphil.melee.attacks import move_name
from exphil.reports.asking import Ask
from exphil.reports.counted import counts, histogram, shortened
from exphil.reports.plot import Bars, Histogram

KEPT: Final = "replay_id NOT IN (SELECT replay_id FROM quality WHERE excluded)"
"""Games that training would take: handwarmers and idle players would blur how people play."""

SCORE_WIDTH: Final = 0.05
L_CANCELS: Final = "l_cancel_success + l_cancel_fail"
FEWEST_LANDINGS: Final = 10
"""A player's share of L-cancels over fewer landings in a game says little."""


def openings_per_kill(ask: Ask) -> Histogram | None:
    """A player's figure of a game; players who took no stock have none."""
    return histogram(
        ask,
        "openings_per_kill_count / nullif(openings_per_kill_total, 0)",
        f"overall WHERE {KEPT}",
        title="Openings per kill, of each player who took a stock.",
        unit="openings per kill",
        counted="players",
    )


def damage_per_opening(ask: Ask) -> Histogram | None:
    """A player's figure of a game."""
    return histogram(
        ask,
        "damage_per_opening_count / nullif(damage_per_opening_total, 0)",
        f"overall WHERE {KEPT}",
        title="Damage per opening, of each player of a game.",
        unit="percent per opening",
        counted="players",
    )


def inputs_per_minute(ask: Ask) -> Histogram | None:
    """A player's figure of a game."""
    return histogram(
        ask,
        "inputs_per_minute_count / nullif(inputs_per_minute_total, 0)",
        f"overall WHERE {KEPT}",
        title="Inputs per minute, of each player of a game.",
        unit="inputs per minute",
        counted="players",
    )


def l_cancels(ask: Ask) -> Histogram | None:
    """Share of a player's aerial landings in a game that were L-cancelled."""
    return histogram(
        ask,
        # all of them belong to the last range
        f"least(100 * l_cancel_success / nullif({L_CANCELS}, 0), 99.9)",
        f"action_counts WHERE {KEPT} AND {L_CANCELS} >= {FEWEST_LANDINGS}",
        title=f"L-cancels, of each player of a game with at least {FEWEST_LANDINGS} aerial landings.",
        unit="percent of landings",
        counted="players",
        width=5.0,
        ends=(0, 100),
    )


def death_percents(ask: Ask) -> Histogram | None:
    """Damage at which stocks are lost."""
    return histogram(
        ask,
        "end_percent",
        f"stocks WHERE {KEPT} AND end_frame IS NOT NULL",
        title="Damage at which stocks are lost.",
        unit="percent",
        counted="stocks",
        width=10.0,
    )


def kill_moves(ask: Ask, most: int = 15) -> Bars | None:
    """Last move of the conversions that took a stock."""
    return _moves(ask, "last_move", "killed", most, "Last move of the punishes that took a stock.", "kills")


def openers(ask: Ask, most: int = 15) -> Bars | None:
    """First move of the conversions that were won in neutral."""
    return _moves(
        ask,
        "first_move",
        "opening = 'neutral-win'",
        most,
        "First move of the punishes won in neutral.",
        "openings",
    )


def kill_directions(ask: Ask) -> Bars | None:
    """Where stocks are lost."""
    return counts(
        ask,
        "direction",
        "stocks LEFT JOIN death_directions ON death_directions.state = stocks.death_state"
        f" WHERE {KEPT} AND end_frame IS NOT NULL",
        title="Where stocks are lost.",
        unit="stocks",
    )


def openings(ask: Ask) -> Bars | None:
    """How conversions begin."""
    return counts(ask, "opening", f"conversions WHERE {KEPT}", title="How punishes begin.", unit="punishes")


def tech_choices(ask: Ask) -> Bars | None:
    """What players do when they hit the ground in a tumble."""
    return counts(
        ask,
        "choice",
        f"techs WHERE {KEPT} AND kind = 'ground'",
        title="Techs on the ground, and missed ones.",
        unit="techs",
    )


def ledge_options(ask: Ask) -> Bars | None:
    """What players do from the ledge."""
    return counts(
        ask,
        "option",
        f"ledge_options WHERE {KEPT} AND option <> 'none'",
        title="What players do from the ledge.",
        unit="ledge grabs",
    )


def recoveries(ask: Ask) -> Bars | None:
    """How ways back to the stage end."""
    return counts(
        ask,
        "CASE outcome WHEN 'died' THEN 'died' ELSE 'to the ' || outcome END",
        f"recoveries WHERE {KEPT} AND outcome <> 'none'",
        title="How ways back to the stage end.",
        unit="recoveries",
    )


def quality_scores(ask: Ask) -> Histogram | None:
    """Scores of games, from 0 to 1."""
    return histogram(
        ask,
        "least(score, 0.999)",  # the best belong to the last range
        "quality",
        title="Quality of games: 1 where nothing speaks against one.",
        unit="score",
        counted="games",
        width=SCORE_WIDTH,
        ends=(0, 1),
    )


def quality_flags(ask: Ask) -> Bars | None:
    """How many games have each flag."""
    return counts(
        ask,
        "unnest(string_split(flags, ' '))",
        "quality WHERE flags <> ''",
        title="What speaks against games; one may have several flags.",
        unit="games",
    )


def _moves(ask: Ask, column: str, condition: str, most: int, title: str, unit: str) -> Bars | None:
    rows = ask(
        f"SELECT {column} AS move, count(*) AS n FROM conversions WHERE {KEPT} AND {condition} AND {column} IS NOT NULL"
        " GROUP BY ALL ORDER BY n DESC, move"
    )
    named: dict[str, float] = {}
    for row in rows:
        name = move_name(row["move"])
        named[name] = named.get(name, 0.0) + row["n"]
    bars = sorted(named.items(), key=lambda bar: (-bar[1], bar[0]))
    return Bars(title, unit, shortened(bars, most)) if bars else None
