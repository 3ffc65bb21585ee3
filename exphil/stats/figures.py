"""The figures that players know from Slippi, in the order of its tables, each as it is written for people."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from exphil.melee.attacks import move_name
from exphil.stats.game import Ratio
from exphil.stats.summary import Summary

NOTHING: Final = "-"
"""Stands for a value that there is none of: a share of nothing."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A line of the table: `told` gives its text for one player."""

    title: str
    told: Callable[[Summary], str]


def _share(name: str) -> Callable[[Summary], str]:
    return lambda summary: share(summary.ratios[name])


def _rate(name: str, decimals: int) -> Callable[[Summary], str]:
    return lambda summary: number(summary.ratios[name].value, decimals)


def _count(*names: str) -> Callable[[Summary], str]:
    return lambda summary: " / ".join(str(summary.actions.get(name, 0)) for name in names)


def _percent(of: Callable[[Summary], float | None]) -> Callable[[Summary], str]:
    return lambda summary: number(of(summary), 1)


FIGURES: Final[Mapping[str, tuple[Figure, ...]]] = {
    "offence": (
        Figure("kills", lambda s: str(s.kills)),
        Figure("damage dealt", lambda s: number(s.ratios["damage_per_opening"].count, 1)),
        Figure("opening conversion rate", _share("successful_conversions")),
        Figure("openings / kill", _rate("openings_per_kill", 1)),
        Figure("damage / opening", _rate("damage_per_opening", 1)),
        Figure("average kill percent", _percent(lambda s: s.taken.mean)),
        Figure("earliest kill", _percent(lambda s: s.taken.lowest)),
        Figure("highest-damage punish", _percent(lambda s: s.best_punish)),
        Figure("favourite kill move", lambda s: favourite(s.kill_moves)),
    ),
    "neutral": (
        Figure("neutral wins", _share("neutral_win_ratio")),
        Figure("counter hits", _share("counter_hit_ratio")),
        Figure("beneficial trades", _share("beneficial_trade_ratio")),
        Figure("favourite opener", lambda s: favourite(s.openers)),
        Figure("first blood", lambda s: _first_blood(s)),
    ),
    "defence": (
        Figure("stocks lost", lambda s: str(s.lost.count)),
        Figure("self-destructs", lambda s: str(s.self_destructs)),
        Figure("latest death", _percent(lambda s: s.lost.highest)),
        Figure("spot dodges / rolls", _count("spot_dodge", "roll")),
        Figure("ground techs / missed", lambda s: _techs(s)),
        Figure("  in place / in / away", _count("ground_tech_neutral", "ground_tech_in", "ground_tech_away")),
        Figure("wall techs / missed", _count("wall_tech_success", "wall_tech_fail")),
    ),
    "movement": (
        Figure("wavedashes / wavelands", _count("wavedash", "waveland")),
        Figure("air dodges", _count("air_dodge")),
        Figure("dash dances", _count("dash_dance")),
        Figure("ledge grabs", _count("ledgegrab")),
    ),
    "grabs": (
        Figure("grabs that caught", lambda s: share(_grabs(s))),
        Figure(
            "throws up / fwd / back / down", _count("throw_up", "throw_forward", "throw_back", "throw_down")
        ),
    ),
    "inputs": (
        Figure("inputs / minute", _rate("inputs_per_minute", 1)),
        Figure("digital inputs / minute", _rate("digital_inputs_per_minute", 1)),
        Figure("L-cancels", lambda s: share(s.l_cancels)),
    ),
}
"""Group to its figures."""


def number(value: float | None, decimals: int) -> str:
    """A value with so many decimals; thousands in groups."""
    return NOTHING if value is None else f"{value:,.{decimals}f}"


def share(ratio: Ratio) -> str:
    """`62.5% (10/16)`."""
    value = ratio.value
    return NOTHING if value is None else f"{value:.1%} ({ratio.count:.0f}/{ratio.total:.0f})"


def favourite(moves: Mapping[int, int]) -> str:
    """The most frequent move, by name, and how often it was; of equals the one of the lowest id."""
    times: dict[str, int] = {}
    for attack in sorted(moves):
        times[move_name(attack)] = times.get(move_name(attack), 0) + moves[attack]
    if not times:
        return NOTHING
    name = max(times, key=lambda known: times[known])
    return f"{name} ({times[name]})"


def _first_blood(summary: Summary) -> str:
    if summary.games == 1:
        return "yes" if summary.first_bloods else "no"
    return share(Ratio(summary.first_bloods, summary.bloody))


def _techs(summary: Summary) -> str:
    done = sum(summary.actions.get(f"ground_tech_{choice}", 0) for choice in ("neutral", "in", "away"))
    return f"{done} / {summary.actions.get('ground_tech_fail', 0)}"


def _grabs(summary: Summary) -> Ratio:
    caught, missed = summary.actions.get("grab_success", 0), summary.actions.get("grab_fail", 0)
    return Ratio(caught, caught + missed)
