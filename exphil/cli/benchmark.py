"""`exphil benchmark`: every backbone on the same windows and budget, in one table."""

import sys
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from exphil.cli import output
from exphil.cli.options import JsonFlag, StoreOption
from exphil.config.roots import store_root
from exphil.errors import UsageError

OUT: Final = Path("benchmark")
EPOCHS: Final = 3
ROUNDS: Final = 3
FRAMES: Final = 10_000


def benchmark(
    *,
    store: StoreOption = None,
    backbones: Annotated[str | None, Parameter(help="Which, separated by commas; all if not given.")] = None,
    seeds: Annotated[int, Parameter(help="Training runs of each, with seeds from 0.")] = 1,
    epochs: Annotated[int, Parameter(help="Passes over the training frames.")] = EPOCHS,
    max_steps: Annotated[int | None, Parameter(help="Stop training after this many steps.")] = None,
    window_size: Annotated[
        int | None, Parameter(help="Frames of a window; else the trainer's default.")
    ] = None,
    batch_size: Annotated[
        int | None, Parameter(help="Windows of a batch; else the trainer's default.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        Parameter(
            name="--set",
            help="Another option of `exphil train`, for every backbone that has it: hidden_size=64.",
        ),
    ] = None,
    stages: Annotated[
        str | None, Parameter(help="Which of speed,latency,train,scaling; all if not given.")
    ] = None,
    rounds: Annotated[int, Parameter(help="How often speed and latency are measured, by turns.")] = ROUNDS,
    latency: Annotated[
        bool, Parameter(negative=(), show_default=False, help="Time whole frames of play, and nothing else.")
    ] = False,
    frames: Annotated[int, Parameter(help="With --latency: frames that are answered.")] = FRAMES,
    replays: Annotated[
        Path | None,
        Parameter(
            help="With --latency: games that are answered; else some of the store's.", show_default=False
        ),
    ] = None,
    out: Annotated[Path, Parameter(help="Folder of results, tables and runs.")] = OUT,
    as_json: JsonFlag = False,
) -> int:
    """Compare the backbones: loss, speed, latency, memory.

    Each is trained at its own preset, on the same windows and for the same budget as the others, each measurement in
    a process of its own, one at a time. The machine should have nothing else to do. Results are kept one by one:
    after Ctrl-C, or a crash, the same command goes on where it was. A backbone that diverges or fails is a row with
    its reason. Writes table.md, results.parquet, curves.parquet, scaling.parquet and report.html.

    Stages: `speed` times training batches, `latency` single decisions on one CPU thread, `train` trains and
    validates, `scaling` times windows of 30 to 480 frames.

    With `--latency` the session of `exphil play` answers recorded games, frame by frame on one CPU thread, with each
    backbone run by torch and exported to ONNX, in fp32 and int8: from the bytes of a frame's events to those in the
    controller's pipe. Writes latency.json, latency.md and latency.html.

    For example:

        exphil benchmark --store storage/ --seeds 3
        exphil benchmark --backbones mlp,gru --set hidden_size=64 --max-steps 200
        exphil benchmark --stages speed --window-size 30 --batch-size 256
        exphil benchmark --latency --frames 10000
    """
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out} is a file; name a folder for the results")
    if latency:
        typed_for_training = {
            "--seeds": seeds != 1,
            "--rounds": rounds != ROUNDS,
            "--epochs": epochs != EPOCHS,
            "--max-steps": max_steps is not None,
            "--window-size": window_size is not None,
            "--batch-size": batch_size is not None,
            "--stages": stages is not None,
        }
        for flag, is_typed in typed_for_training.items():
            if is_typed:
                raise UsageError(f"{flag} has no part in --latency: leave one of them out")
        return _latency(store, backbones, settings, frames, replays, out, as_json)
    for flag, is_typed in {"--frames": frames != FRAMES, "--replays": replays is not None}.items():
        if is_typed:
            raise UsageError(f"{flag} goes with --latency only")
    from exphil.backbones.config import CONFIGS
    from exphil.benchmark.contest import STAGES, Contest, chosen, parsed_settings
    from exphil.benchmark.figures import Figures, figures_of
    from exphil.benchmark.jobs import measured, plan
    from exphil.benchmark.outputs import TABLE, json_rows, table_page, write_outputs
    from exphil.benchmark.run import finished, run_jobs
    from exphil.store.store import Store
    from exphil.training.provenance import store_fingerprint

    for flag, value in (("--seeds", seeds), ("--rounds", rounds)):
        if value < 1:
            raise UsageError(f"{flag} {value} must be at least 1")
    typed = {"epochs": epochs, "max_steps": max_steps, "window_size": window_size, "batch_size": batch_size}
    contest = Contest(
        backbones=chosen("--backbones", backbones, tuple(CONFIGS)),
        seeds=tuple(range(seeds)),
        rounds=rounds,
        stages=chosen("--stages", stages, STAGES),
        shared={
            **parsed_settings(settings or []),
            **{name: value for name, value in typed.items() if value is not None},
        },
    )
    root = store_root(store)
    fingerprint = store_fingerprint(Store.open(root))
    jobs = plan(contest, root, fingerprint)

    def figures() -> Figures:
        """Of all that the folder holds under these settings, by earlier calls too."""
        return figures_of(
            [result for _, result in finished(plan(measured(contest, out), root, fingerprint), out)]
        )

    try:
        run_jobs(jobs, out, output.note, lambda: write_outputs(out, figures()))
    finally:
        if (found := figures()).rows:
            write_outputs(out, found)
    if as_json:
        output.json_document(json_rows(found))
    else:
        output.say(table_page(found).rstrip())
        output.note(f"in {out}: {TABLE}, report.html and Parquet")
    return 1 if all(row.status != "ok" for row in found.rows) else 0


def _latency(
    store: Path | None,
    backbones: str | None,
    settings: list[str] | None,
    frames: int,
    replays: Path | None,
    out: Path,
    as_json: bool,
) -> int:
    """Whole frames of play, in the place of everything else."""
    from exphil.backbones.config import CONFIGS
    from exphil.benchmark.contest import Contest, chosen, parsed_settings
    from exphil.benchmark.latency.outputs import REPORT, ROWS, TABLE, json_latency
    from exphil.benchmark.latency.run import measure_all
    from exphil.benchmark.latency.table import latency_page_text, latency_remarks, short_rows

    if frames < 1:
        raise UsageError(f"--frames {frames} must be at least 1")
    contest = Contest(
        backbones=chosen("--backbones", backbones, tuple(CONFIGS)), shared=parsed_settings(settings or [])
    )
    rows = measure_all(contest, store_root(store), replays, frames, out, output.note)
    if as_json:
        output.json_document(json_latency(rows))
    elif sys.stdout.isatty():
        columns, cells = short_rows(rows)
        output.say("Milliseconds of one frame, from its events to the controller's pipe; late: over 16.7 ms")
        output.table(columns, cells, right=columns[2:])
        for remark in latency_remarks(rows, explained=False):
            output.say(f"\n{remark.replace('*', '').replace('`', '')}")
        output.note(f"\nmore in {out}: {TABLE}, {REPORT} and {ROWS}")
    else:
        output.say(latency_page_text(rows).rstrip())
        output.note(f"in {out}: {TABLE}, {REPORT} and {ROWS}")
    return 1 if all(row.status != "ok" for row in rows) else 0
