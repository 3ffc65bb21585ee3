"""Windows seen in a mirror, or with noise on what the game measures: rows to rows, on any device.

Rows change before anything is read from them, so features, the held input, inputs on their way and targets agree.
B batch, n rows of a window, R bytes a row, W = R / 2, k columns that may be noisy.
"""

import math
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from exphil.features.encodings import Number
from exphil.features.feature import Feature
from exphil.features.layout import FeatureSet
from exphil.features.mirror import SYMMETRIC_STAGE, column_places, reflection
from exphil.loading.batch import Augmentation
from exphil.melee.actions import NUM_ACTIONS
from exphil.melee.sides import MIRRORED_ACTION

# SplitMix64's constants, as the signed numbers that torch knows.
GOLDEN: Final = 0x9E3779B97F4A7C15 - (1 << 64)
FIRST_FACTOR: Final = 0xBF58476D1CE4E5B9 - (1 << 64)
SECOND_FACTOR: Final = 0x94D049BB133111EB - (1 << 64)


def is_noisy(feature: Feature) -> bool:
    """Whether it is a measurement that noise may blur.

    Positions, speeds, damage, shields, ages and timers are. Flags, classes, counts and ids are not, nor the
    player's own input, nor what follows from the frame id and so is exact.
    """
    continuous = isinstance(feature.encoding, Number) and feature.encoding.dtype == "int16"
    return continuous and feature.scope != "self" and feature.source != ("frame",)


class Augmenter(nn.Module):
    """Does to rows of a feature set what an `Augmentation` says. Holds no parameters, only tables."""

    def __init__(self, feature_set: FeatureSet) -> None:
        super().__init__()
        found = reflection(feature_set)
        self._transformed = (found.transformed_byte, found.transformed_mask)
        self._stage_byte = found.stage_byte
        self._buffer("symmetric", SYMMETRIC_STAGE)
        for name in ("sign", "floor", "from_columns", "to_columns", "action_columns", "character_columns"):
            self._buffer(name, getattr(found, name))
        self._buffer("mirrored_action", MIRRORED_ACTION.reshape(-1))
        self._buffer("byte_columns", found.byte_columns)
        self._buffer("byte_starts", 256 * np.arange(len(found.byte_columns), dtype=np.int64))
        self._buffer("byte_values", found.byte_values.reshape(-1))
        noisy = _noisy_columns(feature_set)
        self._buffer("noisy_columns", np.array([column for column, _ in noisy], np.int64))
        self._buffer("steps_of_one", np.array([steps for _, steps in noisy], np.float32))

    def _buffer(self, name: str, value: NDArray[np.generic]) -> None:
        self.register_buffer(name, torch.from_numpy(np.ascontiguousarray(value)).clone(), persistent=False)

    @torch.no_grad()
    def forward(self, rows: Tensor, augmentation: Augmentation) -> Tensor:
        """(B, n, R) uint8 -> the same shape; `rows` are left as they were."""
        mirrored = self._mirrored(rows.contiguous(), augmentation.mirror)
        if not augmentation.noise_scale:
            return mirrored
        return self._noisy(mirrored, augmentation.noise, augmentation.noise_scale)

    def is_fair(self, rows: Tensor) -> Tensor:
        """(B, n, R) uint8 -> (B,) bool: windows whose stage is its own mirror image all along."""
        byte, mask = self._transformed
        like = self.get_buffer("symmetric")[rows[..., self._stage_byte].long()]
        return (like & ((rows[..., byte] & mask) == 0)).all(dim=1)

    def _mirrored(self, rows: Tensor, chosen: Tensor) -> Tensor:
        """The chosen windows reflected, where the stage allows it."""
        get = self.get_buffer
        wide = rows.view(torch.int16)
        out = torch.maximum(wide, get("floor")) * get("sign")
        out.index_copy_(-1, get("to_columns"), wide.index_select(-1, get("from_columns")))
        actions = wide.index_select(-1, get("action_columns")).long()
        characters = wide.index_select(-1, get("character_columns")).long()
        turned = get("mirrored_action")[characters * NUM_ACTIONS + actions]
        out.index_copy_(-1, get("action_columns"), turned)
        found = out.view(torch.uint8)
        codes = rows.index_select(-1, get("byte_columns")).long() + get("byte_starts")
        found.index_copy_(-1, get("byte_columns"), get("byte_values")[codes])
        return torch.where((chosen & self.is_fair(rows)).view(-1, 1, 1), found, rows)

    def _noisy(self, rows: Tensor, keys: Tensor, scale: float) -> Tensor:
        """Noise on the measurements of windows with a key.

        What is 0 stays so: there it says that something is at rest, or not there at all.
        """
        columns = self.get_buffer("noisy_columns")
        wide = rows.view(torch.int16)
        before = wide.index_select(-1, columns)
        noise = gaussian(keys, rows.shape[1], len(columns)) * (self.get_buffer("steps_of_one") * scale)
        blurred = (before + noise).round().clamp(-32768, 32767).to(torch.int16)
        kept = (before == 0) | (keys == 0).view(-1, 1, 1)
        out = wide.clone()
        out.index_copy_(-1, columns, torch.where(kept, before, blurred))
        return out.view(torch.uint8)


def _noisy_columns(feature_set: FeatureSet) -> list[tuple[int, float]]:
    """16-bit columns that may be noisy, and how many stored steps make 1.0 of the dim."""
    places = column_places(feature_set)
    return [
        (place // 2, feature.encoding.scale / feature.encoding.step)
        for feature in feature_set.features
        if is_noisy(feature) and isinstance(feature.encoding, Number)
        for place in places[feature.name]
    ]


def gaussian(keys: Tensor, num_rows: int, num_columns: int) -> Tensor:
    """(B,) int64 keys -> (B, num_rows, num_columns) float32, standard normal.

    A pure function of key, row and column: counters are hashed, and no generator is asked, so ranks and resumed
    runs agree. Each hash makes two numbers (Box and Muller).
    """
    half = -(-num_columns // 2)
    counters = torch.arange(num_rows * half, device=keys.device) + 1
    bits = _mixed(keys.unsqueeze(1) + counters * GOLDEN)
    radius = torch.sqrt(-2 * torch.log((_upper(bits, 40).float() + 0.5) * 2.0**-24))
    angle = (bits & 0xFFFFFF).float() * (2 * math.pi * 2.0**-24)
    pairs = torch.stack((radius * torch.cos(angle), radius * torch.sin(angle)), dim=-1)
    return pairs.view(-1, num_rows, 2 * half)[..., :num_columns]


def _upper(bits: Tensor, shift: int) -> Tensor:
    """`bits` moved down by `shift` as if they had no sign."""
    return (bits >> shift) & ((1 << (64 - shift)) - 1)


def _mixed(state: Tensor) -> Tensor:
    """(...) int64 -> (...): SplitMix64's finishing steps; overflow wraps around."""
    state = (state ^ _upper(state, 30)) * FIRST_FACTOR
    state = (state ^ _upper(state, 27)) * SECOND_FACTOR
    return state ^ _upper(state, 31)
