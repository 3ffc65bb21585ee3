"""The players of a store, for those who ask for names."""

from exphil.melee.characters import character_title
from exphil.pages.page import Page
from exphil.reports.asking import Ask

MOST_PLAYERS = 50


def add_players(page: Page, ask: Ask) -> None:
    """A table of those who played most games of two."""
    rows = ask(
        "SELECT player, count(*) AS games, count(won) AS decided, avg(won::INT) AS share,"
        " mode(character ORDER BY character) AS main, count(DISTINCT opponent_code) AS opponents"
        f" FROM sides WHERE player IS NOT NULL GROUP BY player ORDER BY games DESC, player LIMIT {MOST_PLAYERS}"
    )
    page.heading("Players")
    if not rows:
        page.text("No replay here names its players.")
        return
    page.table(
        ["player", "games", "decided", "share won", "character played most", "opponents"],
        [
            [
                row["player"],
                row["games"],
                row["decided"],
                row["share"],
                character_title(row["main"]),
                row["opponents"],
            ]
            for row in rows
        ],
        f"The {len(rows)} who played most. A page about one of them: exphil report --player CODE",
    )
