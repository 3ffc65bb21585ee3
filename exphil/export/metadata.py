"""What an exported file says of itself, so that it can be run without exphil: text under names of its own.

All values are strings, numbers and lists as JSON.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import exphil
from exphil.errors import StoreError
from exphil.features import FeatureSet
from exphil.melee.controller import (
    BUTTONS,
    NEUTRAL,
    SHOULDER_BINS,
    STICK_BINS,
    STICKS,
    shoulder_values,
    stick_values,
)

FORMAT: Final = "1"
"""Raised when inputs, outputs or metadata come to mean something else."""

FP32: Final = "fp32"
INT8: Final = "int8"

FREE: Final = -1
"""In the input `forced`: draw this head."""


@dataclass(frozen=True, slots=True)
class StateSlot:
    """A part of the memory: an input, and the output that is fed to it a frame later. It begins as zeros.

    Attributes:
        input: name.
        output: name.
        shape: without the batch.
        dtype: as numpy names it.
    """

    input: str
    output: str
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True, slots=True)
class Exported:
    """A file's metadata.

    Attributes:
        run: name of the run.
        backbone: its name.
        precision: `fp32` or `int8`.
        weights: 16 hex digits of the weights that it was made from.
        fingerprint: of the feature table.
        row_bytes: of a packed row.
        delay: see `PolicyConfig`.
        heads: name and number of classes of each head.
        states: the memory, in the order of inputs and outputs.
    """

    run: str
    backbone: str
    precision: str
    weights: str
    fingerprint: str
    row_bytes: int
    delay: int
    heads: tuple[tuple[str, int], ...]
    states: tuple[StateSlot, ...]


def written_metadata(exported: Exported, features: FeatureSet) -> dict[str, str]:
    """Everything that goes into a file."""
    values: dict[str, Any] = {
        "exphil_format": FORMAT,
        "exphil_version": exphil.__version__,
        "run": exported.run,
        "backbone": exported.backbone,
        "precision": exported.precision,
        "weights": exported.weights,
        "feature_set": features.name,
        "feature_fingerprint": exported.fingerprint,
        "feature_names": features.names,
        "row_bytes": exported.row_bytes,
        "row_layout": row_layout(features),
        "delay": exported.delay,
        "heads": exported.heads,
        "discretisation": discretisation(),
        "neutral": NEUTRAL,
        "inputs": INPUTS,
        "outputs": OUTPUTS,
        "states": [
            {"input": slot.input, "output": slot.output, "shape": slot.shape, "dtype": slot.dtype}
            for slot in exported.states
        ],
    }
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}


def read_metadata(found: Mapping[str, str], where: str) -> Exported:
    """Back from a file.

    Raises:
        StoreError: it is no policy that exphil has exported, or one of another format.
    """
    if found.get("exphil_format") != FORMAT:
        what = "is no exported policy" if "exphil_format" not in found else "was exported in another format"
        raise StoreError(f"{where} {what}; export a run with `exphil export`")
    try:
        return Exported(
            found["run"],
            found["backbone"],
            found["precision"],
            found["weights"],
            found["feature_fingerprint"],
            int(found["row_bytes"]),
            int(found["delay"]),
            tuple((str(name), int(size)) for name, size in json.loads(found["heads"])),
            tuple(
                StateSlot(slot["input"], slot["output"], tuple(slot["shape"]), slot["dtype"])
                for slot in json.loads(found["states"])
            ),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise StoreError(
            f"{where} lacks metadata ({error}); export the run anew with `exphil export`"
        ) from error


def discretisation() -> dict[str, Any]:
    """What each class of each head puts on the controller."""
    import numpy as np

    return {
        "buttons": list(BUTTONS),
        "sticks": list(STICKS),
        "stick_values": stick_values(np.arange(STICK_BINS)).tolist(),
        "shoulder_values": shoulder_values(np.arange(SHOULDER_BINS)).tolist(),
    }


def row_layout(features: FeatureSet) -> list[dict[str, Any]]:
    """Every stored column of a row: where it lies, its type, and who it is about."""
    row = features.row_dtype
    player: Any = row["players"].subdtype[0]  # type: ignore[index]
    fields: Any = row.fields
    parts = [
        (f"player{number}", fields["players"][1] + number * player.itemsize, player) for number in (0, 1)
    ]
    parts.append(("shared", fields["shared"][1], row["shared"]))
    found = []
    for who, start, struct in parts:
        for block, (dtype, offset) in struct.fields.items():
            if block == "padding":
                continue
            names = features.columns[f"{'shared' if who == 'shared' else 'player'}_{block}"]  # type: ignore[index]
            item = dtype.subdtype[0]
            found += [
                {"of": who, "name": name, "offset": start + offset + at * item.itemsize, "dtype": item.str}
                for at, name in enumerate(names)
            ]
    return found


INPUTS: Final = {
    "rows": "(batch, row_bytes) uint8: a packed row of the frame, see row_layout",
    "viewpoint": "(batch,) int64: 0 where player0 of the row is self, 1 where player1 is",
    "queue": "(batch, delay, 13) int64, only with a delay: inputs decided and not yet applied, the next one due first;"
    " neutral before a game's first frame",
    "noise": "(batch, 13) float32, uniform from 0 to below 1",
    "temperature": "() float32: 0 takes each head's likeliest class",
    "top_p": "() float32: share of the probability that is kept, the likeliest classes first",
    "forced": "(batch, 13) int64: classes that are given, -1 for those to be drawn",
}

OUTPUTS: Final = {
    "actions": "(batch, 13) int64: a class of each head, see heads and discretisation; the input of the frame that"
    " comes 1 + delay later",
    "log_prob": "(batch, 13) float32: of each choice given those before it, in nats, at temperature 1 and top-p 1",
    "logits": "(batch, 81) float32: one a button, then one a class of each other head, given the choices before it",
}
