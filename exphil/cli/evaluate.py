"""`exphil evaluate`: what a trained policy is worth on games that it has not learnt from."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from exphil.cli import output
from exphil.cli.options import JsonFlag, ModelsOption
from exphil.config.roots import models_root, store_root

Side = Literal["validation", "test"]


def evaluate(
    run: str,
    /,
    *,
    store: Annotated[
        Path | None,
        Parameter(help="Feature store; else the one that the run learnt from.", show_default=False),
    ] = None,
    models: ModelsOption = None,
    side: Side = "validation",
    out: Annotated[Path | None, Parameter(show_default=False)] = None,
    temperature: Annotated[float | None, Parameter(show_default=False)] = None,
    top_p: Annotated[float | None, Parameter(show_default=False)] = None,
    max_frames: Annotated[int | None, Parameter(show_default=False)] = None,
    side_by_side: int = 64,
    device: str = "cpu",
    threads: int = 1,
    seed: int = 0,
    as_json: JsonFlag = False,
) -> None:
    """Measure a policy on games that it has not learnt from.

    Likelihood by head, button and stick figures, calibration, all by character, opponent, stage and phase beside
    two baselines; and free runs, in which the policy is fed its own inputs, beside people's. Writes
    `evaluation.json` and `evaluation.html` into the run's folder.

    For example:

        exphil evaluate mamba-20260101-1
        exphil evaluate mamba-20260101-1 --temperature 0.8 --top-p 0.95
        exphil evaluate mamba-20260101-1 --side test --json

    Parameters
    ----------
    run
        Name of the run, or its folder.
    side
        Side of the run's split. `test` writes `evaluation-test.json` and `evaluation-test.html`.
    out
        Folder for both files; else the run's own.
    temperature
        One more free run, at this temperature; temperature 1 and argmax are always there.
    top_p
        One more free run, keeping the likeliest classes that hold this share of the probability.
    max_frames
        Only the first so many frames of each game.
    side_by_side
        Viewpoints that are stepped together; more need more memory.
    device
        Where the policy runs: cpu, cuda, mps.
    threads
        Of torch, while the policy is stepped through the games.
    seed
        Of what the free runs draw.
    """
    from exphil.evaluation.evaluate import Options
    from exphil.evaluation.evaluate import evaluate as measure
    from exphil.evaluation.page import evaluation_page, summary
    from exphil.evaluation.rollout import Sampling
    from exphil.evaluation.saved import save
    from exphil.training.runs import open_run

    opened = open_run(models_root(models), run)
    more = []
    if temperature is not None or top_p is not None:
        more = [Sampling(1.0 if temperature is None else temperature, top_p=1.0 if top_p is None else top_p)]
    options = Options(
        side=side,
        samplings=more,
        max_frames=max_frames,
        side_by_side=side_by_side,
        device=device,
        threads=threads,
        seed=seed,
    )
    report = measure(
        opened,
        options,
        store=None if store is None else store_root(store),
        note=output.note,
        progress=output.progress,
    )
    written = save(report, evaluation_page(report), opened.folder if out is None else out)
    if as_json:
        output.json_document(report)
        return
    output.table(["", ""], [[name, value] for name, value in summary(report)])
    for path in written:
        output.note(str(path))
