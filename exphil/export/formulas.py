"""Derived dims of both players at once: wide twins of `exphil.features.formulas`, in a third of the operations.

They give the same numbers to the last bit; there a formula is written to be read, here to be run on every frame.

Shapes: B batch, 2 the players (self, opponent).
"""

from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from exphil.features.formulas import _RANDALL, _SLACK
from exphil.features.tables import HIDDEN_GEOMETRY, TABLES

LEAST: Final = 1e-30
"""Above 0 and below every position: `>= LEAST` says `> 0`."""

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

SURFACES: Final = 5
"""Main floor, left and right platform, top platform, Randall."""


def stage_table() -> Tensor:
    """(256, 24): of every stage, what `Geometry` reads, as its `SIZES` divide it."""
    hidden = dict(zip(HIDDEN_GEOMETRY, TABLES["hidden_geometry"].values.T, strict=True))
    none = np.zeros_like(hidden["known"])
    inner = np.maximum(hidden["side_inner"], np.float32(LEAST))
    always = none - 1  # distances are never below it
    columns = {
        "heights": ("ledge_y", "left_height", "right_height", "top_height"),
        "highest": ("ledge_x", "side_outer", "side_outer", "top_half_width"),
        "left_of": ("ledge_x", "ledge_y", "blast_left"),
        "right_of": ("blast_right", "blast_top"),
        "rest": ("blast_bottom", "known"),
    }
    take = {key: [hidden[name] for name in names] for key, names in columns.items()}
    return torch.from_numpy(
        np.stack(
            [
                *take["heights"],
                none + np.float32(np.inf),  # Randall has a height of his own, or is not there
                *(always, inner, inner, always, always),
                *take["highest"],
                none + np.float32(_RANDALL),
                *take["left_of"],
                *take["right_of"],
                *take["rest"],
            ],
            axis=1,
        ).astype(np.float32)
    )


class Geometry(nn.Module):
    """`exphil.features.formulas.geometry` of both players."""

    SIZES: Final = (SURFACES, SURFACES, SURFACES, 3, 2, 1, 1)
    """heights, least and greatest distances of the surfaces; ledge and left zone; right and top zone; bottom; known"""

    def forward(self, x: Tensor, y: Tensor, moving: Tensor, randall_x: Tensor, stage: Tensor) -> Tensor:
        """Both players' dims in the order of `GEOMETRY_DIMS`, (B, 2, 7).

        Args:
            x: (B, 2), and `y` alike.
            moving: (B, 5), heights of surfaces that move, 0 for none.
            randall_x: (B, 1).
            stage: (B, 24), rows of `stage_table`.
        """
        x, y, moving, stage = x.unsqueeze(-1), y.unsqueeze(-1), moving.unsqueeze(1), stage.unsqueeze(1)
        heights, least, most, left_of, right_of, bottom, known = stage.split(self.SIZES, dim=-1)
        heights = torch.where(moving != 0, moving, heights)
        beyond = x.abs()
        distance = torch.cat((beyond, -x, x, beyond, (x - randall_x.unsqueeze(1)).abs()), dim=-1)
        under = (distance >= least) & (distance <= most) & (y >= heights - _SLACK)
        floor = torch.where(under, heights, bottom).amax(dim=-1, keepdim=True)
        ledge_and_left = torch.cat((beyond, y, x), dim=-1) - left_of
        right_and_top = right_of - torch.cat((x, y), dim=-1)
        below = y - torch.cat((bottom.expand_as(floor), floor), dim=-1)
        return torch.cat((ledge_and_left, right_and_top, below), dim=-1) * known


class Relation(nn.Module):
    """`exphil.features.formulas.relation`."""

    def forward(
        self, minuend: Tensor, subtrahend: Tensor, speeds: Tensor, airborne: Tensor, facing: Tensor
    ) -> Tensor:
        """Dims in the order of `RELATION_DIMS`, (B, 10).

        Args:
            minuend: (B, 4): x, y and percent of the opponent, stocks of self.
            subtrahend: (B, 4): x, y and percent of self, stocks of the opponent.
            speeds: (B, 10): air x, ground x and knockback x, each of opponent and self; then y and knockback y of
                the opponent, y and knockback y of self.
            airborne: (B, 2) of opponent and self, 0 or 1.
            facing: (B, 2): that of self, and that of the opponent negated.
        """
        difference = minuend - subtrahend
        between = difference[:, :2]
        air, ground, knockback, opponent_y, opponent_knock_y, own_y, own_knock_y = speeds.split(
            (2, 2, 2, 1, 1, 1, 1), dim=-1
        )
        speed = torch.where(airborne != 0, air, ground) + knockback
        opponent_x, own_x = speed.split((1, 1), dim=-1)
        velocity = torch.cat(
            (opponent_x - own_x, opponent_y + opponent_knock_y - own_y - own_knock_y), dim=-1
        )
        distance = torch.sqrt((between * between).sum(-1, keepdim=True))
        apart = distance + (distance == 0).to(distance.dtype)
        closing = -(between * velocity).sum(-1, keepdim=True) / apart
        faces = (between[:, :1] * facing > 0).to(distance.dtype)
        return torch.cat((difference, distance, velocity, closing, faces), dim=-1)
