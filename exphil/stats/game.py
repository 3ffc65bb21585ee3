"""All statistics of one two-player game, as plain values: what the tables and the JSON are written from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import pyarrow as pa

from exphil.stats.actions import Counts, action_counts
from exphil.stats.inputs import Inputs, inputs
from exphil.stats.openings import COUNTER_ATTACK, NEUTRAL_WIN, TRADE, Conversion, opening_types
from exphil.stats.punishes import Punishes, combos, conversions
from exphil.stats.quality.activity import idle_frames
from exphil.stats.stocks import Stocks, stocks
from exphil.stats.walk import FIRST_FRAME, PLAY_STARTS, Fighter, Walk, walk

FRAMES_A_MINUTE: Final = 3600


@dataclass(frozen=True, slots=True)
class Move:
    """What one animation of the attacker dealt."""

    port: int
    frame: int
    attack: int
    hits: int
    damage: float


@dataclass(frozen=True, slots=True)
class Punish:
    """A conversion or combo; `opening` is empty for a combo. Frames are ids, None where it never ended."""

    victim: int
    attacker: int
    start: int
    end: int | None
    start_percent: float
    current_percent: float
    end_percent: float | None
    killed: bool
    moves: tuple[Move, ...]
    opening: str = ""


@dataclass(frozen=True, slots=True)
class Stock:
    """A stock; frames are ids, None where it was not lost."""

    port: int
    start: int
    end: int | None
    current_percent: float
    end_percent: float | None
    count: int
    death: int | None


@dataclass(frozen=True, slots=True)
class Ratio:
    """A share or rate. To add up games, add counts and totals, then divide."""

    count: float
    total: float

    @property
    def value(self) -> float | None:
        return self.count / self.total if self.total else None


@dataclass(frozen=True, slots=True)
class Overall:
    """A player's summary; `ratios` by the names that `exphil.schema.OVERALL` has."""

    port: int
    inputs: Inputs
    conversion_count: int
    total_damage: float
    kill_count: int
    ratios: Mapping[str, Ratio]


@dataclass(frozen=True, slots=True)
class GameStats:
    """Everything about one game; players in order of their ports."""

    walk: Walk
    ports: tuple[int, int]
    playable_frames: int
    stocks: tuple[Stock, ...]
    conversions: tuple[Punish, ...]
    combos: tuple[Punish, ...]
    actions: tuple[Counts, Counts]
    overall: tuple[Overall, Overall]
    idle_frames: tuple[int, int]


def game_stats(
    frames: pa.Table,
    ports: tuple[int, int],
    last_frame: int,
    final_frame: int | None = None,
    *,
    allied: bool = False,
) -> GameStats:
    """Statistics of a game from its rows of `frames`.

    Args:
        frames: columns `exphil.stats.walk.COLUMNS`.
        ports: of the two players, ascending.
        last_frame: the recording's last frame id, walked or not: minutes go by it.
        final_frame: where the walk ends, for a recording without an end; see `exphil.stats.finality`.
        allied: the two are one team: neither is an opponent whose openings count against the other's.
    """
    walked = walk(frames, ports, final_frame)
    first, second = walked.fighters
    playable = max(0, last_frame - PLAY_STARTS)
    found = _with_openings(_punishes(walked, conversions))
    counted = (inputs(first), inputs(second))
    return GameStats(
        walk=walked,
        ports=ports,
        playable_frames=playable,
        stocks=_stocks(walked),
        conversions=found,
        combos=_punishes(walked, combos),
        actions=(action_counts(first, second), action_counts(second, first)),
        overall=(
            _overall(ports[0], counted[0], found, playable, allied),
            _overall(ports[1], counted[1], found, playable, allied),
        ),
        idle_frames=(idle_frames(first), idle_frames(second)),
    )


def _stocks(walked: Walk) -> tuple[Stock, ...]:
    """Both players' stocks in order of their start."""
    found: list[Stock] = []
    for fighter in walked.fighters:
        of_player: Stocks = stocks(fighter)
        for i in range(len(of_player)):
            ended = bool(of_player.ended[i])
            found.append(
                Stock(
                    port=fighter.port,
                    start=int(of_player.start[i]) + FIRST_FRAME,
                    end=int(of_player.end[i]) + FIRST_FRAME if ended else None,
                    current_percent=float(of_player.current_percent[i]),
                    end_percent=float(of_player.end_percent[i]) if ended else None,
                    count=int(of_player.count[i]),
                    death=int(of_player.death[i]) if ended else None,
                )
            )
    return tuple(sorted(found, key=lambda stock: (stock.start, stock.port)))


def _punishes(walked: Walk, find: Callable[[Fighter, Fighter], Punishes]) -> tuple[Punish, ...]:
    """Both players' punishes in order of their start; of two that start together the lower port's comes first."""
    found: list[Punish] = []
    first, second = walked.fighters
    for attacker, victim in ((first, second), (second, first)):
        of_attacker: Punishes = find(attacker, victim)
        moves: list[list[Move]] = [[] for _ in range(len(of_attacker))]
        listed = of_attacker.moves
        for punish, frame, attack, hits, damage in zip(
            listed.punish.tolist(), (listed.frame + FIRST_FRAME).tolist(), listed.attack.tolist(),
            listed.hits.tolist(), listed.damage.tolist(), strict=True,
        ):  # fmt: skip
            moves[punish].append(Move(attacker.port, frame, attack, hits, damage))
        ended = of_attacker.ended.tolist()
        columns = zip(
            (of_attacker.start + FIRST_FRAME).tolist(), (of_attacker.end + FIRST_FRAME).tolist(), ended,
            of_attacker.start_percent.tolist(), of_attacker.current_percent.tolist(),
            of_attacker.end_percent.tolist(), of_attacker.killed.tolist(), moves, strict=True,
        )  # fmt: skip
        found += [
            Punish(
                victim=victim.port, attacker=attacker.port, start=start, end=end if over else None,
                start_percent=start_percent, current_percent=current,
                end_percent=end_percent if over else None, killed=killed, moves=tuple(dealt),
            )
            for start, end, over, start_percent, current, end_percent, killed, dealt in columns
        ]  # fmt: skip
    return tuple(sorted(found, key=lambda punish: (punish.start, punish.attacker)))


def _with_openings(found: tuple[Punish, ...]) -> tuple[Punish, ...]:
    openings = opening_types(
        [Conversion(c.victim, c.start, c.end, c.moves[-1].port if c.moves else None) for c in found]
    )
    return tuple(replace(c, opening=opening) for c, opening in zip(found, openings, strict=True))


def _overall(port: int, counted: Inputs, found: tuple[Punish, ...], playable: int, allied: bool) -> Overall:
    own = [c for c in found if c.victim != port]
    kills = sum(c.killed and c.attacker == port for c in own)
    successful = sum(len(c.moves) > 1 and c.moves[0].port == port for c in own)
    damage = 0.0
    for conversion in own:
        for move in conversion.moves:
            damage += move.damage if move.port == port else 0.0
    minutes = playable / FRAMES_A_MINUTE
    # Conversions without moves belong to nobody.
    counted_openings = tuple(c for c in found if c.moves and not (allied and c.moves[0].port != port))
    return Overall(
        port=port,
        inputs=counted,
        conversion_count=len(own),
        total_damage=damage,
        kill_count=kills,
        ratios={
            "successful_conversions": Ratio(successful, len(own)),
            "inputs_per_minute": Ratio(counted.total, minutes),
            "digital_inputs_per_minute": Ratio(counted.buttons, minutes),
            "openings_per_kill": Ratio(len(own), kills),
            "damage_per_opening": Ratio(damage, len(own)),
            "neutral_win_ratio": _share(counted_openings, port, NEUTRAL_WIN),
            "counter_hit_ratio": _share(counted_openings, port, COUNTER_ATTACK),
            "beneficial_trade_ratio": _trades(counted_openings, port),
        },
    )


def _share(found: tuple[Punish, ...], port: int, opening: str) -> Ratio:
    """Own openings of a kind among both players'."""
    by = [c.moves[0].port for c in found if c.opening == opening]
    return Ratio(by.count(port), len(by))


def _trades(found: tuple[Punish, ...], port: int) -> Ratio:
    """Own trades that were worth it: killed alone, or else dealt more than was taken."""
    trades = [c for c in found if c.opening == TRADE]
    own = [c for c in trades if c.moves[0].port == port]
    others = [c for c in trades if c.moves[0].port != port]
    won = 0
    for mine, theirs in zip(own, others, strict=False):
        dealt = mine.current_percent - mine.start_percent
        taken = theirs.current_percent - theirs.start_percent
        won += (mine.killed and not theirs.killed) or dealt > taken
    return Ratio(won, len(own))
