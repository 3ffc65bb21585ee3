"""The table of rules: what is flagged, what it costs, and that it fits the columns it looks at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil import schema
from exphil.schema.quality import MEASURES
from exphil.stats.quality.rules import FLAGS, RULES, YES_OR_NO, Limit, Rule, flag_rows, judge

NAMES = [column.name for column in MEASURES]
UNKNOWN: dict[str, float | None] = dict.fromkeys(NAMES)

LIMITS = [(rule, limit) for rule in RULES for limit in rule.limits]
ids = [f"{rule.flag}-{limit.measure}" for rule, limit in LIMITS]


def _at_bad(rule: Rule) -> dict[str, float | None]:
    return UNKNOWN | {limit.measure: limit.bad for limit in rule.limits}


def test_nothing_known_speaks_against_nothing() -> None:
    verdict = judge(UNKNOWN)
    assert (verdict.score, verdict.excluded, verdict.flags) == (1.0, False, ())


@pytest.mark.parametrize(("rule", "limit"), LIMITS, ids=ids)
def test_a_limit_flags_from_its_bad_value_on(rule: Rule, limit: Limit) -> None:
    at_bad = _at_bad(rule)
    assert rule.share(at_bad) == 1.0
    assert rule.flag in judge(at_bad).flags
    beyond = at_bad | {limit.measure: limit.bad + (limit.bad - limit.good)}
    assert rule.share(beyond) == 1.0
    inside = at_bad | {limit.measure: limit.bad + (limit.good - limit.bad) / 100}
    assert rule.share(inside) == pytest.approx(0.99)
    assert rule.share(at_bad | {limit.measure: limit.good}) == 0.0
    assert rule.share(at_bad | {limit.measure: None}) == 0.0


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.flag}-{rule.limits[0].measure}")
def test_a_rule_costs_its_penalty_and_excludes_if_it_says_so(rule: Rule) -> None:
    """Alone: `early_quit` goes with what `handwarmer` looks at."""
    verdict = judge(_at_bad(rule))
    counting = [other for other in RULES if other.share(_at_bad(rule)) == 1.0]
    expected = 1.0
    for other in counting:
        expected *= 1.0 - other.penalty
    assert verdict.score == pytest.approx(expected)
    assert verdict.excluded == any(other.excludes for other in counting)
    assert set(verdict.flags) == {other.flag for other in counting}


def test_what_leaves_a_game_out_by_default() -> None:
    assert {rule.flag for rule in RULES if rule.excludes} == {
        "not_1v1", "incomplete", "cpu", "inactive", "low_damage", "handwarmer",
    }  # fmt: skip
    assert {rule.flag for rule in RULES if not rule.excludes} == {
        "short", "early_quit", "unresolved", "frozen_stadium",
    }  # fmt: skip


def test_flags_are_words_that_a_column_can_hold() -> None:
    assert all(flag.replace("_", "").isalnum() for flag in FLAGS)
    assert len({(rule.flag, rule.excludes) for rule in RULES}) == len(FLAGS), "a flag excludes or does not"


def test_rules_look_at_columns_of_the_table() -> None:
    types = {column.name: column.type for column in schema.QUALITY.columns}
    assert {limit.measure for _, limit in LIMITS} == set(NAMES), "a measure that no rule needs is dead"
    for _, limit in LIMITS:
        if types[limit.measure] == "bool":
            assert {limit.bad, limit.good} == {0, 1}
        assert (limit.unit == YES_OR_NO) == (types[limit.measure] == "bool")
        assert limit.bad != limit.good


def test_rows_for_sql_are_the_rules() -> None:
    rows = [dict(zip(schema.QUALITY_FLAGS.names, row, strict=True)) for row in flag_rows()]
    assert len({(row["flag"], row["rule"], row["measure"]) for row in rows}) == len(rows) == len(LIMITS)
    rebuilt = {
        (row["flag"], row["measure"]): (row["bad"], row["good"], row["penalty"], row["excludes"])
        for row in rows
    }
    for rule, limit in LIMITS:
        assert rebuilt[rule.flag, limit.measure] == (limit.bad, limit.good, rule.penalty, rule.excludes)


known = st.one_of(st.none(), st.booleans(), st.integers(0, 10), st.floats(0, 10_000))
games = st.fixed_dictionaries(dict.fromkeys(NAMES, known))


@given(games)
def test_scores_are_shares_and_flags_are_in_order(measures: dict[str, float | None]) -> None:
    verdict = judge(measures)
    assert 0.0 <= verdict.score <= 1.0
    assert list(verdict.flags) == [flag for flag in FLAGS if flag in verdict.flags]
    by_hand = {
        rule.flag: rule.excludes
        for rule in RULES
        if all(
            (value := measures[limit.measure]) is not None
            and (value <= limit.bad if limit.bad < limit.good else value >= limit.bad)
            for limit in rule.limits
        )
    }
    assert set(verdict.flags) == set(by_hand)
    assert verdict.excluded == any(by_hand.values())


@given(games, st.sampled_from(LIMITS), st.floats(0, 10_000), st.floats(0, 10_000))
def test_what_is_worse_never_scores_better(
    measures: dict[str, float | None], chosen: tuple[Rule, Limit], one: float, other: float
) -> None:
    """Of a measure that all rules read in one direction; `quit_stocks` and such do."""
    measure = chosen[1].measure
    directions = {limit.is_lower for _, limit in LIMITS if limit.measure == measure}
    (is_lower,) = directions
    worse, better = (min(one, other), max(one, other)) if is_lower else (max(one, other), min(one, other))
    assert judge(measures | {measure: worse}).score <= judge(measures | {measure: better}).score + 1e-12
