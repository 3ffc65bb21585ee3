"""A run's engine: its exported graph where there is one, else torch."""

from collections import Counter
from collections.abc import Sequence
from typing import Final, Literal

import numpy as np

from exphil.errors import UsageError
from exphil.export.files import FILES, load_engine
from exphil.export.metadata import FP32, INT8
from exphil.melee.controller import NEUTRAL, NUM_HEADS
from exphil.play.engine import Engine
from exphil.training.runs import Run

Runtime = Literal["auto", "torch", "onnx", "int8"]

PRECISIONS: Final = {"onnx": FP32, "int8": INT8}
"""Of the graph that a runtime steps."""


def open_engine(run: Run, runtime: Runtime = "auto") -> tuple[Engine, str]:
    """The engine that steps a run's policy on one thread, and the name of its runtime.

    `auto` takes the exported float32 graph where there is one, else torch. Torch is imported only where it steps.

    Raises:
        UsageError: the run has not been exported as asked for.
        StoreError: its weights or its graph cannot be read, or the graph was made from other weights.
        FingerprintError: it reads rows of another feature table.
    """
    if runtime == "auto":
        runtime = "onnx" if (run.folder / FILES[FP32]).is_file() else "torch"
    if runtime == "torch":
        import torch

        from exphil.play.torch_engine import TorchEngine
        from exphil.training.trained import load_policy

        torch.set_num_threads(1)
        return TorchEngine(load_policy(run)), runtime
    precision = PRECISIONS[runtime]
    path = run.folder / FILES[precision]
    if not path.is_file():
        flags = "--onnx --int8" if runtime == "int8" else "--onnx"
        raise UsageError(
            f"--runtime {runtime}: {run.folder} has no {path.name}; run `exphil export {run.name} {flags}`,"
            " or take --runtime torch"
        )
    return load_engine(run, precision), runtime


def warm_up(engines: Sequence[Engine]) -> None:
    """Steps of nothing: what an engine sets up on its first steps is not set up while a frame waits.

    Args:
        engines: one a player; players of one engine are stepped as a batch, except where they have to begin anew.
    """
    for engine, count in Counter(engines).items():
        for batch in {1, count}:
            engine.step(
                np.zeros((batch, engine.row_bytes), np.uint8),
                np.zeros(batch, np.int64),
                np.tile(np.array(NEUTRAL), (batch, engine.delay, 1)),
                np.zeros((batch, NUM_HEADS), np.float32),
                1.0,
                1.0,
                engine.initial_state(batch),
            )
