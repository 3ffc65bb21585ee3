"""A player's figures over one game or many, as counts and totals: to add up games, add summaries, then divide."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Self, TypeVar

from exphil.stats.game import FRAMES_A_MINUTE, GameStats, Overall, Punish, Ratio, Stock
from exphil.stats.openings import NEUTRAL_WIN

Key = TypeVar("Key")

RATIOS: Final = (
    "successful_conversions",
    "inputs_per_minute",
    "digital_inputs_per_minute",
    "openings_per_kill",
    "damage_per_opening",
    "neutral_win_ratio",
    "counter_hit_ratio",
    "beneficial_trade_ratio",
)
"""The ratios of a player's `overall` row, in its order."""


@dataclass(frozen=True, slots=True)
class Percents:
    """Damage at which stocks were lost: how many, their sum, the least and the most."""

    count: int = 0
    total: float = 0.0
    lowest: float | None = None
    highest: float | None = None

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        """Those of single stocks."""
        found = list(values)
        return cls(len(found), sum(found), min(found), max(found)) if found else cls()

    @property
    def mean(self) -> float | None:
        return self.total / self.count if self.count else None

    def __add__(self, other: "Percents") -> "Percents":
        return Percents(
            self.count + other.count,
            self.total + other.total,
            min(_known(self.lowest, other.lowest), default=None),
            max(_known(self.highest, other.highest), default=None),
        )


@dataclass(frozen=True, slots=True)
class Summary:
    """What one player did in `games` games; an empty one adds nothing.

    Attributes:
        wins, losses: games that are known to have been won and lost.
        playable_frames: frames of play.
        ratios: by the names of `RATIOS`.
        actions: by the names of `exphil.schema.stats.ACTIONS`.
        kills: conversions that ended with the opponent's stock.
        taken, lost: damage at which the opponent's stocks and the player's own were lost, however that came about.
        killed: own stocks that the opponent took; the others are self-destructs.
        best_punish: most damage from the start to the end of one conversion; None without a finished one.
        first_bloods: games in which the opponent lost the first stock, of `bloody` in which one player did.
        kill_moves: attack id of the last move of conversions that killed.
        openers: attack id of the first move of conversions won in neutral.
    """

    games: int = 0
    wins: int = 0
    losses: int = 0
    playable_frames: int = 0
    ratios: Mapping[str, Ratio] = field(default_factory=lambda: dict.fromkeys(RATIOS, Ratio(0, 0)))
    actions: Mapping[str, int] = field(default_factory=dict)
    kills: int = 0
    taken: Percents = Percents()
    lost: Percents = Percents()
    killed: int = 0
    best_punish: float | None = None
    first_bloods: int = 0
    bloody: int = 0
    kill_moves: Mapping[int, int] = field(default_factory=dict)
    openers: Mapping[int, int] = field(default_factory=dict)

    @property
    def self_destructs(self) -> int:
        """Stocks that were lost and that no conversion of the opponent took."""
        return self.lost.count - self.killed

    @property
    def minutes(self) -> float:
        return self.playable_frames / FRAMES_A_MINUTE

    @property
    def l_cancels(self) -> Ratio:
        """Landings that were cancelled, of those that could have been."""
        done, missed = self.actions.get("l_cancel_success", 0), self.actions.get("l_cancel_fail", 0)
        return Ratio(done, done + missed)

    def __add__(self, other: "Summary") -> "Summary":
        return Summary(
            games=self.games + other.games,
            wins=self.wins + other.wins,
            losses=self.losses + other.losses,
            playable_frames=self.playable_frames + other.playable_frames,
            ratios={name: _sum(self.ratios[name], other.ratios[name]) for name in RATIOS},
            actions=_counted(self.actions, other.actions),
            kills=self.kills + other.kills,
            taken=self.taken + other.taken,
            lost=self.lost + other.lost,
            killed=self.killed + other.killed,
            best_punish=max(_known(self.best_punish, other.best_punish), default=None),
            first_bloods=self.first_bloods + other.first_bloods,
            bloody=self.bloody + other.bloody,
            kill_moves=_counted(self.kill_moves, other.kill_moves),
            openers=_counted(self.openers, other.openers),
        )


def summaries(stats: GameStats, winner_port: int | None = None) -> tuple[Summary, Summary]:
    """Both players' summaries of one game, in order of their ports.

    Args:
        winner_port: who won; None where nobody is known to have.
    """
    first, second = stats.ports
    return _summary(stats, first, second, winner_port), _summary(stats, second, first, winner_port)


def _summary(stats: GameStats, port: int, opponent: int, winner_port: int | None) -> Summary:
    place = stats.ports.index(port)
    overall: Overall = stats.overall[place]
    own = [punish for punish in stats.conversions if punish.attacker == port]
    blood = first_blood(stats.stocks)
    return Summary(
        games=1,
        wins=int(winner_port == port),
        losses=int(winner_port == opponent),
        playable_frames=stats.playable_frames,
        ratios={name: overall.ratios[name] for name in RATIOS},
        actions=dict(stats.actions[place]),
        kills=overall.kill_count,
        taken=_lost(stats.stocks, opponent),
        lost=_lost(stats.stocks, port),
        killed=stats.overall[1 - place].kill_count,
        best_punish=max(_known(*map(_dealt, own)), default=None),
        first_bloods=int(blood == opponent),
        bloody=int(blood is not None),
        kill_moves=Counter(punish.moves[-1].attack for punish in own if punish.killed and punish.moves),
        openers=Counter(
            punish.moves[0].attack for punish in own if punish.opening == NEUTRAL_WIN and punish.moves
        ),
    )


def first_blood(stocks: Iterable[Stock]) -> int | None:
    """Port of who lost the first stock; None where nobody lost one, or both on one frame."""
    ends = [(stock.end, stock.port) for stock in stocks if stock.end is not None]
    first = min((end for end, _ in ends), default=None)
    ports = {port for end, port in ends if end == first}
    return ports.pop() if len(ports) == 1 else None


def _lost(stocks: Iterable[Stock], port: int) -> Percents:
    return Percents.of(s.end_percent for s in stocks if s.port == port and s.end_percent is not None)


def _dealt(punish: Punish) -> float | None:
    """Damage from the frame before a conversion to the frame before its end; None where it never ended."""
    return None if punish.end_percent is None else punish.end_percent - punish.start_percent


def _known(*values: float | None) -> list[float]:
    return [value for value in values if value is not None]


def _sum(one: Ratio, other: Ratio) -> Ratio:
    return Ratio(one.count + other.count, one.total + other.total)


def _counted(one: Mapping[Key, int], other: Mapping[Key, int]) -> dict[Key, int]:
    total = dict(one)
    for name, count in other.items():
        total[name] = total.get(name, 0) + count
    return total
