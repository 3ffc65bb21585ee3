"""A query's text without the players it names, for cards and reports that others read.

Words of the game stay, and so do numbers and dates; any other text in quotes may be somebody's code or name, and
becomes `…`. So do remarks.
"""

import re
from functools import cache
from typing import Final

from exphil import schema
from exphil.melee import attacks, characters, stages
from exphil.stats.quality.rules import FLAGS

HIDDEN: Final = "…"
"""Stands for what was in quotes."""

_TOKENS: Final = re.compile(
    r"""
    (?P<remark>--[^\n]*|/\*.*?(?:\*/|\Z))
    |(?P<text>[eE]?'(?:[^']|'')*(?:'|\Z)|\$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z))
    |(?P<name>"(?:[^"]|"")*(?:"|\Z))
    """,
    re.DOTALL | re.VERBOSE,
)
_BETWEEN_WORDS: Final = re.compile(r"[\s%>|,;:/()+*]+")
_PLAIN: Final = re.compile(
    r"\d{0,3}|\d+(?:\.\d+)+|\d{4}-\d\d(?:-\d\d)?(?:T\d\d)?|T?\d\d(?:\.\d+)?Z?|[A-Za-z][-_]?"
)
"""Small numbers, versions, dates and times, and single letters, as in a time's format."""
_PLAIN_NAME: Final = re.compile(r"\"[a-z_][a-z0-9_. ]*\"")
_UNITS: Final = "second minute hour day week month quarter year"
_FURTHER: Final = "tech ledge-grab throw left right"
"""Words of sequences and directions that no column's doc has."""


def masked(text: str) -> str:
    """The query with what may name a player hidden."""
    return _TOKENS.sub(_hidden, text)


def without_quotes(text: str) -> str:
    """The query with what is in quotes, and remarks, blank; as long as before."""
    return _TOKENS.sub(lambda found: " " * len(found[0]), text)


def _hidden(found: re.Match[str]) -> str:
    token = found[0]
    if found["remark"] is not None:
        return ""
    if found["name"] is not None:
        return token if _PLAIN_NAME.fullmatch(token) else f'"{HIDDEN}"'
    inner = token.removeprefix("e").removeprefix("E").strip("'") if found["tag"] is None else token.strip("$")
    words = _BETWEEN_WORDS.split(inner)
    return token if all(_is_known(word) for word in words) else f"'{HIDDEN}'"


def _is_known(word: str) -> bool:
    return bool(_PLAIN.fullmatch(word)) or _known_words().issuperset(word.lower().split("-"))


@cache
def _known_words() -> frozenset[str]:
    """Characters, stages, moves, what columns hold (as their docs name it), and units of time.

    In lower case, and words with hyphens in their parts: others are made of the same.
    """
    words = {*characters.EXTERNAL_NAMES.values(), *stages.STAGE_NAMES.values(), *attacks.MOVE_NAMES.values()}
    words.update((*FLAGS, *_FURTHER.split()))
    words.update(f"{unit}{plural}" for unit in _UNITS.split() for plural in ("", "s"))
    for table in schema.TABLES:
        for column in table.columns:
            for quoted in re.findall(r"`([^`]+)`", column.doc):
                words.update(_BETWEEN_WORDS.split(quoted))
    return frozenset(part for word in words if "#" not in word for part in word.lower().split("-"))
