"""What a conversion consisted of, as words in order of time: `grab up-throw uair tech-in uair kill`."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from exphil.melee.attacks import move_name
from exphil.stats.situations.course import CLIFF_CATCH, GRAB_HELD, Course
from exphil.stats.situations.techs import Tech

Event = tuple[int, int, str]
"""Place in the walk, rank among those of one place, word."""

GRAB, MOVE, ANSWER = range(3)
KILL: Final = "kill"


def answers(victim: Course, techs: Sequence[Tech]) -> list[Event]:
    """What is told of a player as victim: being grabbed, techs and ledge grabs, in order of time."""
    held = victim.during(GRAB_HELD)
    grabbed = np.flatnonzero(held & ~np.append(False, held[:-1]))
    ledge = victim.began[victim.state[victim.began] == CLIFF_CATCH]
    found = [(place, GRAB, "grab") for place in grabbed.tolist()]
    found += [(tech.frame, ANSWER, tech_word(tech)) for tech in techs]
    found += [(place, ANSWER, "ledge-grab") for place in ledge.tolist()]
    return sorted(found)


def tech_word(tech: Tech) -> str:
    """`tech-in-place`, `tech-in`, `tech-away`, `missed-tech`; with `wall-` or `ceiling-` before it off the ground."""
    word = "missed-tech" if tech.choice == "missed" else f"tech-{tech.choice}"
    return word if tech.kind == "ground" else f"{tech.kind}-{word}"


def sequence(
    events: Sequence[Event], moves: Sequence[tuple[int, int]], first: int, last: int, *, killed: bool
) -> str:
    """The words of one conversion.

    Args:
        events: of its victim, in order of time.
        moves: (place, attack id) of each.
        first, last: the places that it spans.
        killed: whether it ended with a stock.
    """
    words = [(place, MOVE, move_name(attack)) for place, attack in moves]
    words += [event for event in events if first <= event[0] <= last]
    words.sort(key=lambda event: event[:2])
    return " ".join([word for _, _, word in words] + [KILL] * killed)
