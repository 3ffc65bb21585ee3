"""Functions that a query may call beside DuckDB's own: names of ids, clock, ratios, and search in sequences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from exphil.melee.action_names import ACTION_NAMES, DEATH_DIRECTIONS
from exphil.melee.actions import ACTION_CLASSES, FIRST_SPECIAL_ACTION, LAST_ACTION
from exphil.melee.attacks import MOVE_NAMES
from exphil.melee.characters import EXTERNAL_NAMES, INTERNAL_NAMES
from exphil.melee.items import ITEM_KINDS
from exphil.melee.stages import STAGE_NAMES
from exphil.sql.quoting import literal, quoted_text

FIRST_FRAME_OF_PLAY: Final = -39
FRAMES_A_SECOND: Final = 60
CLOCK_SECONDS: Final = 480
"""What the timer of a versus game starts from: eight minutes."""

SITUATION_WORDS: Final = (
    "grab", "tech-in-place", "tech-in", "tech-away", "missed-tech", "wall-tech-in-place", "wall-tech-jump",
    "wall-missed-tech", "ceiling-tech-in-place", "ceiling-missed-tech", "ledge-grab", "kill",
)  # fmt: skip
"""Words of a sequence that are no moves."""


@dataclass(frozen=True, slots=True)
class Macro:
    """A function of SQL: `call` is how to write it, `sql` what it stands for."""

    call: str
    sql: str
    doc: str

    @property
    def name(self) -> str:
        return self.call.partition("(")[0]


def _listed(names: Mapping[int, str], index: str) -> str:
    """SQL of a lookup by position: no join, so that a view pays for it only where a query names the column."""
    values = ", ".join(literal(names.get(i)) for i in range(max(names) + 1))
    return f"([{values}])[({index})::INTEGER + 1]"


def _by_range(classes: Mapping[str, Sequence[tuple[int, int]]], index: str, other: str) -> str:
    """SQL of a class by ranges of ids, both ends included; null for null."""
    cases = " ".join(
        f"WHEN {' OR '.join(f'{index} BETWEEN {first} AND {last}' for first, last in ranges)} THEN {quoted_text(name)}"
        for name, ranges in classes.items()
        if ranges
    )
    return f"CASE WHEN {index} IS NULL THEN NULL {cases} ELSE {quoted_text(other)} END"


def _clock() -> str:
    played = f"(frame - {FIRST_FRAME_OF_PLAY}) // {FRAMES_A_SECOND}"
    left = f"least({CLOCK_SECONDS}, greatest(0, {CLOCK_SECONDS} - {played}))"
    return f"CASE WHEN frame IS NULL THEN NULL ELSE printf('%d:%02d', {left} // 60, {left} % 60) END"


def _in_order() -> str:
    """The pattern becomes a regular expression over the whole sequence, once for the query.

    A misspelt word would match nothing and look like an answer, so it is an error.
    """
    words = (
        "[" + ", ".join(quoted_text(word) for word in sorted({*MOVE_NAMES.values(), *SITUATION_WORDS})) + "]"
    )
    plain = r"regexp_replace(lower(pattern), '\s+', ' ', 'g')"
    tight = rf"trim(regexp_replace({plain}, ' ?(>>|>|\||\^|\$) ?', '\1', 'g'))"
    asked = f"list_filter(regexp_split_to_array({tight}, '[>|^$]+'), lambda word: word <> '')"
    unknown = (
        f"list_filter({asked}, lambda word: NOT list_contains({words}, word)"
        r" AND NOT regexp_full_match(word, '[a-z0-9-]*\*[a-z0-9*-]*|move-[0-9]+'))[1]"
    )
    nearest = (
        f"list_max(list_transform({words}, lambda word:"
        f" {{'likeness': jaro_winkler_similarity(word, {unknown}), 'word': word}})).word"
    )
    # every word in brackets of its own, so that `a|b` stays together; `>>` first, for `>` is in it
    safe = f"regexp_replace({tight}, '[^a-z0-9*|>^$-]', '', 'g')"
    grouped = rf"replace(regexp_replace({safe}, '[^>^$]+', '(?:\0)', 'g'), '*', '[^ ]*')"
    steps = f"replace(replace({grouped}, '>>', ' '), '>', ' (?:.* )?')"
    begin = f"CASE WHEN starts_with({tight}, '^') THEN '' ELSE '(?:^| )' END"
    end = f"CASE WHEN ends_with({tight}, '$') THEN '' ELSE '(?: |$)' END"
    return (
        f"CASE WHEN len({asked}) = 0 THEN error('in_order: the pattern is empty')"
        f" WHEN {unknown} IS NOT NULL"
        f" THEN error('in_order: no word ' || {unknown} || ': did you mean ' || {nearest} || '?')"
        rf" WHEN regexp_matches({plain}, '> >|>>>|^[\^ ]*[>|]|[>|][\$ ]*$|\| ?[|>]|> ?\||[^ ] ?\^|\$ ?[^ ]')"
        " THEN error('in_order: a word is missing beside > or |, or ^ is not first, or $ is not last')"
        # a join lets no filter by regexp_matches pass below it, for that may fail; this one it does
        f" ELSE regexp_extract(sequence, {begin} || {steps} || {end}) <> '' END"
    )


MACROS: Final = (
    Macro(
        "move_name(attack)",
        f"CASE WHEN attack IS NULL THEN NULL ELSE "
        f"coalesce({_listed(MOVE_NAMES, 'attack')}, 'move-' || attack) END",
        "Name of an attack id, as `uair`; `move-<id>` where it has none.",
    ),
    Macro(
        "action_name(state)",
        f"CASE WHEN state BETWEEN {FIRST_SPECIAL_ACTION} AND {LAST_ACTION} THEN 'special-' || state"
        f" ELSE {_listed(dict(islice(ACTION_NAMES.items(), FIRST_SPECIAL_ACTION)), 'state')} END",
        "Name of an action state, as `jump-squat`; `special-<id>` from 341 on, where fighters differ.",
    ),
    Macro(
        "action_class(state)",
        _by_range(ACTION_CLASSES, "state", "other"),
        "Coarse class of an action state, as `shielding`: that of the features.",
    ),
    Macro(
        "item_kind(type)",
        _by_range(ITEM_KINDS, "type", "prop"),
        "What an item of `items.type` is to a player: `projectile`, `throwable`, `stage` or `prop`.",
    ),
    Macro(
        "character_name(external_id)",
        _listed(EXTERNAL_NAMES, "external_id"),
        "Name of a character of the select screen, as in `players.character`.",
    ),
    Macro(
        "fighter_name(internal_id)",
        _listed(INTERNAL_NAMES, "internal_id"),
        "Name of a fighter, as in `frames.post_character`: tells Popo, Nana, Zelda and Sheik apart.",
    ),
    Macro("stage_name(stage)", _listed(STAGE_NAMES, "stage"), "Name of a stage id."),
    Macro(
        "death_direction(state)",
        _listed(DEATH_DIRECTIONS, "state"),
        "Blast zone of a dying state: `down`, `left`, `right` or `up`; null for other states.",
    ),
    Macro(
        "seconds_at(frame)",
        f"(frame - {FIRST_FRAME_OF_PLAY}) / {FRAMES_A_SECOND}",
        "Seconds of play up to a frame.",
    ),
    Macro(
        "clock(frame)",
        _clock(),
        "What an eight-minute timer shows on a frame, as `7:31`.",
    ),
    Macro(
        "per(count, total)",
        "count / nullif(total, 0)",
        "One divided by the other, null where there is nothing to divide by: `per(sum(a), sum(b))`.",
    ),
    Macro(
        "win_rate_low(wins, games)",
        "CASE WHEN games > 0 THEN (wins + 1.9208 - 1.96 * sqrt(wins * (games - wins) / games + 0.9604)) "
        "/ (games + 3.8416) END",
        "Lower end of the 95 % interval (Wilson's) of a win rate: orders rates by what few games do tell.",
    ),
    Macro(
        "win_rate_high(wins, games)",
        "CASE WHEN games > 0 THEN (wins + 1.9208 + 1.96 * sqrt(wins * (games - wins) / games + 0.9604)) "
        "/ (games + 3.8416) END",
        "Upper end of that interval.",
    ),
    Macro(
        "in_order(sequence, pattern)",
        _in_order(),
        "Whether the words of `pattern` are in the sequence, in this order: `grab > up-throw > kill`.",
    ),
)
"""In order of definition."""
