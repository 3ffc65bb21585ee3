"""How a player's figures change over time, beside those of the opponents of the same games."""

from typing import Any, Final

from exphil.pages import charts
from exphil.pages.page import Page
from exphil.reports.asking import Ask
from exphil.reports.player.subject import Subject
from exphil.sql.quoting import quoted_text

FEWEST_DAYS: Final = 6
"""On fewer days than that the games themselves are the points."""
MOST_POINTS: Final = 90
"""Days with games beyond which weeks are the points, and weeks beyond which months are."""
MOST_GAMES: Final = 200

FIGURES: Final = (
    ("openings a kill", "per(sum(openings_per_kill_count), sum(openings_per_kill_total))"),
    ("damage an opening", "per(sum(damage_per_opening_count), sum(damage_per_opening_total))"),
    ("L-cancelled", "per(sum(l_cancel_success), sum(l_cancel_success + l_cancel_fail))"),
    ("inputs a minute", "per(sum(inputs_per_minute_count), sum(inputs_per_minute_total))"),
    ("neutral wins", "per(sum(neutral_win_ratio_count), sum(neutral_win_ratio_total))"),
)
"""Name and SQL of what is drawn: counts and totals are added up, then divided."""


def add_trends(page: Page, ask: Ask, who: Subject) -> None:
    """Games, wins and figures by day, week or month; by game where there are few days."""
    page.heading("Over time")
    (found,) = ask(
        "SELECT count(DISTINCT day) AS days, count(DISTINCT date_trunc('week', day)) AS weeks, count(day) AS games"
        f" FROM {who.rows('sides')}"
    )
    if found["games"] < 2:
        page.text("A trend needs two games that tell when they began.")
        return
    if found["days"] < FEWEST_DAYS:
        _add_by_game(page, ask, who)
        return
    period = next(
        (
            name
            for name, points in (("day", found["days"]), ("week", found["weeks"]))
            if points <= MOST_POINTS
        ),
        "month",
    )
    _add_by_period(page, ask, who, period)


def _add_by_period(page: Page, ask: Ask, who: Subject, period: str) -> None:
    start = f"date_trunc('{period}', day)::DATE"
    counts = ask(
        f'SELECT {start}::VARCHAR AS "from", ({start} + INTERVAL 1 {period})::DATE::VARCHAR AS "to",'
        f" count(*) AS games, per(count(*) FILTER (won), count(won)) AS share FROM {who.rows('sides')}"
        " WHERE day IS NOT NULL GROUP BY ALL ORDER BY 1"
    )
    page.chart(
        charts.histogram(
            [{**row, f"games a {period}": row["games"]} for row in counts],
            "from", "to", f"games a {period}", x_title="", dated=True,
        ),
        f"Games a {period}.",
    )  # fmt: skip
    page.chart(
        charts.line(
            [{"day": row["from"], "share won": row["share"]} for row in counts],
            "day", "share won", x_title="", points=True, dated=True, levels={"even": 0.5},
        ),
        f"Share of decided games won, by {period}.",
    )  # fmt: skip
    rows = _figures(ask, who, f"{start}::VARCHAR", "sides.day IS NOT NULL")
    for name, _ in FIGURES:
        page.chart(
            charts.line(rows, "point", name, series="who", x_title="", points=True, dated=True),
            f"{name.capitalize()}, by {period}.",
        )


def _add_by_game(page: Page, ask: Ask, who: Subject) -> None:
    page.text(
        f"These games are of few days: the points are games, the last {MOST_GAMES} at most, in order of their time."
    )
    numbered = (
        f"(SELECT replay_id, row_number() OVER (ORDER BY started_at, replay_id) AS number FROM {who.rows('sides')}"
        f" WHERE day IS NOT NULL QUALIFY row_number() OVER (ORDER BY started_at DESC, replay_id DESC) <= {MOST_GAMES})"
    )
    rows = _figures(ask, who, "numbered.number", "true", f"JOIN {numbered} AS numbered USING (replay_id)")
    for name, _ in FIGURES:
        page.chart(
            charts.line(rows, "point", name, series="who", x_title="game", points=True),
            f"{name.capitalize()}, by game.",
        )


def _figures(ask: Ask, who: Subject, at: str, where: str, join: str = "") -> list[dict[str, Any]]:
    """A row a point and side: the player's, then the opponents'."""
    named = quoted_text(who.name)
    figures = ", ".join(f'{sql}::DOUBLE AS "{name}"' for name, sql in FIGURES)
    rows = ask(
        f"""SELECT sides.player IS NOT DISTINCT FROM {named} AS own, {at} AS point, {figures}
        FROM sides {join} WHERE sides.replay_id IN ({who.games}) AND {where}
        GROUP BY ALL ORDER BY own DESC, point"""
    )
    return [{"who": who.name if row["own"] else "opponents", **row} for row in rows]
