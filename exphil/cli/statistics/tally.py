"""Games added up for printing: a line each and sums by player, so that memory holds no game but the first."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from exphil.cli import output
from exphil.cli.statistics import tables
from exphil.cli.statistics.tables import Line
from exphil.errors import UsageError
from exphil.melee.short_names import short_name
from exphil.stats.played import Played, Side
from exphil.stats.summary import Summary

OPPONENTS: Final = "opponents"
MOST_NAMES: Final = 8


class Tally:
    """Takes games one by one, each game once; with a `player` only theirs, named first."""

    def __init__(self, player: str | None = None) -> None:
        self._player = player
        self._first: Played | None = None
        self._lines: list[Line] = []
        self._totals: dict[str, Summary] = {}
        self._seen: set[str] = set()
        self._names: set[str] = set()

    def add(self, game: Played, game_id: str) -> bool:
        """Add a game; False for one that was there before."""
        if game_id in self._seen:
            return False
        self._seen.add(game_id)
        chosen = game
        if self._player is not None:
            own = [side for side in game.sides if side.is_called(self._player)]
            self._names.update(name for side in game.sides for name in side.names)
            if not own:
                return True
            chosen = game.facing(own[0].port)
        self._first = self._first or chosen
        self._lines.append(tables.game_line(chosen))
        for side in chosen.sides:
            name = self._called(side, chosen)
            self._totals[name] = self._totals.get(name, Summary()) + side.summary
        return True

    def print(self) -> int:
        """Print what was added; the number of games.

        Raises:
            UsageError: no game is of the player.
        """
        if self._player is not None and self._seen and self._first is None:
            raise unknown_player(self._player, self._names)
        if self._first is not None and len(self._lines) == 1:
            tables.print_game(self._first)
        elif self._first is not None:
            tables.print_games(self._lines)
            output.say()
            players = list(self._totals.items())
            if len(players) <= 2:
                tables.print_total(len(self._lines), players)
            else:
                tables.print_players(sorted(players, key=lambda of: (-of[1].games, of[0])))
        return len(self._lines)

    def _called(self, side: Side, game: Played) -> str:
        """Whose figures a side's are added to: of players without a name all that play the character."""
        if self._player is not None:
            return (side.player or self._player) if side is game.sides[0] else OPPONENTS
        return side.player or f"unnamed {short_name(side.character)}"


def unknown_player(player: str, names: Iterable[str]) -> UsageError:
    """What to say of a player whom no game has; `names` are those that games do have."""
    known = sorted(set(names))
    if not known:
        return UsageError(f"no game of {player}: these recordings name nobody")
    folded = {name.casefold(): name for name in known}
    near = get_close_matches(player.casefold(), folded, n=1)
    if near:
        return UsageError(f"no game of {player}: did you mean {folded[near[0]]}?")
    more = ", ..." if len(known) > MOST_NAMES else ""
    return UsageError(f"no game of {player}: there are {', '.join(known[:MOST_NAMES])}{more}")
