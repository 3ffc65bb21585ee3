"""Derived dims of both players at once: wide twins of `exphil.features.formulas`, in a quarter of the operations.

They give the same numbers to the last bit; there a formula is written to be read, here to be run on every frame.
What they take are columns of a row, repeated and negated as suits them: that costs nothing, an operation does.

Shapes: B batch, 2 the players (self, opponent).
"""

from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from exphil.features.formulas import _RANDALL, _SLACK
from exphil.features.tables import HIDDEN_GEOMETRY, TABLES

LEAST: Final = 1e-30
"""Above 0 and below every distance: `>= LEAST` says `> 0`."""

GEOMETRY_DIMS: Final = (
    "ledge_dx", "ledge_dy", "blast_left", "blast_right", "blast_top", "blast_bottom", "floor_dy",
)  # fmt: skip
RELATION_DIMS: Final = (
    "relation.dx",
    "relation.dy",
    "relation.percent_lead",
    "relation.stock_lead",
    "relation.distance",
    "relation.velocity_x",
    "relation.velocity_y",
    "relation.closing_speed",
    "relation.opponent_in_front",
    "relation.opponent_faces_me",
)
"""Dims in the order in which they come out here."""

Term = tuple[str, str, int]
"""A stored number, of whom, and its sign. `""` for nobody's: the stage's. No name: 0."""

NOTHING: Final[Term] = ("", "", 1)
ME, OTHER = "self.", "opponent."


def _of(who: str, *names: str) -> list[Term]:
    """Numbers of one player; a leading minus negates."""
    return [(who, name.removeprefix("-"), -1 if name.startswith("-") else 1) for name in names]


def geometry_terms() -> list[Term]:
    """What `Geometry` takes, as its `SIZES` divide it, of self and then of the opponent."""
    moving: list[Term] = [
        NOTHING,
        ("", "fountain.left_height", 1),
        ("", "fountain.right_height", 1),
        NOTHING,
        ("", "randall.y", 1),
    ]
    found: list[Term] = []
    for who in (ME, OTHER):
        found += _of(who, "x", "-x", "x", "x", "x", "x", "y", "x", "x", "y", "y", "y")
        found += [*[NOTHING] * 4, ("", "randall.x", 1), *[NOTHING] * 7]
        found += [*moving, *_of(who, "y")]
    return found


def relation_terms() -> list[Term]:
    """What `Relation` takes, as its `SIZES` divide it."""
    first = [
        *_of(OTHER, "x", "y", "percent"),
        *_of(ME, "stocks"),
        *_of(OTHER, "x", "x", "x", "y", "-x", "-y"),
    ]
    second = [*_of(ME, "x", "y", "percent"), *_of(OTHER, "stocks"), *_of(ME, "x", "x", "x", "y", "-x", "-y")]
    pair = (OTHER, ME)
    air = [term for who in pair for term in _of(who, "velocity_air_x", "velocity_y")]
    ground = [term for who in pair for term in _of(who, "velocity_ground_x", "velocity_y")]
    knockback = [term for who in pair for term in _of(who, "knockback_x", "knockback_y")]
    return [*first, *second, *air, *ground, *knockback, *_of(ME, "facing"), *_of(OTHER, "-facing")]


def stage_table() -> Tensor:
    """(256, 28): of every stage, what `Geometry` reads of it."""
    hidden = dict(zip(HIDDEN_GEOMETRY, TABLES["hidden_geometry"].values.T, strict=True))
    known = hidden["known"]
    always = np.zeros_like(known) - 1  # no distance is below it
    inner = np.maximum(hidden["side_inner"], np.float32(LEAST))
    heights = [hidden[name] for name in ("ledge_y", "left_height", "right_height", "top_height")]
    heights.append(np.full_like(known, np.inf))  # Randall has a height of his own, or is not there
    most = [hidden[name] for name in ("ledge_x", "side_outer", "side_outer", "top_half_width")]
    most.append(np.full_like(known, _RANDALL))
    zones = ("ledge_x", "ledge_y", "blast_left", "blast_right", "blast_top", "blast_bottom")
    signs = [known, known, known, -known, -known, known, known]
    columns = [
        *heights,
        always,
        inner,
        inner,
        always,
        always,
        *most,
        *(hidden[name] for name in zones),
        *signs,
    ]
    return torch.from_numpy(np.stack(columns, axis=1).astype(np.float32))


class Geometry(nn.Module):
    """`exphil.features.formulas.geometry` of both players."""

    SIZES: Final = (12, 12, 5, 1)
    """of a player: places, what they are measured from, heights of surfaces that move, own height"""
    STAGE_SIZES: Final = (5, 5, 5, 6, 7)
    """heights of surfaces, least and greatest distances from them; ledge and zones; 1, or -1 where they lie beyond"""

    turned: Tensor

    def __init__(self, stage_width: int) -> None:
        """`stage_width`: columns of the table that stages lie in, `stage_table`'s being its first."""
        super().__init__()
        rest = stage_width - sum(self.STAGE_SIZES)
        self.stage_sizes = (*self.STAGE_SIZES, rest) if rest else self.STAGE_SIZES
        # distances from the middle of a surface, either way; a platform at one side is measured on its side
        self.register_buffer(
            "turned", torch.tensor([-1.0, 1, 1, -1, -1, -1, 1, 1, 1, 1, 1, 1]), persistent=False
        )

    def forward(self, terms: Tensor, stage: Tensor) -> Tensor:
        """(B, 2, 30) `geometry_terms` and (B, 1, width) rows of `stage_table` -> (B, 2, 7), as `GEOMETRY_DIMS`."""
        places, origins, moving, y = terms.split(self.SIZES, dim=-1)
        heights, least, most, zones, sign, *_ = stage.split(self.stage_sizes, dim=-1)
        places = places - origins
        distance, own, own_y = torch.maximum(places, places * self.turned).split((5, 6, 1), dim=-1)
        heights = torch.where(moving == 0, heights, moving)
        under = (distance >= least) & (distance <= most) & (y >= heights - _SLACK)
        floor = torch.where(under, heights, zones[..., -1:]).amax(dim=-1, keepdim=True)
        found: Tensor = torch.cat((own - zones, own_y - floor), dim=-1) * sign
        return found


class Relation(nn.Module):
    """`exphil.features.formulas.relation`."""

    SIZES: Final = (10, 10, 4, 4, 4, 2)
    """minuends, subtrahends, speeds in the air, on the ground, from knockback, facing"""

    def forward(self, terms: Tensor, airborne: Tensor) -> Tensor:
        """(B, 34) `relation_terms`, flags (B, 4) of opponent and self, each twice -> (B, 10), as `RELATION_DIMS`."""
        first, second, air, ground, knockback, facing = terms.split(self.SIZES, dim=-1)
        leads, ahead, between, back = (first - second).split((4, 2, 2, 2), dim=-1)
        theirs, mine = (torch.where(airborne == 0, ground, air) + knockback).split((2, 2), dim=-1)
        velocity = theirs - mine
        distance = torch.sqrt((between * between).sum(-1, keepdim=True))
        # two fighters in one place close in no direction: 0 over anything
        closing = (back * velocity).sum(-1, keepdim=True) / distance.clamp(min=LEAST)
        faces = (ahead * facing > 0).to(distance.dtype)
        return torch.cat((leads, distance, velocity, closing, faces), dim=-1)
