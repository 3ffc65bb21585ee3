"""Conversions added up: openings, kills, damage, and the ratios with their quirks."""

from typing import Any

import numpy as np
import pytest

from exphil.stats.game import GameStats, Ratio
from exphil.stats.walk import FIRST_FRAME, Fighter
from tests.stats.fighters import fighter
from tests.stats.games import stats

WAIT, HURT = 0x0E, 0x4B

LENGTH = 400

Hits = dict[int, float]
"""Damage by the place of the frame on which it is taken; 0.0 is a hit without damage."""


def victim(hits: Hits, port: int, **columns: Any) -> Fighter:
    """A player hurt for five frames by each hit, in control otherwise, whose action begins anew on every frame."""
    states, percent = np.full(LENGTH, WAIT), np.zeros(LENGTH)
    for place, damage in hits.items():
        states[place : place + 5] = HURT
        percent[place:] += damage
    columns.setdefault("age", np.arange(LENGTH)[::-1])
    return fighter(states.tolist(), port=port, percent=percent, **columns)


def game(first: Hits, second: Hits, death: int = LENGTH) -> GameStats:
    """Hits that port 1 takes, and those that port 2 takes, who loses a stock at `death`."""
    stocks = np.where(np.arange(LENGTH) < death, 4, 3)
    return stats(victim(first, 1), victim(second, 2, stocks=stocks))


def ratio(found: GameStats, port: int, name: str) -> tuple[float, float]:
    side = found.overall[port - 1].ratios[name]
    return side.count, side.total


def test_openings_are_those_made_on_the_opponent() -> None:
    found = game({}, {50: 3.0, 55: 4.0, 200: 5.0})
    assert [side.conversion_count for side in found.overall] == [2, 0]
    assert [side.total_damage for side in found.overall] == [12.0, 0.0]
    assert ratio(found, 1, "damage_per_opening") == (12.0, 2)
    assert found.conversions[0].start_percent == 0.0


def test_success_takes_two_moves_and_two_hits_of_one_are_one() -> None:
    found = game({}, {50: 3.0, 55: 4.0})
    assert [[move.hits for move in c.moves] for c in found.conversions] == [[1, 1]]
    assert ratio(found, 1, "successful_conversions") == (1, 1)
    found = stats(victim({}, 1, age=1.0), victim({50: 3.0, 55: 4.0}, 2))
    assert [[move.hits for move in c.moves] for c in found.conversions] == [[2]]
    assert ratio(found, 1, "successful_conversions") == (0, 1)


def test_a_kill_closes_the_opening_and_counts() -> None:
    found = game({}, {50: 3.0, 58: 9.0}, death=60)
    assert [side.kill_count for side in found.overall] == [1, 0]
    assert [(c.start, c.end, c.killed) for c in found.conversions] == [
        (FIRST_FRAME + 50, FIRST_FRAME + 60, True),
        (FIRST_FRAME + 61, FIRST_FRAME + 63 + 45, False),
    ]  # hurt on after the loss: another opening, on the next frame and no sooner
    assert ratio(found, 1, "openings_per_kill") == (2, 1)


def test_the_death_frame_opens_nothing_where_the_victim_is_hurt_no_more() -> None:
    """The stock falls on the last frame of being hurt: one conversion, not one and a phantom."""
    found = game({}, {50: 3.0}, death=54)
    assert [(c.start, c.end) for c in found.conversions] == [(FIRST_FRAME + 50, FIRST_FRAME + 54)]


def test_end_percent_is_that_of_the_frame_before_and_none_while_open() -> None:
    percent = np.zeros(LENGTH)
    percent[50:60], percent[60:] = 30.0, 0.0
    other = victim({50: 0.0}, 2, stocks=np.array([4] * 60 + [3] * (LENGTH - 60)))
    other.percent[:] = percent
    other.state[LENGTH - 10 :] = HURT
    first, last = stats(victim({}, 1), other).conversions
    assert (first.end_percent, first.current_percent) == (30.0, 30.0)
    assert (last.end, last.end_percent) == (None, None)


def test_a_share_is_of_both_players_openings() -> None:
    found = game({200: 3.0, 300: 3.0}, {50: 3.0})
    assert ratio(found, 1, "neutral_win_ratio") == (1, 3)
    assert ratio(found, 2, "neutral_win_ratio") == (2, 3)


def test_an_opening_without_a_move_counts_and_belongs_to_no_share() -> None:
    found = game({}, {50: 0.0, 200: 3.0})
    assert [c.opening for c in found.conversions] == ["counter-attack", "neutral-win"]
    assert found.overall[0].conversion_count == 2
    assert ratio(found, 1, "counter_hit_ratio") == (0, 0)
    assert ratio(found, 1, "neutral_win_ratio") == (1, 1)


def test_players_of_one_team_have_no_openings_against_each_other() -> None:
    found = stats(victim({200: 3.0}, 1), victim({50: 3.0, 300: 1.0}, 2), allied=True)
    assert ratio(found, 1, "neutral_win_ratio") == (2, 2)
    assert ratio(found, 2, "neutral_win_ratio") == (1, 1)
    assert [side.conversion_count for side in found.overall] == [2, 1]


def test_a_trade_goes_to_the_larger_damage() -> None:
    found = game({50: 3.0}, {50: 4.0})
    assert [c.opening for c in found.conversions] == ["trade", "trade"]
    assert ratio(found, 1, "beneficial_trade_ratio") == (1, 1)
    assert ratio(found, 2, "beneficial_trade_ratio") == (0, 1)


def test_a_kill_wins_a_trade_and_larger_damage_wins_it_too() -> None:
    """Only the first kills, the second dealt more: both count it as theirs."""
    found = game({50: 9.0}, {50: 4.0}, death=60)
    assert ratio(found, 1, "beneficial_trade_ratio") == (1, 1)
    assert ratio(found, 2, "beneficial_trade_ratio") == (1, 1)


def test_trades_are_paired_in_their_order() -> None:
    found = game({50: 3.0, 200: 9.0}, {50: 4.0, 200: 4.0})
    assert ratio(found, 1, "beneficial_trade_ratio") == (1, 2)
    assert ratio(found, 2, "beneficial_trade_ratio") == (1, 2)


def test_a_ratio_of_nothing_has_no_value() -> None:
    assert Ratio(3, 0).value is None
    assert Ratio(0, 3).value == 0
    found = game({}, {})
    assert found.overall[0].ratios["openings_per_kill"].value is None
    assert found.overall[0].ratios["inputs_per_minute"].value == 0


@pytest.mark.parametrize("ports", [(1, 2), (2, 4), (3, 4)])
def test_ports_need_not_be_1_and_2(ports: tuple[int, int]) -> None:
    found = stats(victim({}, ports[0]), victim({50: 3.0}, ports[1]))
    (conversion,) = found.conversions
    assert (conversion.attacker, conversion.victim) == ports
    assert [side.port for side in found.overall] == list(ports)
