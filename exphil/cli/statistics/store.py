"""`exphil stats` over the games of a store: which are chosen, their figures, and their files."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from exphil.cli.output import note, progress
from exphil.cli.statistics.tally import Tally
from exphil.config.roots import store_root
from exphil.errors import UsageError
from exphil.replays.sources import Source
from exphil.reports.player import games
from exphil.reports.player.names import find_player
from exphil.sql.database import Database
from exphil.store.store import Store


@dataclass(frozen=True, slots=True)
class Choice:
    """Which games of a store a person asks for; at most one of `where` and `query`."""

    store: Path | None
    where: str | None
    query: str | None
    player: str | None


def tally(choice: Choice) -> Tally:
    """The figures of the chosen games, from the tables of statistics.

    Raises:
        UsageError: no game is chosen, or nobody is called so.
        StoreError: there is no store, or it has no statistics.
    """
    with _chosen(choice) as (database, chosen, player):
        games.check_statistics(database)
        total, known = games.num_games(database, chosen)
        if known < total:
            note(f"{total - known} of {total} games have no statistics yet: `exphil materialize stats`")
        found = Tally(player)
        with progress("adding up", known) as advance:
            for game, game_id in games.played_games(database, chosen):
                found.add(game, game_id)
                advance()
    return found


def sources(choice: Choice) -> list[Source]:
    """The files of the chosen games."""
    with _chosen(choice) as (database, chosen, _):
        return games.sources(database, chosen)


@contextmanager
def _chosen(choice: Choice) -> Iterator[tuple[Database, str, str | None]]:
    """(database, query for the ids, the player's name in it); some game is chosen."""
    with Database(Store.open(store_root(choice.store))) as database:
        text = choice.where if choice.where is not None else choice.query
        flag = "--where" if choice.where is not None else "--query"
        try:
            if choice.query is not None:
                games.check_query(database, choice.query)
            chosen = games.chosen_games(choice.where, choice.query)
            total, _ = games.num_games(database, chosen)
        except UsageError as error:
            if text is None or str(error).startswith(flag):
                raise
            raise UsageError(f"{flag} {' '.join(text.split())!r}: {error}") from error
        if not total and text is not None:
            raise UsageError(f"{flag} {' '.join(text.split())!r} chooses no game of two (see `exphil info`)")
        if not total:
            raise UsageError("the store holds no game of two (see `exphil info`)")
        player = None if choice.player is None else find_player(database, choice.player)
        if player is not None:
            chosen = games.of_player(chosen, player)
            if not games.num_games(database, chosen)[0]:
                raise UsageError(f"none of the {total} games is of {player}")
        yield database, chosen, player
