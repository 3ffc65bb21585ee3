"""The Python door to a trained policy: `exphil.load_runner("mamba-20260101-1")`."""

from pathlib import Path
from typing import get_args

from exphil.config.roots import models_root
from exphil.errors import UsageError
from exphil.play.engines import Runtime, open_engine
from exphil.play.runner import PolicyRunner
from exphil.training.runs import open_run


def load_runner(
    run: str,
    models: Path | str | None = None,
    *,
    runtime: Runtime = "auto",
    viewpoint: int = 0,
    temperature: float = 1.0,
    top_p: float = 1.0,
    seed: int = 0,
    game_delay: int = 0,
) -> PolicyRunner:
    """A runner of a trained policy, for one player of one game.

    Further runners of the same policy take its `engine`: `PolicyRunner(runner.engine, viewpoint=1)`.

    Args:
        run: name of a run, or its folder.
        models: the folder of runs, else EXPHIL_MODELS, else ./models.
        runtime: `onnx` or `int8`, what `exphil export` has written; `torch`; `auto` for `onnx` where it was written,
            else `torch`.
        viewpoint: see `PolicyRunner`, as the rest.

    Raises:
        UsageError: there is no such run, it has not been exported as asked for, or a setting that cannot be.
        StoreError: its weights or its graph cannot be read.
        FingerprintError: it reads rows of another feature table.
    """
    if runtime not in get_args(Runtime):
        raise UsageError(f"runtime {runtime!r}: there are {', '.join(get_args(Runtime))}")
    engine, _ = open_engine(open_run(models_root(models), run), runtime)
    return PolicyRunner(
        engine,
        viewpoint=viewpoint,
        temperature=temperature,
        top_p=top_p,
        seed=seed,
        game_delay=game_delay,
    )
