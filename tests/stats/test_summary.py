"""Figures of a player: what single games give, and that games add up."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.melee.attacks import move_name
from exphil.replays.frames import frame_tables
from exphil.replays.reader import read_game
from exphil.schema.stats import ACTIONS
from exphil.stats.figures import FIGURES, favourite
from exphil.stats.game import GameStats, Move, Overall, Punish, Ratio, Stock
from exphil.stats.inputs import Inputs
from exphil.stats.played import losses, played
from exphil.stats.summary import RATIOS, Percents, Summary, first_blood, summaries

UAIR, UP_THROW, DOWN_SMASH = 16, 55, 12


def overall(port: int, kills: int, **ratios: Ratio) -> Overall:
    known = dict.fromkeys(RATIOS, Ratio(0, 0)) | ratios
    return Overall(port, Inputs(0, 0, 0, 0), 0, 0.0, kills, known)


def stock(port: int, end: int | None, percent: float | None) -> Stock:
    return Stock(port, -123, end, 0.0, percent, 4, None if end is None else 4)


def punish(
    attacker: int, dealt: tuple[float, float | None], *attacks: int, killed: bool = False, opening: str = ""
) -> Punish:
    moves = tuple(Move(attacker, 10 + place, attack, 1, 5.0) for place, attack in enumerate(attacks))
    start, end = dealt
    return Punish(3 - attacker, attacker, 10, 60, start, end or 0.0, end, killed, moves, opening)


def game(**given: Any) -> GameStats:
    """What the summary reads of a game of ports 1 and 2, in which nothing happens unless given."""
    counts = {column.name: 0 for column in ACTIONS}
    nothing: dict[str, Any] = {
        "ports": (1, 2),
        "playable_frames": 3600,
        "stocks": (),
        "conversions": (),
        "combos": (),
        "actions": (counts, dict(counts)),
        "overall": (overall(1, 0), overall(2, 0)),
    }
    return cast(GameStats, SimpleNamespace(**(nothing | given)))


def test_kill_percents_are_the_opponents_and_self_destructs_the_own() -> None:
    stocks = (stock(2, 100, 80.0), stock(2, 300, 120.5), stock(1, 200, 40.0), stock(1, None, None))
    one, other = summaries(game(stocks=stocks, overall=(overall(1, 2), overall(2, 0))), winner_port=1)
    assert one.taken == Percents(2, 200.5, 80.0, 120.5)
    assert one.taken.mean == 100.25
    assert (one.lost.highest, one.self_destructs) == (40.0, 1)
    assert (other.self_destructs, other.lost.highest) == (0, 120.5)
    assert (one.wins, one.losses, other.wins, other.losses) == (1, 0, 0, 1)
    assert (one.first_bloods, other.first_bloods, one.bloody, other.bloody) == (1, 0, 1, 1)


def test_nobody_draws_first_blood_from_a_double_ko() -> None:
    assert first_blood([stock(1, 100, 5.0), stock(2, 100, 7.0)]) is None
    assert first_blood([stock(1, None, None), stock(2, None, None)]) is None
    assert first_blood([stock(1, 100, 5.0), stock(2, 90, 7.0)]) == 2


def test_moves_and_the_best_punish_are_those_of_own_conversions() -> None:
    conversions = (
        punish(1, (0.0, 30.0), UP_THROW, UAIR, opening="neutral-win"),
        punish(1, (30.0, 90.0), UAIR, DOWN_SMASH, killed=True, opening="counter-attack"),
        punish(1, (0.0, None), UAIR, opening="neutral-win"),
        punish(1, (0.0, 2.0), opening="neutral-win"),
        punish(2, (0.0, 70.0), UAIR, killed=True, opening="neutral-win"),
    )
    one, other = summaries(game(conversions=conversions))
    assert one.best_punish == 60.0
    assert one.kill_moves == {DOWN_SMASH: 1}
    assert one.openers == {UP_THROW: 1, UAIR: 1}
    assert (other.best_punish, other.kill_moves, other.openers) == (70.0, {UAIR: 1}, {UAIR: 1})


def test_a_stock_is_lost_to_the_last_move_of_the_conversion_that_took_it() -> None:
    conversions = (
        punish(1, (30.0, 90.0), UAIR, DOWN_SMASH, killed=True),
        punish(1, (30.0, 90.0), UAIR),
        punish(2, (0.0, 5.0), killed=True),
    )
    stocks = (stock(1, 60, 5.0), stock(2, 60, 90.0), stock(2, 20, 0.0), stock(1, None, None))
    found = list(losses(game(stocks=stocks, conversions=conversions)))
    assert [(loss.frame, loss.port, loss.percent, loss.attack, loss.killed) for loss in found] == [
        (20, 2, 0.0, None, False),
        (60, 1, 5.0, None, True),
        (60, 2, 90.0, DOWN_SMASH, True),
    ]


def test_a_game_in_which_nothing_happens_has_figures() -> None:
    one, _ = summaries(game())
    assert one.best_punish is None
    assert one.taken.mean is None
    for figures in FIGURES.values():
        assert all(figure.told(one) for figure in figures)


counts = st.integers(0, 1000)
ratios = st.builds(Ratio, counts, counts)
percents = st.lists(st.integers(0, 300).map(float), max_size=5).map(Percents.of)
moves = st.dictionaries(st.integers(0, 62), st.integers(1, 9), max_size=3)
summary = st.builds(
    Summary,
    games=counts,
    wins=counts,
    losses=counts,
    playable_frames=counts,
    ratios=st.fixed_dictionaries(dict.fromkeys(RATIOS, ratios)),
    actions=st.dictionaries(st.sampled_from([column.name for column in ACTIONS]), counts, max_size=3),
    kills=counts,
    taken=percents,
    lost=percents,
    killed=counts,
    best_punish=st.none() | st.integers(0, 200).map(float),
    first_bloods=counts,
    bloody=counts,
    kill_moves=moves,
    openers=moves,
)


@given(summary, summary, summary)
def test_games_add_up_in_any_order(one: Summary, other: Summary, third: Summary) -> None:
    assert one + other == other + one
    assert (one + other) + third == one + (other + third)
    assert one + Summary() == Summary() + one == one
    both = (one + other).ratios["openings_per_kill"]
    apart = (one.ratios["openings_per_kill"], other.ratios["openings_per_kill"])
    assert (both.count, both.total) == (sum(r.count for r in apart), sum(r.total for r in apart))


@given(
    st.lists(st.integers(0, 300).map(float), max_size=5), st.lists(st.integers(0, 300).map(float), max_size=5)
)
def test_percents_of_both_are_both_percents(one: list[float], other: list[float]) -> None:
    assert Percents.of(one) + Percents.of(other) == Percents.of(one + other)


def test_the_favourite_move_goes_by_name() -> None:
    jabs = [attack for attack in range(2, 6) if move_name(attack) == "jab"]
    assert len(jabs) > 1
    assert favourite({UAIR: len(jabs), **dict.fromkeys(jabs, 1)}) == f"jab ({len(jabs)})"
    assert favourite({UAIR: len(jabs) + 1, **dict.fromkeys(jabs, 1)}) == f"uair ({len(jabs) + 1})"
    assert favourite({}) == "-"


def test_figures_of_real_games_are_those_of_their_answers(full_replays: list[Path], truth_dir: Path) -> None:
    """What is derived from the summary is derived here from slippi-js's answers, by their definitions."""
    compared = num_lost = 0
    for path in full_replays[::3]:
        answer = json.loads((truth_dir / f"{path.stem}.json").read_text(encoding="utf-8"))
        read = read_game(path.read_bytes(), path)
        found = played(str(path), read, frame_tables(read))
        if found is None or not answer["stats"]["stocks"]:
            continue
        kills = {(c["playerIndex"], c["endFrame"]) for c in answer["stats"]["conversions"] if c["didKill"]}
        ended = [s for s in answer["stats"]["stocks"] if "endFrame" in s]
        expected = [
            (s["endFrame"], s["playerIndex"], s["deathAnimation"], (s["playerIndex"], s["endFrame"]) in kills)
            for s in sorted(ended, key=lambda s: (s["endFrame"], s["playerIndex"]))
        ]
        assert [(loss.frame, loss.port - 1, loss.state, loss.killed) for loss in found.losses] == expected
        num_lost += len(expected)
        for side in found.sides:
            own, stats, port = side.summary, answer["stats"], side.port - 1
            gone = [
                s["endPercent"] for s in stats["stocks"] if s["playerIndex"] != port and "endPercent" in s
            ]
            lost = [s for s in stats["stocks"] if s["playerIndex"] == port and "endPercent" in s]
            dealt = [c for c in stats["conversions"] if c["lastHitBy"] == port]
            taken = [c for c in stats["conversions"] if c["playerIndex"] == port]
            assert own.taken.count == len(gone)
            assert own.taken.total == pytest.approx(sum(gone))
            assert own.taken.lowest == (pytest.approx(min(gone)) if gone else None)
            assert own.self_destructs == len(lost) - sum(c["didKill"] for c in taken)
            ended = [c["endPercent"] - c["startPercent"] for c in dealt if "endPercent" in c]
            assert own.best_punish == (pytest.approx(max(ended)) if ended else None)
            killers = [c["moves"][-1]["moveId"] for c in dealt if c["didKill"] and c["moves"]]
            assert sorted(killers) == sorted(m for m, times in own.kill_moves.items() for _ in range(times))
            compared += 1
    assert compared > 20
    assert num_lost > 50
