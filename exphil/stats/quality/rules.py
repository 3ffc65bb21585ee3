"""What speaks against learning from a game: one table, from which scores, SQL and docs/quality.md derive.

A rule looks at measures, columns of table `quality`. Each of its limits says from which value on the measure
counts fully against the game, and up to which it does not count at all; between the two it counts in
proportion. A rule of several limits counts as the least of them does.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from exphil.schema.quality import MEASURES


@dataclass(frozen=True, slots=True)
class Limit:
    """`bad` and beyond counts fully, `good` and beyond not at all; a measure of yes and no has 1 and 0."""

    measure: str
    bad: float
    good: float

    @property
    def is_lower(self) -> bool:
        """Whether small values count against the game."""
        return self.bad < self.good

    @property
    def unit(self) -> str:
        return _UNITS[self.measure]

    def is_bad(self, value: float | None) -> bool:
        """Whether `value` is at the bad one or beyond; an unknown one is not."""
        return value is not None and (value <= self.bad if self.is_lower else value >= self.bad)

    def share(self, value: float | None) -> float:
        """How much `value` counts, 0 to 1; an unknown one does not."""
        if value is None:
            return 0.0
        return min(1.0, max(0.0, (value - self.good) / (self.bad - self.good)))


@dataclass(frozen=True, slots=True)
class Rule:
    """A flag's reason. A flag may have several: one that holds is enough.

    `penalty` is the share of its score that a game loses when the rule counts fully; `excludes` tells whether
    the default filter of training leaves such a game out.
    """

    flag: str
    limits: tuple[Limit, ...]
    penalty: float
    excludes: bool
    doc: str

    def share(self, measures: Mapping[str, float | None]) -> float:
        """How much the rule counts against a game, 0 to 1."""
        return min(limit.share(measures[limit.measure]) for limit in self.limits)

    def holds(self, measures: Mapping[str, float | None]) -> bool:
        """Whether the game has the flag by this rule."""
        return all(limit.is_bad(measures[limit.measure]) for limit in self.limits)


RULES: Final = (
    Rule(
        "not_1v1",
        (Limit("one_on_one", 0, 1),),
        1.0,
        True,
        "No game of two in versus mode, or the version does not tell.",
    ),
    Rule("incomplete", (Limit("whole", 0, 1),), 0.5, True, "The recording stops short or has gaps."),
    Rule("cpu", (Limit("cpu_players", 1, 0),), 0.7, True, "The game itself plays one of the two."),
    Rule("inactive", (Limit("inputs_per_minute", 30, 90),), 0.8, True, "One of the two hardly plays."),
    Rule("inactive", (Limit("idle_seconds", 20, 10),), 0.8, True, "One of the two goes away for a while."),
    Rule("low_damage", (Limit("damage_per_minute", 20, 60),), 0.8, True, "They do not fight."),
    Rule(
        "handwarmer",
        (Limit("quit_stocks", 2, 1), Limit("stocks_lost", 1, 2), Limit("damage", 120, 200)),
        0.6,
        True,
        "Called off before anything was at stake.",
    ),
    Rule(
        "handwarmer",
        (Limit("self_destructs", 3, 2), Limit("self_destruct_share", 0.6, 0.5)),
        0.6,
        True,
        "Most stocks are thrown away.",
    ),
    Rule("short", (Limit("seconds", 30, 45),), 0.5, False, "Over sooner than four stocks can be taken."),
    Rule("early_quit", (Limit("quit_stocks", 2, 1),), 0.2, False, "Somebody quits before the last stock."),
    Rule("unresolved", (Limit("decided", 0, 1),), 0.1, False, "Nobody is known to have won."),
    Rule(
        "frozen_stadium",
        (Limit("frozen_stadium", 1, 0),),
        0.0,
        False,
        "Pokemon Stadium without transformations: another stage than the usual one, and as good.",
    ),
)
"""In the order in which a game's flags are listed."""

FLAGS: Final = tuple(dict.fromkeys(rule.flag for rule in RULES))
"""Names of the flags, each once."""

YES_OR_NO: Final = "yes or no"
"""Unit of a measure that is true or false."""

_UNITS: Final = {column.name: YES_OR_NO if column.type == "bool" else column.unit for column in MEASURES}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say of a game."""

    score: float
    excluded: bool
    flags: tuple[str, ...]


def judge(measures: Mapping[str, float | None]) -> Verdict:
    """Score, flags, and whether the default filter leaves the game out.

    Args:
        measures: a value for each column of `exphil.schema.quality.MEASURES`; None where it is unknown.
    """
    holding = [rule for rule in RULES if rule.holds(measures)]
    score = 1.0
    for rule in RULES:
        score *= 1.0 - rule.penalty * rule.share(measures)
    flags = tuple(dict.fromkeys(rule.flag for rule in holding))
    return Verdict(score, any(rule.excludes for rule in holding), flags)


def flag_rows() -> Iterator[tuple[str | int | float | bool, ...]]:
    """Rows of `exphil.schema.QUALITY_FLAGS`, in order of its columns."""
    for number, rule in enumerate(RULES, start=1):
        for limit in rule.limits:
            yield (
                rule.flag, number, limit.measure, float(limit.bad), float(limit.good), limit.unit, rule.penalty,
                rule.excludes, rule.doc,
            )  # fmt: skip
