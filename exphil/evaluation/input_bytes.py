"""Inputs written back into packed rows: the inverse of `FeatureDecoder.actions`, for the viewpoint's own player.

A stick or shoulder becomes the centre of its bin, which is what a policy's choice puts on a controller.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from exphil.features.layout import FeatureSet
from exphil.melee.controller import (
    BUTTONS,
    SHOULDER_BINS,
    SHOULDER_UNIT,
    STICK_BINS,
    STICK_UNIT,
    STICKS,
    shoulder_values,
    stick_values,
)


class InputWriter(nn.Module):
    """Puts the self's input into rows of one feature set. Holds tables alone, which move with the module."""

    weights: Tensor
    sticks: Tensor
    shoulders: Tensor
    places: Tensor

    def __init__(self, feature_set: FeatureSet) -> None:
        super().__init__()
        player: Any = feature_set.row_dtype["players"].subdtype[0]  # type: ignore[index]
        scalars, codes = player.fields["scalars"][1], player.fields["codes"][1]
        slots = feature_set.slots
        columns = [slots[f"input.{stick}"].column for stick in STICKS]
        bits = [slots[f"input.button_{name.lower()}"] for name in BUTTONS]
        buttons = {slot.column for slot in bits}
        if len(buttons) != 1 or [slot.bit for slot in bits] != list(range(len(BUTTONS))):
            raise ValueError(f"feature set {feature_set.name} keeps the buttons in no byte of their own")
        # Little-endian pairs of the four axes, then the shoulder, then the byte of buttons.
        places = [scalars + 2 * column + half for column in columns for half in (0, 1)]
        places += [codes + slots["input.shoulder"].column, codes + buttons.pop()]
        units = np.rint(stick_values(np.arange(STICK_BINS)) * STICK_UNIT).astype("<i2")
        presses = np.rint(shoulder_values(np.arange(SHOULDER_BINS)) * SHOULDER_UNIT).astype(np.uint8)
        self.player_bytes = player.itemsize
        for name, table in (
            ("weights", 2 ** torch.arange(len(BUTTONS))),
            ("sticks", torch.from_numpy(units.view(np.uint8).reshape(STICK_BINS, 2).copy())),
            ("shoulders", torch.from_numpy(presses)),
            ("places", torch.tensor(places)),
        ):
            self.register_buffer(name, table, persistent=False)

    def forward(self, rows: Tensor, viewpoint: Tensor, actions: Tensor) -> Tensor:
        """(B, R) uint8, (B,) int64, (B, 13) int64 -> (B, R): the same rows with the self's input replaced."""
        first_stick = len(BUTTONS)
        held = (actions[:, :first_stick] * self.weights).sum(1, keepdim=True).to(torch.uint8)
        sticks = self.sticks[actions[:, first_stick:-1]].flatten(1)
        values = torch.cat((sticks, self.shoulders[actions[:, -1:]], held), dim=1)
        places = self.places + viewpoint.unsqueeze(1) * self.player_bytes
        return rows.scatter(1, places, values)
