"""A player's record: won and lost by character, stage, match-up and opponent; sets and sessions."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from exphil.melee.characters import character_title
from exphil.melee.stages import stage_title
from exphil.pages import charts
from exphil.pages.cells import Cell
from exphil.pages.page import Page
from exphil.reports.asking import Ask
from exphil.reports.player.subject import Subject
from exphil.sql.quoting import quoted_text

MOST_ROWS: Final = 30
"""Lines of a table; SQL has the rest."""
MOST_BARS: Final = 12
FEWEST_GAMES: Final = 3
"""Decided games from which a share of wins is drawn."""

RECORD: Final = """count(*) AS games, count(*) FILTER (won) AS wins, count(*) FILTER (NOT won) AS losses,
    per(count(*) FILTER (won), count(won)) AS share,
    round(win_rate_low(count(*) FILTER (won), count(won)), 4) AS low,
    round(win_rate_high(count(*) FILTER (won), count(won)), 4) AS high"""
RECORD_COLUMNS: Final = ("games", "won", "lost", "share won", "from", "to")
INTERVAL: Final = "From and to: where the share lies with 95% certainty, by Wilson's interval."


def record_cells(row: dict[str, Any]) -> list[Cell]:
    """Cells of `RECORD_COLUMNS`."""
    return [row[name] for name in ("games", "wins", "losses", "share", "low", "high")]


def add_record(page: Page, ask: Ask, who: Subject) -> None:
    """Shares of wins by own character, by stage, and by match-up."""
    page.heading("Record")
    _add_shares(page, ask, who, "character", "own character", title=character_title)
    _add_shares(page, ask, who, "stage", "stage", title=stage_title)
    _add_shares(page, ask, who, "opponent_character", "opponent's character", title=character_title)
    _add_matchups(page, ask, who)


def _add_shares(
    page: Page, ask: Ask, who: Subject, column: str, label: str, *, title: Callable[[str], str]
) -> None:
    rows = ask(
        f"SELECT {column} AS name, {RECORD} FROM {who.rows('sides')} GROUP BY ALL ORDER BY games DESC, name"
    )
    named = [{**row, "name": title(row["name"])} for row in rows]
    drawn = [row for row in named if row["wins"] + row["losses"] >= FEWEST_GAMES][:MOST_BARS]
    page.heading(f"By {label}", 3)
    if len(drawn) > 1:
        page.chart(
            charts.bars(
                [{label: row["name"], "share won": row["share"], **_ends(row)} for row in drawn],
                label, "share won", low="from", high="to", limits={"even": 0.5},
            ),
            f"Share of decided games won, by {label}; the lines are 95% intervals.",
        )  # fmt: skip
    page.table(
        [label, *RECORD_COLUMNS],
        [[row["name"], *record_cells(row)] for row in named[:MOST_ROWS]],
        _told(len(named), "") or INTERVAL,
    )


def _ends(row: dict[str, Any]) -> dict[str, float]:
    return {"from": row["low"], "to": row["high"]}


def _add_matchups(page: Page, ask: Ask, who: Subject) -> None:
    """Own character and the opponent's, and the stage: a cell each where there are enough games."""
    rows = ask(
        f"SELECT opponent_character AS opponent, stage, {RECORD} FROM {who.rows('sides')} GROUP BY ALL"
        " ORDER BY games DESC, opponent, stage"
    )
    many = [row for row in rows if row["wins"] + row["losses"] >= FEWEST_GAMES]
    if len(many) < 2:
        return
    cells = [
        {
            "opponent": character_title(row["opponent"]),
            "stage": stage_title(row["stage"]),
            "share won": row["share"],
            "games": row["games"],
        }
        for row in many
    ]
    page.heading("By match-up and stage", 3)
    page.chart(
        charts.heatmap(cells, "stage", "opponent", "share won", domain=(0.0, 1.0)),
        f"Share of games won against a character on a stage, where {FEWEST_GAMES} games or more were decided.",
    )
    page.table(
        ["opponent's character", "stage", *RECORD_COLUMNS],
        [
            [character_title(row["opponent"]), stage_title(row["stage"]), *record_cells(row)]
            for row in rows[:MOST_ROWS]
        ],
        _told(len(rows), "") or INTERVAL,
    )


def add_opponents(page: Page, ask: Ask, who: Subject, called: Mapping[str, str], note: str = "") -> None:
    """Head to head; `called` tells what to write for an opponent, `note` what to say of that."""
    rows = ask(
        f"""SELECT opponent, {RECORD}, mode(opponent_character) AS main, max(day)::VARCHAR AS last,
            per(sum(openings_per_kill_count), sum(openings_per_kill_total)) AS openings,
            per(sum(damage_per_opening_count), sum(damage_per_opening_total)) AS damage
        FROM {who.rows("sides")} WHERE opponent IS NOT NULL GROUP BY opponent ORDER BY games DESC, opponent"""
    )
    page.heading("Head to head")
    if not rows:
        page.text("These recordings name no opponent.")
        return
    columns = ("opponent", "most often as", *RECORD_COLUMNS, "openings a kill", "damage an opening", "last")
    page.table(
        columns,
        [
            [
                called[row["opponent"]], character_title(row["main"]), *record_cells(row), row["openings"],
                row["damage"], row["last"],
            ]
            for row in rows[:MOST_ROWS]
        ],
        f"{_told(len(rows), 'opponents')} {note}".strip(),
    )  # fmt: skip


def add_sets(page: Page, ask: Ask, who: Subject, called: Mapping[str, str]) -> None:
    """Sets and sessions, the newest first; `called` tells what to write for an opponent."""
    named = quoted_text(who.name)
    sets = ask(
        "SELECT day::VARCHAR AS day, opponent, match_kind, wins, losses, characters, opponent_characters, stages"
        f" FROM sets WHERE player = {named} ORDER BY started_at DESC, opponent LIMIT {MOST_ROWS}"
    )
    sessions = ask(
        "SELECT strftime(started_at, '%Y-%m-%d %H:%M') AS start, games, wins, losses, opponents, minutes_played,"
        f" characters FROM sessions WHERE player = {named} ORDER BY started_at DESC LIMIT {MOST_ROWS}"
    )
    page.heading("Sets and sessions")
    if not sets and not sessions:
        page.text("Sets and sessions need games that tell when they began and who played.")
        return
    (kinds,) = ask(
        f"""SELECT count(*) AS sets, count(*) FILTER (won) AS won, count(*) FILTER (NOT won) AS lost,
            count(*) FILTER (won_first) AS first, count(*) FILTER (won_first AND won) AS kept,
            count(*) FILTER (NOT won_first) AS behind, count(*) FILTER (NOT won_first AND won) AS turned
        FROM sets WHERE player = {named} AND games > 1"""
    )
    page.facts(
        [
            ("sets of two games or more", kinds["sets"]),
            ("won", kinds["won"]),
            ("lost", kinds["lost"]),
            ("won after winning the first", f"{kinds['kept']} of {kinds['first']}"),
            ("won after losing the first", f"{kinds['turned']} of {kinds['behind']}"),
        ]
    )
    page.table(
        ["day", "opponent", "kind", "games", "characters", "opponent's", "stages"],
        [
            [
                row["day"],
                called[row["opponent"]],
                row["match_kind"],
                f"{row['wins']}-{row['losses']}",
                _titles(row["characters"], character_title),
                _titles(row["opponent_characters"], character_title),
                _titles(row["stages"], stage_title),
            ]
            for row in sets
        ],
        f"The last {len(sets)} sets: games in a row of the same two, with at most 15 minutes between them.",
    )
    page.table(
        ["session", "games", "won", "lost", "opponents", "minutes of play", "characters"],
        [[*list(row.values())[:-1], _titles(row["characters"], character_title)] for row in sessions],
        f"The last {len(sessions)} sessions: games with at most an hour between them.",
    )


def _titles(names: str, title: Callable[[str], str]) -> str:
    return ", ".join(title(name) for name in names.split())


def _told(number: int, what: str) -> str:
    """A table's caption where it leaves lines out."""
    return f"The {MOST_ROWS} with most games of {number} {what}".strip() + "." if number > MOST_ROWS else ""
