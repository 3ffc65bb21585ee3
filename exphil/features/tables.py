"""Lookup tables: what a stored byte or id stands for, a row a code and a column a dim."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from exphil.melee.actions import ACTION_CLASSES, CLASS_OF_ACTION
from exphil.melee.attacks import ATTACK_CLASSES, CLASS_OF_ATTACK
from exphil.melee.geometry import GEOMETRY, StageGeometry
from exphil.melee.items import ITEM_KINDS
from exphil.melee.stages import LEGAL_STAGES, stage_name

# Positions and distances read in hundreds of game units, so that dims stay within a few units of 0.
POSITION_SCALE: Final = 100.0
# What a height of "no such platform" is in the geometry that formulas see: above everything.
NO_HEIGHT: Final = 1000.0

ITEM_KIND_BITS: Final = 3
OWNER_SHIFT: Final = ITEM_KIND_BITS


@dataclass(frozen=True, slots=True)
class LookupTable:
    """`values`: (codes, columns) float32; `columns` names the dims, the empty name a table of a single dim."""

    columns: tuple[str, ...]
    values: NDArray[np.float32]


def _one_hot(classes: Sequence[str], class_of_code: NDArray[np.uint8]) -> LookupTable:
    return LookupTable(tuple(classes), np.eye(len(classes), dtype=np.float32)[class_of_code])


def _stages() -> LookupTable:
    values = np.zeros((256, len(LEGAL_STAGES)), np.float32)
    values[list(LEGAL_STAGES)] = np.eye(len(LEGAL_STAGES))
    return LookupTable(tuple(f"is_{stage_name(stage).lower()}" for stage in LEGAL_STAGES), values)


def _shown(stage: StageGeometry) -> tuple[float, ...]:
    sides = [height for height in (stage.left_height, stage.right_height) if height is not None]
    return (
        stage.ledge_x,
        sum(sides) / len(sides) if sides else 0.0,
        stage.side_inner,
        stage.side_outer,
        0.0 if stage.top_height is None else stage.top_height,
        stage.top_half_width,
    )


SHOWN_GEOMETRY: Final = (
    "ledge_x",
    "side_platform_height",
    "side_platform_inner",
    "side_platform_outer",
    "top_platform_height",
    "top_platform_half_width",
)


def _geometry() -> LookupTable:
    values = np.zeros((256, len(SHOWN_GEOMETRY)), np.float32)
    for stage, geometry in GEOMETRY.items():
        values[stage] = np.array(_shown(geometry), np.float32) / np.float32(POSITION_SCALE)
    return LookupTable(SHOWN_GEOMETRY, values)


HIDDEN_GEOMETRY: Final = (
    "known",
    "ledge_x",
    "ledge_y",
    "blast_left",
    "blast_right",
    "blast_top",
    "blast_bottom",
    "left_height",
    "right_height",
    "side_inner",
    "side_outer",
    "top_height",
    "top_half_width",
)


def _height(value: float | None) -> float:
    return NO_HEIGHT if value is None else value


def _hidden_geometry() -> LookupTable:
    values = np.zeros((256, len(HIDDEN_GEOMETRY)), np.float32)
    for stage, geometry in GEOMETRY.items():
        row = (
            geometry.ledge_x, geometry.ledge_y, geometry.blast_left, geometry.blast_right, geometry.blast_top,
            geometry.blast_bottom, _height(geometry.left_height), _height(geometry.right_height),
            geometry.side_inner, geometry.side_outer, _height(geometry.top_height), geometry.top_half_width,
        )  # fmt: skip
        values[stage] = (1.0, *(np.array(row, np.float32) / np.float32(POSITION_SCALE)))
    return LookupTable(HIDDEN_GEOMETRY, values)


def _item_kinds() -> LookupTable:
    kind = np.arange(256) & ((1 << ITEM_KIND_BITS) - 1)
    names = [f"is_{name}" for name in ITEM_KINDS]
    values = np.stack([kind > 0, *(kind == index + 1 for index in range(len(names)))], axis=1)
    return LookupTable(("exists", *names), values.astype(np.float32))


def _item_owners() -> LookupTable:
    owner = np.arange(256) >> OWNER_SHIFT
    return LookupTable(("",), ((owner == 1).astype(np.float32) - (owner == 2))[:, None].astype(np.float32))


TABLES: Final[dict[str, LookupTable]] = {
    "action_class": _one_hot(tuple(ACTION_CLASSES), CLASS_OF_ACTION),
    "attack_class": _one_hot(tuple(ATTACK_CLASSES), CLASS_OF_ATTACK),
    "stage": _stages(),
    "stage_geometry": _geometry(),
    "hidden_geometry": _hidden_geometry(),
    "item_kind": _item_kinds(),
    "item_owner": _item_owners(),
}
