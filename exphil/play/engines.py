"""A run's engine: its exported graph where there is one, else torch."""

from typing import Final, Literal

from exphil.errors import UsageError
from exphil.play.engine import Engine
from exphil.training.runs import Run

Runtime = Literal["auto", "torch", "onnx", "int8"]

FILES: Final[dict[str, str]] = {"onnx": "policy.onnx", "int8": "policy.int8.onnx"}
"""What `exphil export` writes into a run's folder, by runtime."""


def open_engine(run: Run, runtime: Runtime = "auto") -> tuple[Engine, str]:
    """The engine that steps a run's policy on one thread, and the name of its runtime.

    `auto` takes the exported float32 graph where there is one, else torch.

    Raises:
        UsageError: the run has not been exported as asked for.
        StoreError: its weights or its graph cannot be read, or the graph was made from other weights.
        FingerprintError: it reads rows of another feature table.
    """
    if runtime == "auto":
        runtime = "onnx" if (run.folder / FILES["onnx"]).is_file() else "torch"
    if runtime == "torch":
        import torch

        from exphil.play.torch_engine import TorchEngine
        from exphil.training.trained import load_policy

        torch.set_num_threads(1)
        return TorchEngine(load_policy(run)), runtime
    from exphil.export.metadata import FP32, INT8
    from exphil.export.run import load_engine

    path = run.folder / FILES[runtime]
    if not path.is_file():
        flags = "--onnx --int8" if runtime == "int8" else "--onnx"
        raise UsageError(
            f"--runtime {runtime}: {run.folder} has no {path.name}; run `exphil export {run.name} {flags}`,"
            " or take --runtime torch"
        )
    return load_engine(run, INT8 if runtime == "int8" else FP32), runtime
