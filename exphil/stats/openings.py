"""How each conversion began: out of neutral, as a counter-attack, or as one side of a trade."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

TRADE: Final = "trade"
COUNTER_ATTACK: Final = "counter-attack"
NEUTRAL_WIN: Final = "neutral-win"


@dataclass(frozen=True, slots=True)
class Conversion:
    """What the opening goes by. `end` is a frame id, None while it lasts; `mover` made the last move, if any."""

    victim: int
    start: int
    end: int | None
    mover: int | None


def opening_types(conversions: Sequence[Conversion]) -> list[str]:
    """The opening of each conversion of a game; they come in order of their start.

    Those that start together trade. Of the others a counter-attack is one that started while the attacker was
    the victim of one, that is, before the latest such had ended; an end that is missing or at frame 0 counts
    as none. The attacker is who made the last move: one without moves is held against its own victim.
    """
    last_end: dict[int, int | None] = {}
    found: list[str] = []
    for _, group in groupby(conversions, key=lambda conversion: conversion.start):
        together = list(group)
        for conversion in together:
            last_end[conversion.victim] = conversion.end
            if len(together) > 1:
                found.append(TRADE)
                continue
            attacker = conversion.victim if conversion.mover is None else conversion.mover
            end = last_end.get(attacker)
            found.append(COUNTER_ATTACK if end and end > conversion.start else NEUTRAL_WIN)
    return found
