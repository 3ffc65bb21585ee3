"""docs/quality.md: what the rules of quality say, drawn from their table."""

from typing import Final

from exphil.stats.quality.rules import RULES, YES_OR_NO, Limit, Rule

COUNTED: Final = ("players", "stocks", "of lost stocks")
"""Units that the measure's name tells already."""

INTRODUCTION: Final = """\
Not every recording of two people is a game to learn from. Somebody warms their hands, waits alone for a friend, plays
against the computer or walks off. Table `quality` of asset `stats` has a row for each game of `frames`: a score from 1
(nothing speaks against it) to 0, the flags it has, and the measures behind them ([store.md](store.md)).
"""

USE: Final = """\
`exphil train`, `exphil benchmark` and `store.windows()` leave out games with a flag that excludes.
`exphil train --min-quality 0.5` and `store.windows(min_quality=0.5)` take the games with a score of 0.5 or more
instead, whatever their flags; 0 takes all. A run keeps the choice, and `exphil evaluate` goes by it. The store itself
leaves nothing out: `segments` holds every complete viewpoint of a human in a game of two, with the game's `quality` and
`excluded` beside it, so another choice builds nothing anew.

Flags that only say what kind of game it is do not exclude. A game that somebody quits after three minutes holds three
minutes of play; a frozen Pokemon Stadium is as good a stage as another.
"""

RULES_TEXT: Final = """\
A rule looks at one measure or several. A game has the flag where each of them is at its *bad* value or beyond. The
score starts from 1, and every rule takes away its penalty's share of what is left: all of it where the rule counts
fully, none where a measure is at its *good* value, and in proportion between (of several measures the least counts). A
measure that is unknown counts nothing. A game just inside a limit therefore keeps no flag but loses points, and
`--min-quality` can ask for more than the flags do.
"""

SQL: Final = """\
Flags are names separated by spaces, and the table above is `quality_flags` in SQL:

```sql
SELECT flag, count(*) AS games
FROM quality, unnest(string_split(flags, ' ')) AS of_game(flag)
WHERE flags <> '' GROUP BY ALL ORDER BY games DESC, flag;

SELECT path, round(score, 2) AS score, flags, round(damage_per_minute) AS damage_per_minute
FROM quality JOIN replays USING (replay_id)
WHERE excluded AND mode = '1v1' AND complete ORDER BY score;
```

`exphil info` counts the flags of a store. The thresholds belong to the code: changing one makes the `stats` and
`windows` of a store stale, and the next `exphil materialize` makes them anew; packs stay.
"""


def quality_page(how: str) -> str:
    """The whole page.

    Args:
        how: a sentence on where pages like this one come from.
    """
    lines = ["# Quality of games", "", how, "", INTRODUCTION, "## Flags", ""]
    lines += [
        "| flag | means | bad | good | penalty | excludes |",
        "|---|---|---|---|---|---|",
        *(_row(rule) for rule in RULES),
    ]
    lines += ["", RULES_TEXT, "## What it is used for", "", USE, "## In SQL", "", SQL]
    return "\n".join(lines).rstrip() + "\n"


def _row(rule: Rule) -> str:
    bad = ", and ".join(_at(limit, limit.bad, is_bad=True) for limit in rule.limits)
    good = ", or ".join(_at(limit, limit.good, is_bad=False) for limit in rule.limits)
    excludes = "yes" if rule.excludes else "no"
    return f"| `{rule.flag}` | {rule.doc} | {bad} | {good} | {rule.penalty:g} | {excludes} |"


def _at(limit: Limit, value: float, *, is_bad: bool) -> str:
    if limit.unit == YES_OR_NO:
        return f"`{limit.measure}` {'yes' if value else 'no'}"
    at = "at most" if limit.is_lower == is_bad else "at least"
    unit = "" if limit.unit in COUNTED else f" {limit.unit}"
    return f"`{limit.measure}` {at} {value:g}{unit}"
