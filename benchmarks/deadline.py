"""A policy at 60 frames a second beside a control that does nothing, on a quiet machine and beside a busy core.

    python benchmarks/deadline.py --store storage/
    python benchmarks/deadline.py --store storage/ --backbone gru lstm --precision fp32 --frames 3600

Recorded games are played to the session of `exphil play` at their own pace; every few seconds it pauses, and as
many frames are answered by doing nothing. A frame is over budget when its input is written later than a frame after it
was due. Those of the control are the machine's doing. `own work` counts the frames that took so long of the
processor's own time: they would have been late on any machine without other programs.

Then the same again while another process reads 64 MB over and over, on the last core where the system lets it
choose: it takes that core, the caches that the cores share, and the memory's time.
"""

import argparse
import json
import multiprocessing
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

import numpy as np
import torch

from exphil.backbones.config import CONFIGS
from exphil.benchmark.contest import Contest, parsed_settings
from exphil.benchmark.latency.deadline import BLOCK_FRAMES, alternating, deadline_row, deadline_table
from exphil.benchmark.latency.engines import built_engine
from exphil.benchmark.latency.games import games_in, games_of, packets
from exphil.benchmark.latency.jobs import RUNTIMES
from exphil.benchmark.latency.pacing import Clocks
from exphil.errors import ExphilError
from exphil.policy.build import build_policy
from exphil.store.store import Store

NEIGHBOUR_BYTES = 64 * 2**20


def be_busy() -> None:
    """Read memory over and over, until ended."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    numbers = np.ones(NEIGHBOUR_BYTES // 4, np.float32)
    while True:
        np.dot(numbers, numbers)


@contextmanager
def busy_neighbour() -> Iterator[None]:
    """Another process that never rests."""
    process = multiprocessing.get_context("spawn").Process(target=be_busy, daemon=True)
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join()


def measured(backbone: str, given: argparse.Namespace, games: list[list[bytes]]) -> list[dict[str, Any]]:
    """Rows: policy and control, quiet and beside a neighbour."""
    torch.manual_seed(0)
    config = Contest(backbones=(backbone,), shared=parsed_settings(given.settings)).config(backbone)
    rows = []
    policy = build_policy(config.policy).eval()
    engine = built_engine(policy, given.runtime, given.precision).engine
    who = f"{backbone}, {given.runtime} {given.precision}"

    def one(neighbour: str) -> None:
        def told(counted: int) -> None:
            print(f"{who}, neighbour {neighbour}: {counted} of {given.frames}", file=sys.stderr, flush=True)

        played, idle = alternating(engine, games, given.frames, Clocks(), block=given.block, told=told)
        rows.append(deadline_row(who, neighbour, played, idle))

    if "none" in given.neighbours:
        one("none")
    if "busy" in given.neighbours:
        with busy_neighbour():
            one("busy")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--store", type=Path, default=Path("storage"))
    parser.add_argument("--replays", type=Path, help="games in place of the store's")
    parser.add_argument("--backbone", nargs="+", choices=list(CONFIGS), default=["jamba"])
    parser.add_argument("--runtime", choices=sorted({runtime for runtime, _ in RUNTIMES}), default="onnx")
    parser.add_argument(
        "--precision", choices=sorted({precision for _, precision in RUNTIMES}), default="int8"
    )
    parser.add_argument("--set", dest="settings", action="append", default=[], help="as in exphil benchmark")
    parser.add_argument("--frames", type=int, default=10_000)
    parser.add_argument("--block", type=int, default=BLOCK_FRAMES, help="frames of a turn")
    parser.add_argument("--neighbours", nargs="+", choices=["none", "busy"], default=["none", "busy"])
    parser.add_argument("--json", type=Path, help="keep the rows in this file too")
    given = parser.parse_args()
    if (given.runtime, given.precision) not in RUNTIMES:
        parser.error(f"--runtime {given.runtime} has no --precision {given.precision}")
    torch.set_num_threads(1)
    rows = []
    try:
        paths = (
            games_in(given.replays, given.frames)
            if given.replays
            else games_of(Store.open(given.store), given.frames)
        )
        games = packets(paths)
        for backbone in given.backbone:
            rows += measured(backbone, given, games)
            if given.json:
                keep(given.json, rows)
    except ExphilError as error:
        parser.exit(error.exit_code, f"error: {error}\n")
    print("\n".join(deadline_table(rows)))


def keep(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write rows into a file, in the place of those of the same policy and neighbour."""
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    kept = {(row["policy"], row["neighbour"]): row for row in (*before, *rows)}
    path.write_text(json.dumps([*kept.values()], indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
