"""A player as a page: record, trends, punishes, stocks, situations, sets, and the figures that Slippi shows."""

from typing import Final

from exphil.melee.characters import character_title
from exphil.pages.page import Page
from exphil.reports.asking import Ask
from exphil.reports.player.games import played_games
from exphil.reports.player.names import find_player
from exphil.reports.player.opponents import NUMBERED, called
from exphil.reports.player.punishes import add_kills, add_punishes, add_stocks_lost
from exphil.reports.player.record import add_opponents, add_record, add_sets
from exphil.reports.player.situations import add_situations
from exphil.reports.player.subject import Subject
from exphil.reports.player.trends import add_trends
from exphil.sql.database import Database
from exphil.stats.figures import FIGURES
from exphil.stats.summary import Summary
from exphil.store.store import Store

OPPONENTS: Final = "opponents"


def player_page(store: Store, player: str, *, names: bool = False) -> Page:
    """The page.

    Args:
        player: person of the people file, connect code, netplay name or tag, in any case.
        names: name the opponents too; otherwise they are numbered.

    Raises:
        UsageError: nobody, or several are called so.
        StoreError: a part of the store cannot be read.
    """
    with Database(store) as database:
        name = find_player(database, player)

        def ask(query: str) -> list[dict[str, object]]:
            rows: list[dict[str, object]] = database.query(query).read_all().to_pylist()
            return rows

        who = Subject.of(ask, name)
        page = Page(name, _subtitle(ask, who))
        _add_facts(page, ask, who)
        add_record(page, ask, who)
        others = called(ask, who, names=names)
        add_opponents(page, ask, who, others, "" if names else NUMBERED)
        known = _has_statistics(ask, who)
        if known:
            add_trends(page, ask, who)
            add_punishes(page, ask, who, others)
            add_kills(page, ask, who)
            add_stocks_lost(page, ask, who)
            add_situations(page, ask, who)
        else:
            page.heading("Statistics")
            page.text("These games have no statistics yet. What makes them: exphil materialize stats")
        add_sets(page, ask, who, others)
        if known:
            _add_figures(page, database, who)
    return page


def _subtitle(ask: Ask, who: Subject) -> str:
    (found,) = ask(
        "SELECT min(day)::VARCHAR AS first, max(day)::VARCHAR AS last, count(DISTINCT opponent) AS opponents"
        f" FROM {who.rows('sides')}"
    )
    when = f", {found['first']} to {found['last']}" if found["first"] else ""
    return f"{who.num_games:,} games of two{when}, {found['opponents']:,} opponents"


def _add_facts(page: Page, ask: Ask, who: Subject) -> None:
    (found,) = ask(
        f"""SELECT count(*) FILTER (won) AS wins, count(*) FILTER (NOT won) AS losses, sum(minutes) / 60 AS hours,
            per(count(*) FILTER (won), count(won)) AS share, mode(character) AS main
        FROM {who.rows("sides")}"""
    )
    page.facts(
        [
            ("games", who.num_games),
            ("won - lost", f"{found['wins']} - {found['losses']}"),
            ("share won", found["share"]),
            ("hours of play", found["hours"]),
            ("plays most", character_title(str(found["main"]))),
        ]
    )
    if who.num_left_out:
        page.text(
            f"{who.num_left_out} more games are left out, as quality excludes them: warm-ups, players who stand"
            " still, and such."
        )


def _has_statistics(ask: Ask, who: Subject) -> bool:
    (found,) = ask(f"SELECT count(playable_frames) AS n FROM {who.rows('sides')}")
    return bool(found["n"])


def _add_figures(page: Page, database: Database, who: Subject) -> None:
    """Slippi's table over all games: counts and totals are added up, then divided."""
    own, others = Summary(), Summary()
    for game, _ in played_games(database, who.games):
        one, other = game.sides if game.sides[0].player == who.name else game.sides[::-1]
        own, others = own + one.summary, others + other.summary
    page.heading("All figures")
    page.table(
        ["group", "figure", who.name, OPPONENTS],
        [
            [group, figure.title.strip(), figure.told(own), figure.told(others)]
            for group, figures in FIGURES.items()
            for figure in figures
        ],
        "Over the same games, as exphil stats prints them. Kill percents take in self-destructs, as"
        " slippi-stats has them.",
    )
