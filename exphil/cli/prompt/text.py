"""Where queries end in a text: at semicolons outside of strings, quoted names and comments."""

import re
from typing import Final

BARE_WORDS: Final = ("exit", "help", "quit")
"""What people try first; the prompt takes them without a dot."""

_OPAQUE: Final = re.compile(
    r"""
      '(?:[^']|'')*(?P<open_text>'|\Z)
    | "(?:[^"]|"")*(?P<open_name>"|\Z)
    | \$(?P<tag>[A-Za-z_]*)\$.*?(?P<open_dollar>\$(?P=tag)\$|\Z)
    | --[^\n]*
    | /\*.*?(?P<open_comment>\*/|\Z)
    """,
    re.VERBOSE | re.DOTALL,
)
"""What SQL does not read as SQL; the groups named open_... are empty where the end is missing."""


def blanked(text: str) -> str:
    """The text with comments as spaces, strings and quoted names as `?`, character by character."""
    return _OPAQUE.sub(_blank, text)


def is_inside(text: str) -> bool:
    """Whether a string, quoted name or comment is open at the end of the text."""
    found = list(_OPAQUE.finditer(text))
    if not found or found[-1].end() != len(text):
        return False
    if found[-1][0].startswith("--"):
        return True
    return any(end == "" for name, end in found[-1].groupdict().items() if name.startswith("open_"))


def queries(text: str) -> list[str]:
    """The queries of a text without their semicolons; a last one may lack it. Empty ones are left out."""
    plain = blanked(text)
    ends = [place for place, letter in enumerate(plain) if letter == ";"]
    starts = [0, *(end + 1 for end in ends)]
    spans = zip(starts, [*ends, len(text)], strict=True)
    return [text[start:end].strip() for start, end in spans if plain[start:end].strip()]


def is_whole(text: str) -> bool:
    """Whether a prompt should take the text as it is: nothing, a line for the prompt itself, or whole queries."""
    stripped = text.strip()
    if not stripped or stripped.startswith(".") or stripped.lower() in BARE_WORDS:
        return True
    return not is_inside(text) and blanked(text).rstrip().endswith(";")


def _blank(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " " if found[0].startswith(("--", "/*")) else "?", found[0])
