"""Kill -9 `exphil materialize all` at random moments, then compare the store with an undisturbed one.

    python benchmarks/kill.py REPLAYS [--kills 20] [--seed 0]

Every kill hits a run on the same store at a random moment of an undisturbed run's time; a new store is begun whenever
one got finished, so that kills fall into every stage. Prints what each kill met, and whether the stores agree.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.equality import assert_same_stores


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("replays", type=Path)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        run(arguments.replays, root / "undisturbed", root)
        seconds = float("inf")
        store, kills = root / "store", 0
        while kills < arguments.kills:
            begun = time.perf_counter()
            moment = rng.uniform(0.0, seconds) if kills else 1.0
            killed = run(arguments.replays, store, root, kill_after=moment)
            if not killed:  # it was faster than any before: draw again from a shorter span
                seconds = min(seconds, time.perf_counter() - begun)
                continue
            kills += 1
            begun = time.perf_counter()
            run(arguments.replays, store, root)
            seconds = min(seconds, time.perf_counter() - begun + moment)
            assert_same_stores(root / "undisturbed", store)
            print(f"kill {kills} after {moment:.2f} s: the next run completed the same store", flush=True)
            shutil.rmtree(store)
    print(f"{arguments.kills} kills: every table, embedding and pack equals the undisturbed run's")


def run(replays: Path, store: Path, folder: Path, kill_after: float | None = None) -> bool:
    """Run to the end, or kill it (its workers with it, as a lost machine would); True if it was killed."""
    command = [
        sys.executable,
        "-m",
        "exphil.cli",
        "materialize",
        "all",
        "--replays",
        str(replays),
        "--store",
        str(store),
    ]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        code = process.wait(timeout=kill_after)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return True
    if code != 0:
        raise SystemExit(f"{' '.join(command)} ended with {code}")
    return False


if __name__ == "__main__":
    main()
