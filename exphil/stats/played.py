"""A game of two as people talk about it: who played whom where, how it ended, and each side's figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from exphil.replays.frames import FrameTables
from exphil.replays.game import Game
from exphil.replays.summary import player_rows, replay_row
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
class Played:
    """A game of two.

    Attributes:
        path: file or archive member.
        stage: name, as `BATTLEFIELD`.
        end_method: `game`, `time`, ...; None where the recording stops without an end.
        quitter: port of who quit, if one did.
        winner: port; None where nobody is known to have won.
        sides: in order of their ports.
    """

    path: str
    stage: str
    started_at: datetime | None
    end_method: str | None
    quitter: int | None
    winner: int | None
    sides: tuple[Side, Side]

    @property
    def seconds(self) -> float:
        """Of play."""
        return self.sides[0].summary.minutes * 60

    def facing(self, port: int) -> "Played":
        """The same game with the player of a port first."""
        one, other = self.sides
        if one.port == port:
            return self
        return Played(
            self.path, self.stage, self.started_at, self.end_method, self.quitter, self.winner, (other, one)
        )


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
    )


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
