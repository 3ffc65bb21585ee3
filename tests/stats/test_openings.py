"""Opening types against their slow twin, and the quirks that come with them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.stats.openings import COUNTER_ATTACK, NEUTRAL_WIN, TRADE, Conversion, opening_types


def slow_types(conversions: list[Conversion]) -> list[str]:
    """Each conversion by itself: who else starts with it, and the latest end of its attacker's own misfortunes."""
    found = []
    for place, conversion in enumerate(conversions):
        if sum(other.start == conversion.start for other in conversions) > 1:
            found.append(TRADE)
            continue
        attacker = conversion.victim if conversion.mover is None else conversion.mover
        ends = [other.end for other in conversions[: place + 1] if other.victim == attacker]
        latest = ends[-1] if ends else None
        # An end that is missing, and one on frame 0, read as none.
        found.append(COUNTER_ATTACK if latest and latest > conversion.start else NEUTRAL_WIN)
    return found


@st.composite
def games(draw: st.DrawFn) -> list[Conversion]:
    starts = sorted(draw(st.lists(st.integers(-20, 40), max_size=12)))
    found, taken = [], set()
    for start in starts:
        victim = draw(st.sampled_from([1, 2]))
        if (start, victim) in taken:
            continue
        taken.add((start, victim))
        end = draw(st.one_of(st.none(), st.integers(start, 50), st.just(max(start, 0))))
        found.append(Conversion(victim, start, end, draw(st.sampled_from([None, 3 - victim]))))
    return found


@given(games())
def test_openings_are_what_each_conversion_says_for_itself(conversions: list[Conversion]) -> None:
    assert opening_types(conversions) == slow_types(conversions)


def test_two_that_start_together_trade() -> None:
    assert opening_types([Conversion(1, 10, 50, 2), Conversion(2, 10, 90, 1)]) == [TRADE, TRADE]


def test_one_that_starts_before_the_attackers_own_ended_is_a_counter_attack() -> None:
    """Whoever is hit last turned the tables."""
    assert opening_types([Conversion(1, 10, 50, 2), Conversion(2, 40, 90, 1)]) == [
        NEUTRAL_WIN,
        COUNTER_ATTACK,
    ]
    assert opening_types([Conversion(1, 10, 40, 2), Conversion(2, 40, 90, 1)]) == [NEUTRAL_WIN, NEUTRAL_WIN]


@pytest.mark.parametrize("end", [None, 0])
def test_an_end_that_is_missing_or_on_frame_0_reads_as_none(end: int | None) -> None:
    assert opening_types([Conversion(1, -20, end, 2), Conversion(2, -10, 90, 1)]) == [
        NEUTRAL_WIN,
        NEUTRAL_WIN,
    ]


@pytest.mark.parametrize(("end", "opening"), [(90, COUNTER_ATTACK), (None, NEUTRAL_WIN), (40, NEUTRAL_WIN)])
def test_one_without_a_move_compares_with_itself(end: int | None, opening: str) -> None:
    """A counter-attack once it has ended, though nobody attacked."""
    assert opening_types([Conversion(1, 40, end, None)]) == [opening]


def test_only_the_latest_misfortune_of_the_attacker_counts() -> None:
    conversions = [Conversion(1, 10, 99, 2), Conversion(1, 20, 30, 2), Conversion(2, 40, 60, 1)]
    assert opening_types(conversions)[-1] == NEUTRAL_WIN
