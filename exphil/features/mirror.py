"""Left for right: what a mirror makes of a stored row. Dims follow, for all of them are read from the row.

Every stored feature has a rule. A number may change its sign, a left one its place with the right one, an action
state its id where it has two; the rest stays. So a reflected row decodes to what a game decodes to whose players,
items and sticks were all turned about the middle of the stage.

W is half the bytes of a row: its 16-bit columns.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from exphil.features.encodings import Derived, Flag, Id, Lookup, Number
from exphil.features.feature import Feature
from exphil.features.layout import FeatureSet
from exphil.melee.sides import MIRRORED_ACTION
from exphil.melee.stages import LEGAL_STAGES

Rule = Literal["negate", "swap", "action", "keep"]

NEGATED: Final = frozenset(
    {
        "x", "velocity_x", "velocity_air_x", "velocity_ground_x", "knockback_x", "facing", "main_x", "c_x",
    }
)  # fmt: skip
"""Last parts of the names of features that point to the right where they are positive."""

SWAPPED: Final = {
    "left_height": "right_height", "right_height": "left_height", "left": "right", "right": "left",
}  # fmt: skip
"""Last parts of the names of features that trade places."""

KEPT: Final = frozenset(
    {
        "character", "y", "velocity_y", "knockback_y", "main_y", "c_y", "shoulder",
        "button_a", "button_b", "button_x", "button_y", "button_z", "button_l", "button_r", "button_d_up",
        "percent", "shield", "state_age", "hitlag", "hitstun", "stocks", "jumps", "combo_count", "airborne",
        "offstage", "invulnerable", "intangible", "body_intangible", "in_hitstun", "in_hitlag", "is_hit",
        "fastfalling", "shielding", "powershielding", "reflecting", "holding", "dead", "offscreen",
        "l_cancel_success", "l_cancel_failure", "hit_by_opponent", "last_attack", "exists",
        "stage", "time", "countdown", "started", "timer", "item", "count",
        "fire", "grass", "rock", "water", "transforming",
    }
)  # fmt: skip
"""Last parts of the names of features that know no left and right."""

TRANSFORMED: Final = (
    "stadium.fire",
    "stadium.grass",
    "stadium.rock",
    "stadium.water",
    "stadium.transforming",
)
"""Flags of a stage that is not its own mirror image."""


def rule_of(feature: Feature) -> Rule:
    """What a mirror does to a stored feature, by the last part of its name (`item3` counts as `item`).

    Raises:
        ValueError: there is no rule for it yet.
    """
    stem = stem_of(feature)
    if isinstance(feature.encoding, Id) and stem == "action":
        return "action"
    if isinstance(feature.encoding, Number) and stem in NEGATED:
        return "negate"
    if isinstance(feature.encoding, Number | Flag) and stem in SWAPPED:
        return "swap"
    if stem in KEPT:
        return "keep"
    raise ValueError(f"feature {feature.name}: {__name__} has no rule for {stem!r}")


def stem_of(feature: Feature) -> str:
    """The last part of a feature's name, without the number of an item slot."""
    return feature.name.rpartition(".")[2].rstrip("0123456789")


def is_stored(feature: Feature) -> bool:
    """Whether it takes room of its own; the others are read from those that do."""
    of = feature.encoding.of if isinstance(feature.encoding, Lookup) else None
    return of is None and not isinstance(feature.encoding, Derived)


@dataclass(frozen=True, slots=True)
class Reflection:
    """What to do to the bytes of a row, for numpy here and for torch in `exphil.policy.augment`.

    Attributes:
        sign: (W,) int16, -1 for columns that change their sign.
        floor: (W,) int16, what a column is raised to first: the lowest int16 has no opposite.
        from_columns: (k,) int64, 16-bit columns to copy ...
        to_columns: (k,) ... and where to.
        action_columns: (a,) int64, 16-bit columns of action states ...
        character_columns: (a,) ... and of the fighters whose they are.
        byte_columns: (b,) int64, bytes that change otherwise ...
        byte_values: (b, 256) uint8 ... and what each becomes.
        stage_byte: where the stage's id is.
        transformed_byte: where the flags of a changed stage are ...
        transformed_mask: ... and which bits they are.
    """

    sign: NDArray[np.int16]
    floor: NDArray[np.int16]
    from_columns: NDArray[np.int64]
    to_columns: NDArray[np.int64]
    action_columns: NDArray[np.int64]
    character_columns: NDArray[np.int64]
    byte_columns: NDArray[np.int64]
    byte_values: NDArray[np.uint8]
    stage_byte: int
    transformed_byte: int
    transformed_mask: int

    def rows(self, rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(..., row bytes) uint8, contiguous -> the same seen in a mirror."""
        wide = rows.view(np.int16)
        out = np.maximum(wide, self.floor) * self.sign
        out[..., self.to_columns] = wide[..., self.from_columns]
        actions, characters = wide[..., self.action_columns], wide[..., self.character_columns]
        out[..., self.action_columns] = MIRRORED_ACTION[characters, actions]
        found = out.view(np.uint8)
        found[..., self.byte_columns] = self.byte_values[
            np.arange(len(self.byte_columns)), rows[..., self.byte_columns]
        ]
        return found

    def is_fair(self, rows: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """(..., row bytes) uint8 -> (...,) whether the stage is its own mirror image, as far as the row tells."""
        changed = rows[..., self.transformed_byte] & np.uint8(self.transformed_mask)
        return np.asarray(SYMMETRIC_STAGE[rows[..., self.stage_byte]] & (changed == 0))


def _symmetric_stages() -> NDArray[np.bool_]:
    table = np.zeros(256, bool)
    table[list(LEGAL_STAGES)] = True
    return table


SYMMETRIC_STAGE: Final = _symmetric_stages()
"""(256,) by stage id. Of the others some are symmetric too; nothing here knows which.

As near as the game has it: Dream Land's platforms differ by 0.1 units, Yoshi's Story's blast zones by 2, and its
cloud flies the other way in a mirror. Recordings that tell nothing of Stadium's changes count as unchanged.
"""


def column_places(feature_set: FeatureSet) -> dict[str, tuple[int, ...]]:
    """Bytes of the row at which each stored feature begins: two places for what each player has."""
    row: Any = feature_set.row_dtype
    players, shared = row["players"], row["shared"]
    starts = [row.fields["players"][1] + side * players.base.itemsize for side in range(2)]
    found = {}
    for name, slot in feature_set.slots.items():
        side, block = slot.block.split("_")
        struct = players.base if side == "player" else shared
        offset = struct.fields[block][1] + slot.column * struct[block].base.itemsize
        origins = starts if side == "player" else [row.fields["shared"][1]]
        found[name] = tuple(origin + offset for origin in origins)
    return found


def reflection(feature_set: FeatureSet) -> Reflection:
    """The reflection of a feature set's rows.

    Raises:
        ValueError: a feature has no rule, or one that its way of being stored does not allow.
    """
    places = column_places(feature_set)
    half = feature_set.row_dtype.itemsize // 2
    sign, floor = np.ones(half, np.int16), np.full(half, -32768, np.int16)
    copies: list[tuple[int, int]] = []
    actions: list[tuple[int, int]] = []
    values: dict[int, NDArray[np.uint8]] = {}
    for feature in feature_set.features:
        if not is_stored(feature):
            continue
        rule, at = rule_of(feature), places[feature.name]
        wide = [place // 2 for place in at]
        encoding = feature.encoding
        if rule == "negate" and isinstance(encoding, Number) and encoding.dtype == "int16":
            if encoding.offset:
                raise ValueError(f"feature {feature.name}: no 16-bit number with an offset can be reflected")
            sign[wide], floor[wide] = -1, -32767
        elif rule == "negate" and isinstance(encoding, Number):
            turned = np.clip(2 * encoding.offset - np.arange(256), 0, 255).astype(np.uint8)
            values.update(dict.fromkeys(at, turned))
        elif rule == "swap" and isinstance(encoding, Number) and encoding.dtype == "int16":
            copies += zip(wide, (place // 2 for place in places[_partner(feature_set, feature)]), strict=True)
        elif rule == "swap":
            _swap_bits(feature_set, feature, at, values)
        elif rule == "action":
            actions += zip(wide, (place // 2 for place in places["character"]), strict=True)
    return Reflection(
        sign,
        floor,
        *_columns(copies),
        *_columns(actions),
        np.array(list(values), np.int64),
        np.array(list(values.values()), np.uint8).reshape(-1, 256),
        places["stage"][0],
        places[TRANSFORMED[0]][0],
        sum(1 << (feature_set.slots[name].bit or 0) for name in TRANSFORMED),
    )


def _columns(pairs: list[tuple[int, int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    first, second = np.array(pairs, np.int64).reshape(-1, 2).T
    return first, second


def _partner(feature_set: FeatureSet, feature: Feature) -> str:
    head, dot, _ = feature.name.rpartition(".")
    name = head + dot + SWAPPED[stem_of(feature)]
    if name not in feature_set.slots:
        raise ValueError(f"feature {feature.name} has no {name} to trade places with")
    return name


def _swap_bits(
    feature_set: FeatureSet, feature: Feature, at: tuple[int, ...], values: dict[int, NDArray[np.uint8]]
) -> None:
    """Let `feature`'s bit take its partner's place."""
    mine, other = feature_set.slots[feature.name], feature_set.slots[_partner(feature_set, feature)]
    if mine.bit is None or other.bit is None or (mine.block, mine.column) != (other.block, other.column):
        raise ValueError(f"features {feature.name} and its partner are no flags of one byte")
    before = np.arange(256)
    moved = ((before >> mine.bit) & 1) << other.bit
    for place in at:
        now = values.get(place, before.astype(np.uint8))
        values[place] = ((now & ~np.uint8(1 << other.bit)) | moved).astype(np.uint8)
