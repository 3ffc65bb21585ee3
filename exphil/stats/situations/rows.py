"""Techs, ledge options and recoveries of a game as rows of their tables, and each conversion's sequence."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import hypot, inf, isnan
from typing import Any

import numpy as np

from exphil.melee.geometry import GEOMETRY, StageGeometry
from exphil.stats.game import GameStats, Punish
from exphil.stats.situations.course import Course
from exphil.stats.situations.ledges import ledge_options
from exphil.stats.situations.recoveries import Recovery, recoveries
from exphil.stats.situations.sequence import answers, sequence
from exphil.stats.situations.specials import DOWN, NEUTRAL, SIDE, UP
from exphil.stats.situations.techs import Tech, techs
from exphil.stats.walk import FIRST_FRAME, Fighter

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Situations:
    """`sequences`: of the game's conversions, in their order; `rows`: (table, row without the game's id)."""

    sequences: tuple[str, ...]
    rows: tuple[tuple[str, Row], ...]


def situations(stats: GameStats, stage: int) -> Situations:
    """What the players got into, and how they got out of it.

    Args:
        stage: external id. One whose ledges are not known has no recoveries.
    """
    geometry = GEOMETRY.get(stage)
    sequences = [""] * len(stats.conversions)
    rows: list[tuple[str, Row]] = []
    first, second = (Course(fighter) for fighter in stats.walk.fighters)
    for player, opponent in ((first, second), (second, first)):
        against = [
            (number, conversion)
            for number, conversion in enumerate(stats.conversions)
            if conversion.victim == player.fighter.port
        ]
        made = techs(player, opponent)
        events = answers(player, made)
        for number, conversion in against:
            sequences[number] = sequence(
                events,
                [(move.frame - FIRST_FRAME, move.attack) for move in conversion.moves],
                conversion.start - FIRST_FRAME,
                len(stats.walk) if conversion.end is None else conversion.end - FIRST_FRAME,
                killed=conversion.killed,
            )
        rows += _rows(player, opponent, made, against, geometry)
    return Situations(tuple(sequences), tuple(rows))


def _rows(
    player: Course,
    opponent: Course,
    made: Sequence[Tech],
    against: Sequence[tuple[int, Punish]],
    stage: StageGeometry | None,
) -> Iterator[tuple[str, Row]]:
    """Every row of one player."""
    held_in, fighter = _Numbers(against), player.fighter
    for tech in made:
        yield (
            "techs",
            {
                "port": fighter.port,
                "frame": tech.frame + FIRST_FRAME,
                "kind": tech.kind,
                "choice": tech.choice,
                "follow_up": tech.follow_up,
                "follow_up_frame": _frame(tech.follow_up_frame),
                "y": _number(fighter.y[tech.frame]),
                "punished": tech.punished_frame is not None,
                "punished_frame": _frame(tech.punished_frame),
                "conversion": held_in.at(tech.frame),
                **_place(fighter, opponent.fighter, tech.frame),
            },
        )
    for grab in ledge_options(player):
        yield (
            "ledge_options",
            {
                "port": fighter.port,
                "frame": grab.frame + FIRST_FRAME,
                "release_frame": _frame(grab.release),
                "option": grab.option,
                "after_drop": grab.after_drop,
                "slow": grab.slow,
                "side": int(np.sign(fighter.x[grab.frame])),
                "intangible_frames": grab.intangible,
                "galint": grab.galint,
                "regrabbed": grab.regrabbed,
                "was_hit": grab.hit is not None,
                "hit_frame": _frame(grab.hit),
                "conversion": held_in.at(grab.frame),
                **_place(fighter, opponent.fighter, grab.frame),
            },
        )
    if stage is None:
        return
    lost = np.flatnonzero(fighter.lost_stock)
    kills = {conversion.end for _, conversion in against if conversion.killed}
    for trip in recoveries(player, opponent, stage):
        yield (
            "recoveries",
            {
                "conversion": held_in.at(trip.start),
                "killed": trip.outcome == "died" and _loss(lost, trip.end) in kills,
                **_recovery(fighter, trip),
            },
        )


def _recovery(fighter: Fighter, trip: Recovery) -> Row:
    last = len(fighter.state) - 1 if trip.end is None else trip.end - 1
    guarded = trip.cause == "hit" and (trip.opponent_off_stage or trip.opponent_on_ledge)
    return {
        "port": fighter.port,
        "start_frame": trip.start + FIRST_FRAME,
        "end_frame": _frame(trip.end),
        "outcome": trip.outcome,
        "cause": trip.cause,
        "side": int(np.sign(fighter.x[trip.start])),
        "start_x": _number(fighter.x[trip.start]),
        "start_y": _number(fighter.y[trip.start]),
        "lowest_y": _number(trip.lowest_y),
        "farthest_x": _number(trip.farthest_x),
        "start_percent": float(fighter.percent[trip.start]),
        "end_percent": float(fighter.percent[last]),
        "could_act": trip.could_act,
        "double_jumped": trip.double_jumped,
        "neutral_special": NEUTRAL in trip.specials,
        "side_special": SIDE in trip.specials,
        "up_special": UP in trip.specials,
        "down_special": DOWN in trip.specials,
        "air_dodged": trip.air_dodged,
        "num_hits": trip.num_hits,
        "last_hit_frame": _frame(trip.last_hit),
        "opponent_off_stage": trip.opponent_off_stage,
        "opponent_on_ledge": trip.opponent_on_ledge,
        "edge_guarded": trip.could_act and (trip.num_hits > 0 or guarded),
    }


class _Numbers:
    """Numbers of the conversions on one player, by place. They come in order of time and do not overlap."""

    def __init__(self, against: Sequence[tuple[int, Punish]]) -> None:
        self.numbers = [number for number, _ in against]
        self.first = [found.start - FIRST_FRAME for _, found in against]
        self.last = [inf if found.end is None else found.end - FIRST_FRAME for _, found in against]

    def at(self, place: int) -> int | None:
        index = bisect_right(self.first, place) - 1
        return self.numbers[index] if index >= 0 and place <= self.last[index] else None


def _place(fighter: Fighter, opponent: Fighter, frame: int) -> Row:
    """Where both players are."""
    x, other_x = float(fighter.x[frame]), float(opponent.x[frame])
    return {
        "x": _number(x),
        "percent": float(fighter.percent[frame]),
        "opponent_x": _number(other_x),
        "opponent_distance": _number(hypot(other_x - x, float(opponent.y[frame]) - float(fighter.y[frame]))),
    }


def _loss(lost: np.ndarray[Any, np.dtype[np.int64]], death: int | None) -> int | None:
    """Frame id on which the stock of a death is taken: a fall from the sky takes it a while later."""
    index = int(np.searchsorted(lost, death)) if death is not None else len(lost)
    return int(lost[index]) + FIRST_FRAME if index < len(lost) else None


def _frame(place: int | None) -> int | None:
    return None if place is None else place + FIRST_FRAME


def _number(value: float) -> float | None:
    """Null where a mended recording has no position."""
    number = float(value)
    return None if isnan(number) else number
