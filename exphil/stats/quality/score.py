"""What the rules of quality look at in a game, and the game's row of table `quality`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from exphil.stats.game import GameStats
from exphil.stats.quality.rules import judge
from exphil.stats.walk import PLAY_STARTS

FRAMES_A_SECOND: Final = 60

QUITS: Final = ("no-contest", "unresolved")
"""End methods of a game that was not played out; the second is what formats before 2.0 know."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What `replays` and `players` tell of a game; `ports`, `types` and `end_stocks` list players in one order."""

    last_frame: int
    mode: str | None
    complete: bool
    end_method: str | None
    lras_port: int | None
    winner_port: int | None
    frozen_stadium: bool
    ports: tuple[int, ...]
    types: tuple[str, ...]
    end_stocks: tuple[int | None, ...]


def quality_row(recording: Recording, stats: GameStats | None) -> dict[str, object]:
    """The columns of `quality` but the key. `stats` is None where not two play."""
    found = measures(recording, stats)
    verdict = judge(found)
    return {
        "score": verdict.score,
        "excluded": verdict.excluded,
        "flags": " ".join(verdict.flags),
        **found,
    }


def measures(recording: Recording, stats: GameStats | None) -> dict[str, float | None]:
    """What the rules look at, by name of the column; booleans where the column is one."""
    frames = max(0, recording.last_frame - PLAY_STARTS)
    seconds = frames / FRAMES_A_SECOND
    found: dict[str, float | None] = {
        "seconds": seconds,
        "cpu_players": sum(kind != "human" for kind in recording.types),
        "quit_stocks": _quit_stocks(recording),
        "whole": recording.complete,
        "one_on_one": recording.mode == "1v1",
        "frozen_stadium": recording.frozen_stadium,
    }
    if stats is None:
        return found | dict.fromkeys(_OF_TWO)
    damage = sum(player.total_damage for player in stats.overall)
    rates = [player.ratios["inputs_per_minute"].value for player in stats.overall]
    taken = {(conversion.victim, conversion.end) for conversion in stats.conversions if conversion.killed}
    lost = [(stock.port, stock.end) for stock in stats.stocks if stock.end is not None]
    thrown = sum(stock not in taken for stock in lost)
    return found | {
        "inputs_per_minute": min((rate for rate in rates if rate is not None), default=None),
        "idle_seconds": max(stats.idle_frames) / FRAMES_A_SECOND,
        "damage": damage,
        "damage_per_minute": 60 * damage / seconds if frames else None,
        "stocks_lost": len(lost),
        "self_destructs": thrown,
        "self_destruct_share": thrown / len(lost) if lost else None,
        "decided": recording.winner_port is not None,
    }


_OF_TWO: Final[Sequence[str]] = (
    "inputs_per_minute", "idle_seconds", "damage", "damage_per_minute", "stocks_lost", "self_destructs",
    "self_destruct_share", "decided",
)  # fmt: skip


def _quit_stocks(recording: Recording) -> int | None:
    """Stocks that the one who quit had left; the fewest of all where it is not told who did."""
    if recording.end_method not in QUITS:
        return None
    left: Mapping[int, int] = {
        port: stocks
        for port, stocks in zip(recording.ports, recording.end_stocks, strict=True)
        if stocks is not None
    }
    if recording.lras_port is not None and recording.lras_port in left:
        return left[recording.lras_port]
    return min(left.values(), default=None)
