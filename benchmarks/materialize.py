"""`exphil materialize all` beside bare parser passes over the same files, and the second run.

    python benchmarks/materialize.py REPLAYS [--workers 2] [--rounds 3]

Prints, per round, the median of five bare single-threaded peppi passes, our own work, start-up and Dagster apart,
peak memory of all processes together, bytes a game frame by asset, and what a second run takes. Each round starts
with a new store in a temporary folder. Linux only (memory is read from /proc).
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("replays", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    ratios = []
    for number in range(arguments.rounds):
        peppi = bare_passes(arguments.replays)
        figures = one_round(arguments)
        figures = {"round": number + 1, "bare_peppi_seconds": round(peppi, 3), **figures}
        figures["own_over_peppi"] = round(figures["own_seconds"] / peppi, 2)
        ratios.append(figures["own_over_peppi"])
        print(json.dumps(figures), flush=True)
    print(json.dumps({"median_own_over_peppi": median(ratios)}))


def bare_passes(replays: Path) -> float:
    """Median seconds of five passes, in a process of its own."""
    script = Path(__file__).with_name("peppi_pass.py")
    out = subprocess.run(
        [sys.executable, script, str(replays), "--passes", "5"], capture_output=True, text=True, check=True
    )
    return float(json.loads(out.stdout.splitlines()[-1])["median_seconds"])


def one_round(arguments: argparse.Namespace) -> dict[str, float]:
    """Materialize into a new store, then once more."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "storage"
        command = [
            *(sys.executable, "-m", "exphil.cli", "materialize", "all", "--json"),
            *("--replays", str(arguments.replays.resolve()), "--store", str(store)),
            *("--workers", str(arguments.workers)),
        ]
        first, wall, peak = run_watched(command, folder)
        _, again, _ = run_watched(command, folder)
        made = {report["asset"]: report["made"] for report in first["reports"]}
        frames = sum(report["made"].get("stage_frames rows", 0) for report in first["reports"])
        sizes: dict[str, int] = {}
        for report in first["reports"]:
            sizes[report["asset"]] = sizes.get(report["asset"], 0) + report["num_bytes"]
        seconds = first["seconds"]
        return {
            "replays": first["replays"]["selected"],
            "game_frames": frames,
            "packed_frames": made["packs"]["game frames"],
            "own_seconds": seconds["work"],
            "startup_seconds": round(seconds["workers"] + seconds["plan"], 3),
            "dagster_seconds": seconds["dagster"],
            "wall_seconds": round(wall, 2),
            "peak_megabytes": round(peak / 1e6),
            "second_run_seconds": round(again, 2),
            **{f"{asset}_bytes_per_frame": round(size / frames, 1) for asset, size in sizes.items()},
        }


def run_watched(command: list[str], folder: str) -> tuple[dict, float, int]:
    """Run a command; its output as JSON, wall seconds, and peak memory (PSS) of its whole process tree."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder)
    peak = 0

    def watch() -> None:
        nonlocal peak
        while process.poll() is None:
            peak = max(peak, sum(pss(pid) for pid in tree(process.pid)))
            time.sleep(0.2)

    watcher = threading.Thread(target=watch)
    watcher.start()
    output, _ = process.communicate()
    watcher.join()
    wall = time.perf_counter() - begun
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return json.loads(output), wall, peak


def tree(root: int) -> list[int]:
    """The process and all its descendants."""
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                waiting += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
    return found


def pss(pid: int) -> int:
    """Proportional set size in bytes: shared pages are counted once over the tree."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


if __name__ == "__main__":
    main()
