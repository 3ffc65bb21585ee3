"""How long bare peppi takes over a folder of replays: the yardstick of `exphil materialize all`.

    python benchmarks/peppi_pass.py REPLAYS [--passes 5] [--glob "full_*.slp"]

One thread, one process, frames parsed and thrown away. Prints one line of JSON: seconds of each pass and their median,
files, frames, bytes, and the files that peppi refused (their time counts).
"""

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path


def one_pass(paths: list[Path]) -> tuple[float, int, int]:
    """(seconds, frame rows, files refused) of reading every path once."""
    import peppi_py._peppi as peppi

    refused = rows = 0
    begun = time.perf_counter()
    for path in paths:
        try:
            rows += len(peppi.read_slippi(str(path), False).frames)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # peppi's panics are no Exceptions
            refused += 1
    return time.perf_counter() - begun, rows, refused


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Median time of bare single-threaded peppi passes over a folder."
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--passes", type=int, default=5)
    parser.add_argument("--glob", default="**/*.slp", help="which files below the folder")
    asked = parser.parse_args()
    if asked.passes < 1:
        parser.error("--passes must be 1 or more")
    paths = sorted(path for path in asked.folder.glob(asked.glob) if path.is_file())
    if not paths:
        parser.error(f"no file below {asked.folder} matches {asked.glob}")
    # Rust prints a backtrace for every panic; they are counted, and need not be read.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    passes = [one_pass(paths) for _ in range(asked.passes)]
    seconds = [taken for taken, _, _ in passes]
    median = statistics.median(seconds)
    print(
        json.dumps(
            {
                "median_seconds": round(median, 4),
                "seconds": [round(taken, 4) for taken in seconds],
                "files": len(paths),
                "refused": passes[0][2],
                "frame_rows": passes[0][1],
                "num_bytes": sum(path.stat().st_size for path in paths),
                "files_per_second": round(len(paths) / median, 1),
            }
        )
    )


if __name__ == "__main__":
    main()
