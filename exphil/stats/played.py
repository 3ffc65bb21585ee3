"""A game of two as people talk about it: who played whom where, how it ended, and each side's figures."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from exphil.replays.frames import FrameTables
from exphil.replays.game import Game
from exphil.replays.summary import player_rows, replay_row
from exphil.stats.game import GameStats
from exphil.stats.slippi_json import stats_of
from exphil.stats.summary import Summary, summaries


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two players.

    Attributes:
        character: name, as `FOX`.
        player: connect code, else netplay name, else name tag; None where the recording has none.
        names: every name that the recording has for the player.
        stocks: left at the end.
    """

    port: int
    character: str
    player: str | None
    names: frozenset[str]
    stocks: int | None
    summary: Summary

    def is_called(self, name: str) -> bool:
        """Whether a person may have meant this player: any of the names, in any case."""
        return name.casefold() in {own.casefold() for own in self.names}


@dataclass(frozen=True, slots=True)
class Loss:
    """A stock that was lost.

    Attributes:
        frame: on which the count fell.
        port: whose it was.
        percent: damage on the frame before.
        attack: id of the last move of the opponent's conversion that ended with it; None for a move that is not
            known, and where there is no such conversion.
        killed: whether there is such a conversion.
        state: action state on that frame, which tells the blast zone.
    """

    frame: int
    port: int
    percent: float
    attack: int | None
    killed: bool
    state: int


@dataclass(frozen=True, slots=True)
class Played:
    """A game of two.

    Attributes:
        path: file or archive member.
        stage: name, as `BATTLEFIELD`.
        end_method: `game`, `time`, ...; None where the recording stops without an end.
        quitter: port of who quit, if one did.
        winner: port; None where nobody is known to have won.
        sides: in order of their ports.
        losses: stocks in the order in which they were lost.
    """

    path: str
    stage: str
    started_at: datetime | None
    end_method: str | None
    quitter: int | None
    winner: int | None
    sides: tuple[Side, Side]
    losses: tuple[Loss, ...]

    @property
    def seconds(self) -> float:
        """Of play."""
        return self.sides[0].summary.minutes * 60

    def facing(self, port: int) -> "Played":
        """The same game with the player of a port first."""
        one, other = self.sides
        if one.port == port:
            return self
        return replace(self, sides=(other, one))


def played(path: str, game: Game, tables: FrameTables) -> Played | None:
    """What a game just read tells; None where it is not of two players."""
    stats = stats_of(game, tables)
    if stats is None:
        return None
    row = replay_row(game, tables)
    players = {player["port"]: player for player in player_rows(game, tables)}
    if not set(stats.ports) <= set(players):
        return None
    one, other = (
        _side(players[port], summary)
        for port, summary in zip(stats.ports, summaries(stats, row["winner_port"]), strict=True)
    )
    return Played(
        path=path,
        stage=row["stage_name"],
        started_at=_time(row["started_at"]),
        end_method=row["end_method"],
        quitter=row["lras_port"],
        winner=row["winner_port"],
        sides=(one, other),
        losses=tuple(losses(stats)),
    )


def losses(stats: GameStats) -> Iterator[Loss]:
    """Stocks in the order in which they were lost, of one frame the lower port's first."""
    kills = {(punish.victim, punish.end): punish for punish in stats.conversions if punish.killed}
    for stock in sorted(stats.stocks, key=lambda stock: (stock.end or 0, stock.port)):
        if stock.end is None or stock.end_percent is None or stock.death is None:
            continue
        kill = kills.get((stock.port, stock.end))
        attack = kill.moves[-1].attack if kill is not None and kill.moves else None
        yield Loss(stock.end, stock.port, stock.end_percent, attack, kill is not None, stock.death)


def _side(player: Mapping[str, Any], summary: Summary) -> Side:
    names = [player[name] for name in ("connect_code", "netplay_name", "name_tag") if player[name]]
    return Side(
        port=player["port"],
        character=player["character_name"],
        player=names[0] if names else None,
        names=frozenset(names),
        stocks=player["end_stocks"],
        summary=summary,
    )


def _time(text: str | None) -> datetime | None:
    """A recorder's time; None where it is missing or none that a calendar knows."""
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
