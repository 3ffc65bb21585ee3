"""A feature in one frame: once for each player, or once for the game."""

from dataclasses import dataclass

from exphil.features.feature import Feature
from exphil.features.one_frame.frame_bytes import FrameBytes, Place


@dataclass(frozen=True, slots=True)
class Element:
    """A value of a row: its feature, whose (0 for what is the game's), and where its first source column lies."""

    feature: Feature
    side: int
    place: Place | None


def elements_of(feature: Feature, held: FrameBytes) -> tuple[Element, ...]:
    """Both players' elements, or the game's only one."""
    column = feature.source[0]
    if feature.slot is not None:
        return (Element(feature, 0, held.item(feature.slot, column.removeprefix("item_"))),)
    if feature.scope == "shared":
        return (Element(feature, 0, held.shared(column)),)
    first = 2 if feature.who == "follower" else 0
    return tuple(Element(feature, side, held.fighter(first + side, column)) for side in (0, 1))
