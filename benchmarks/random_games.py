"""Games of two that never were: punishes, stocks and results drawn at random, and consistent with each other.

Damage adds up, a stock ends when a punish kills or its owner falls, the last stock decides the game. No frame is
simulated: this is for stores of millions of rows, where `exphil synth` would take days.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.random import Generator
from numpy.typing import NDArray

STOCKS: Final = 4
MOST_MOVES: Final = 12
MOST_PUNISHES: Final = 120
PORTS: Final = (1, 2)

THROWS: Final = (53, 54, 55, 56)
"""Attack ids: forward, back, up and down."""

_ATTACKS: Final[dict[int, int]] = {
    2: 77, 6: 52, 7: 33, 8: 39, 9: 52, 10: 31, 11: 25, 12: 46, 13: 161, 14: 138, 15: 215, 16: 74, 17: 203,
    18: 177, 19: 29, 20: 34, 21: 101, 50: 10, 52: 45, 53: 21, 54: 18, 55: 39, 56: 24, 62: 6,
}  # fmt: skip
"""How often a move opens a punish, of 1,654 on real replays."""

_DEATH_STATES: Final[dict[int, int]] = {0: 168, 1: 46, 2: 50, 4: 26, 7: 6}


@dataclass(frozen=True, slots=True)
class Games:
    """Frames of `num_games` games, without their names: column `game` counts from 0.

    Attributes:
        punishes: game, side (of the attacker, 0 or 1), number, frames, percents, killed, ...
        moves: game, number (of the punish), move, side, frame, attack, damage.
        stocks: game, side, start_frame, end_frame, percent, count, death_state.
        last_frame: of every game.
        stocks_left: (num_games, 2) at the end.
        percent: (num_games, 2) at the end.
    """

    punishes: pl.DataFrame
    moves: pl.DataFrame
    stocks: pl.DataFrame
    last_frame: NDArray[np.int64]
    stocks_left: NDArray[np.int64]
    percent: NDArray[np.float64]


def play(num_games: int, rng: Generator) -> Games:
    """All games at once, a punish at a time."""
    each = np.arange(num_games)
    percent = np.zeros((num_games, 2))
    stocks = np.full((num_games, 2), STOCKS)
    began = np.full((num_games, 2), -123)
    frame = np.zeros(num_games, np.int64)
    skill = rng.normal(0.5, 0.08, num_games).clip(0.2, 0.8)
    punishes: list[pl.DataFrame] = []
    moves: list[pl.DataFrame] = []
    lost: list[pl.DataFrame] = []
    number = 0

    def lose(games: NDArray[np.int64], sides: NDArray[np.int64], at: NDArray[np.int64]) -> None:
        lost.append(
            pl.DataFrame(
                {
                    "game": games,
                    "side": sides,
                    "start_frame": began[games, sides],
                    "end_frame": at[games],
                    "percent": percent[games, sides],
                    "count": stocks[games, sides],
                    "death_state": _drawn(rng, _DEATH_STATES, len(games)),
                }
            )
        )
        stocks[games, sides] -= 1
        percent[games, sides] = 0.0
        began[games, sides] = at[games] + 45

    while len(alive := each[(stocks > 0).all(1)]) and number < MOST_PUNISHES:
        attacker = (rng.random(num_games) > skill).astype(np.int64)
        victim = 1 - attacker
        frame += rng.geometric(1 / 110, num_games) + 20
        start = frame.copy()
        before = percent[each, victim]
        drawn = _draw_moves(rng, num_games, attacker, start)
        dealt = np.where(drawn.taken, drawn.damage, 0.0).sum(1)
        after = before + dealt
        end = start + 45 + 30 * drawn.count
        killed = rng.random(num_games) < ((after - 45) / 260).clip(0.002, 0.8)
        punishes.append(
            pl.DataFrame(
                {
                    "game": alive,
                    "number": number,
                    "side": attacker[alive],
                    "start_frame": start[alive],
                    "end_frame": end[alive],
                    "start_percent": before[alive],
                    "end_percent": after[alive],
                    "killed": killed[alive],
                    "num_moves": drawn.count[alive],
                    "damage": dealt[alive],
                }
            )
        )
        moves.append(drawn.table(alive, number))
        percent[alive, victim[alive]] = after[alive]
        frame = end + 15
        kills = alive[killed[alive]]
        lose(kills, victim[kills], end)
        falls = each[(stocks > 0).all(1) & ~killed & (rng.random(num_games) < 0.014)]
        lose(falls, (rng.random(len(falls)) < 0.5).astype(np.int64), frame)
        number += 1

    last = pl.concat(lost).group_by("game").agg(pl.col("end_frame").max()).sort("game")
    last_frame = frame.copy()
    last_frame[last["game"].to_numpy()] = last["end_frame"].to_numpy() + 30
    lost.append(_unlost(stocks, began, percent))
    return Games(
        pl.concat(punishes).sort("game", "number"),
        pl.concat(moves).sort("game", "number", "move"),
        pl.concat(lost).sort("game", "side", "start_frame"),
        last_frame,
        stocks,
        percent,
    )


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Moves of one punish of every game: arrays (num_games, MOST_MOVES), of which `count` are taken."""

    attacker: NDArray[np.int64]
    count: NDArray[np.int64]
    taken: NDArray[np.bool_]
    attack: NDArray[np.int64]
    damage: NDArray[np.float64]
    frame: NDArray[np.int64]

    def table(self, alive: NDArray[np.int64], number: int) -> pl.DataFrame:
        row, place = np.nonzero(self.taken[alive])
        game = alive[row]
        return pl.DataFrame(
            {
                "game": game,
                "number": number,
                "move": place,
                "side": self.attacker[game],
                "frame": self.frame[game, place],
                "attack": self.attack[game, place],
                "damage": self.damage[game, place],
            }
        )


def _draw_moves(
    rng: Generator, num_games: int, attacker: NDArray[np.int64], start: NDArray[np.int64]
) -> _Drawn:
    shape = (num_games, MOST_MOVES)
    count = rng.geometric(0.43, num_games).clip(1, MOST_MOVES)
    count[rng.random(num_games) < 0.04] = 0  # a grab that was broken
    grabbed = (rng.random(num_games) < 0.15) | (count == 0)
    attack = _drawn(rng, _ATTACKS, shape)
    attack[:, 0] = np.where(grabbed, rng.choice(THROWS, num_games), attack[:, 0])
    return _Drawn(
        attacker,
        count,
        np.arange(MOST_MOVES) < count[:, None],
        attack,
        rng.gamma(4.0, 2.2, shape).round(2) + 0.5,
        start[:, None] + 30 * np.arange(MOST_MOVES),
    )


def _unlost(
    stocks: NDArray[np.int64], began: NDArray[np.int64], percent: NDArray[np.float64]
) -> pl.DataFrame:
    """The stocks that the games ended with."""
    games, sides = np.nonzero(stocks > 0)
    nothing = pl.Series([None] * len(games), dtype=pl.Int64)
    return pl.DataFrame(
        {
            "game": games,
            "side": sides,
            "start_frame": began[games, sides],
            "end_frame": nothing,
            "percent": percent[games, sides],
            "count": stocks[games, sides],
            "death_state": nothing,
        }
    )


def _drawn(rng: Generator, weights: dict[int, int], shape: int | tuple[int, ...]) -> NDArray[np.int64]:
    share = np.array(list(weights.values()), float)
    return rng.choice(np.array(list(weights)), shape, p=share / share.sum())
