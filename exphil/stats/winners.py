"""Who won, by the rules of slippi-js: what its `getWinners` answers, for any number of players.

`exphil.replays.outcome` answers for `replays.winner_port`, and takes more into account: stocks before placements
were recorded, and whole percents in a time-out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

TIME: Final = 1
NO_CONTEST: Final = 7
UNRESOLVED: Final = 0

Winners = list[dict[str, int]]


@dataclass(frozen=True, slots=True)
class Standing:
    """A player's last frame; `index` is the port less one."""

    index: int
    stocks: int
    percent: float

    @property
    def rank(self) -> tuple[int, float]:
        """Smaller is better."""
        return -self.stocks, self.percent


@dataclass(frozen=True, slots=True)
class GameEnd:
    """The game end event; what an older version does not tell is None or empty."""

    method: int | None
    quitter: int | None
    placements: tuple[tuple[int, int], ...]
    """(player index, position) of those that have one."""


def winners(
    end: GameEnd | None, standings: Sequence[Standing], players: Mapping[int, int], *, teams: bool
) -> Winners:
    """Winners in order of their ports; several where they tie or are a team, none where nobody is known.

    Args:
        standings: the players on the last frame; one who is out of a team game is missing.
        players: team by index of every player.
        teams: a team battle.
    """
    if end is None:
        return []
    if end.method in (NO_CONTEST, UNRESOLVED):
        others = [index for index in players if index != end.quitter]
        return [_place(others[0], 0)] if end.quitter is not None and len(players) == 2 and others else []
    if all(standing.stocks == 0 for standing in standings):
        return []
    if end.method in (None, TIME) and len(standings) >= 2:
        return _best_team(standings, players) if teams else _best(standings)
    first = next((index for index, position in end.placements if position == 0), None)
    if first is None:
        return []
    if teams and first in players:
        mates = {index for index, team in players.items() if team == players[first]}
        return [_place(index, position) for index, position in end.placements if index in mates]
    return [_place(first, 0)]


def _best(standings: Sequence[Standing]) -> Winners:
    top = min(standing.rank for standing in standings)
    return [_place(index, 0) for index in sorted(s.index for s in standings if s.rank == top)]


def _best_team(standings: Sequence[Standing], players: Mapping[int, int]) -> Winners:
    by_team: dict[int, list[Standing]] = {}
    for standing in standings:
        if standing.index in players:
            by_team.setdefault(players[standing.index], []).append(standing)
    if not by_team:
        return []
    best = min(
        by_team.values(), key=lambda team: (-sum(s.stocks for s in team), sum(s.percent for s in team))
    )
    order = [standing.index for standing in sorted(best, key=lambda standing: standing.rank)]
    return [_place(index, order.index(index)) for index in sorted(order)]


def _place(index: int, position: int) -> dict[str, int]:
    return {"playerIndex": index, "position": position}
