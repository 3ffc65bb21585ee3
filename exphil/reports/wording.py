"""Names of the game as a reader knows them."""

from typing import Final

_ABBREVIATED: Final = {"Dr": "Dr."}
_SMALL: Final = {"Of", "And", "The"}


def words(name: str | None) -> str:
    """`FINAL_DESTINATION` as `Final Destination`; nothing is `unknown`."""
    if not name:
        return "unknown"
    found = [part.capitalize() for part in name.split("_")]
    return " ".join(
        word.lower() if place and word in _SMALL else _ABBREVIATED.get(word, word)
        for place, word in enumerate(found)
    )
