"""What a player does with openings: how they begin, what they deal, how they kill."""

from collections.abc import Mapping
from typing import Final

from exphil.melee.characters import character_title
from exphil.melee.stages import stage_title
from exphil.pages import charts
from exphil.pages.page import Page
from exphil.reports import drawn
from exphil.reports.asking import Ask
from exphil.reports.counted import histogram
from exphil.reports.player.subject import Subject

MOST_ROWS: Final = 20
MOST_BARS: Final = 12
MOST_HARDEST: Final = 10
DIRECTIONS: Final = ("up", "left", "right", "down")

PUNISH: Final = """count(*) AS n, avg(damage) AS damage, max(damage) AS most, avg(num_moves) AS moves,
    per(count(*) FILTER (killed), count(*)) AS killed"""
PUNISH_COLUMNS: Final = ("punishes", "mean damage", "most", "moves", "share that killed")


def add_punishes(page: Page, ask: Ask, who: Subject, called: Mapping[str, str]) -> None:
    """By opening, opening move and start percent; the frequent ways to kill, and the hardest punishes.

    `called` tells what to write for an opponent.
    """
    punishes = who.rows("punishes", "attacker")
    page.heading("Punishes")
    openings = ask(f"SELECT opening, {PUNISH} FROM {punishes} GROUP BY ALL ORDER BY n DESC, opening")
    if not openings:
        page.text("No opening in these games.")
        return
    page.table(
        ["how it began", *PUNISH_COLUMNS],
        [list(row.values()) for row in openings],
        "Punishes as slippi-js counts them: over when the victim was in control for 45 frames, or died.",
    )
    _add_opening_moves(page, ask, punishes)
    _add_start_percents(page, ask, punishes)
    _add_sequences(page, ask, punishes)
    _add_hardest(page, ask, punishes, called)


def _add_opening_moves(page: Page, ask: Ask, punishes: str) -> None:
    rows = ask(
        f"SELECT first_move, {PUNISH} FROM {punishes} WHERE first_move IS NOT NULL GROUP BY ALL"
        f" ORDER BY n DESC, first_move LIMIT {MOST_ROWS}"
    )
    if not rows:
        return
    page.heading("By opening move", 3)
    page.chart(
        charts.bars(
            [{"move": row["first_move"], "mean damage": row["damage"]} for row in rows[:MOST_BARS]],
            "move",
            "mean damage",
        ),
        "Damage of a punish by the move that opened it, the most frequent first.",
    )
    page.table(["opening move", *PUNISH_COLUMNS], [list(row.values()) for row in rows])


def _add_start_percents(page: Page, ask: Ask, punishes: str) -> None:
    rows = ask(
        f"SELECT (floor(start_percent / 20) * 20)::INTEGER AS low, {PUNISH} FROM {punishes} GROUP BY ALL ORDER BY low"
    )
    page.heading("By the victim's percent", 3)
    page.table(
        ["from, percent", *PUNISH_COLUMNS],
        [list(row.values()) for row in rows],
        "Where the victim stood when it began, in ranges of 20 percent.",
    )


def _add_sequences(page: Page, ask: Ask, punishes: str) -> None:
    rows = ask(
        "SELECT sequence, count(*) AS n, avg(start_percent) AS start, avg(damage) AS damage"
        f" FROM {punishes} WHERE killed AND num_moves > 1 AND sequence <> '' GROUP BY ALL"
        f" ORDER BY n DESC, sequence LIMIT {MOST_ROWS}"
    )
    if not rows or rows[0]["n"] < 2:
        return
    page.heading("Ways to kill", 3)
    page.table(
        ["what was done", "times", "from percent, mean", "mean damage"],
        [[_pattern(row["sequence"]), *list(row.values())[1:]] for row in rows if row["n"] > 1],
        "Punishes of several moves that took a stock more than once; SQL finds others by in_order(sequence, '...').",
    )


def _add_hardest(page: Page, ask: Ask, punishes: str, called: Mapping[str, str]) -> None:
    rows = ask(
        "SELECT day::VARCHAR AS day, clock, victim, victim_character, stage, start_percent, damage, killed, sequence"
        f" FROM {punishes} ORDER BY damage DESC, replay_id, conversion LIMIT {MOST_HARDEST}"
    )
    page.heading("Hardest punishes", 3)
    page.table(
        ["what was done", "damage", "from percent", "killed", "on", "stage", "day", "clock"],
        [
            [
                _pattern(row["sequence"]),
                row["damage"],
                row["start_percent"],
                row["killed"],
                ", ".join([character_title(row["victim_character"]), *_known(row["victim"], called)]),
                stage_title(row["stage"]),
                row["day"],
                row["clock"],
            ]
            for row in rows
        ],
        "The clock is an eight-minute timer's.",
    )


def _known(victim: str | None, called: Mapping[str, str]) -> list[str]:
    return [] if victim is None else [called[victim]]


def _pattern(sequence: str | None) -> str | None:
    """A sequence as `in_order` takes it."""
    return " > ".join(sequence.split()) if sequence else None


def add_kills(page: Page, ask: Ask, who: Subject) -> None:
    """With what stocks were taken, where to and at what percent."""
    page.heading("Kills")
    taken = who.rows("stock_losses", "opponent")
    if not _add_moves(page, ask, taken, "taken"):
        page.text("No stock was taken in these games.")


def add_stocks_lost(page: Page, ask: Ask, who: Subject) -> None:
    """How the player's own stocks were lost."""
    page.heading("Stocks lost")
    lost = who.rows("stock_losses")
    if not _add_moves(page, ask, lost, "lost"):
        page.text("No stock was lost in these games.")
        return
    rows = ask(
        "SELECT opponent_character, count(*) AS n, count(*) FILTER (self_destruct) AS own, avg(percent) AS percent,"
        f" avg(lived_seconds) AS lived FROM {lost} GROUP BY ALL ORDER BY n DESC, opponent_character LIMIT {MOST_ROWS}"
    )
    page.table(
        ["against", "stocks", "self-destructs", "mean percent", "seconds lived, mean"],
        [[character_title(row["opponent_character"]), *list(row.values())[1:]] for row in rows],
    )


def _add_moves(page: Page, ask: Ask, losses: str, word: str) -> bool:
    """Stocks by the move that took them; False where there is none."""
    rows = ask(
        f"""SELECT coalesce(killed_by, CASE WHEN self_destruct THEN 'self-destruct' ELSE 'no move' END) AS move,
            count(*) AS n, avg(percent) AS percent, min(percent) AS least,
            {", ".join(f"count(*) FILTER (kill_direction = '{way}') AS {way}" for way in DIRECTIONS)}
        FROM {losses} GROUP BY ALL ORDER BY n DESC, move"""
    )
    if not rows:
        return False
    shown = rows[:MOST_BARS]
    page.chart(
        charts.bars(
            [
                {"move": row["move"], "stocks": row[way], "blast zone": way}
                for row in shown
                for way in DIRECTIONS
            ],
            "move", "stocks", series="blast zone", stacked=True,
        ),
        f"Stocks {word}, by the last move and the blast zone.",
    )  # fmt: skip
    page.table(
        ["move", "stocks", "mean percent", "least", *DIRECTIONS],
        [list(row.values()) for row in rows[:MOST_ROWS]],
    )
    drawn.add(
        page,
        histogram(
            ask,
            "percent",
            f"(FROM {losses} WHERE NOT self_destruct)",
            title=f"Percent at which stocks were {word}, self-destructs left out.",
            unit="percent",
            counted="stocks",
            width=10,
        ),
    )
    return True
