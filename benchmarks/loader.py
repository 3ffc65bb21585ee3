"""How fast windows reach the trainer, beside a bare numpy gather of the same bytes from the same memory maps.

    python benchmarks/loader.py --store storage/
    python benchmarks/loader.py                     # a pack of random bytes, like 100 games

Reports, for random windows in torch batches: windows a second of the bare gather and of the loader, by turns in
one process (medians), their ratio; seconds from opening to the first batch; and anonymous memory (RssAnon, Linux)
after opening, and at the end. The store should fit in memory: this measures code, not disks.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch

from exphil.features import V1
from exphil.loading.batch import Batch
from exphil.loading.dataset import PackFiles, find_segments
from exphil.loading.loader import Loader
from exphil.loading.sampler import Sampler
from exphil.sql.segments import select_segments
from exphil.store.packs import Packs
from exphil.store.store import Store

FRAMES_OF_A_GAME = 10_000
ROW_BYTES = V1.row_dtype.itemsize


@dataclass(frozen=True)
class RandomPack:
    """A pack of random bytes in a temporary file."""

    parts: tuple[np.ndarray, ...]
    runs: pa.Table
    segments: pa.Table


def random_pack(folder: Path, num_games: int) -> RandomPack:
    """Write `num_games` games of random rows, both viewpoints eligible, and map them."""
    rng = np.random.default_rng(0)
    path = folder / "pack.bin"
    with path.open("wb") as file:
        for _ in range(num_games):
            file.write(rng.bytes(FRAMES_OF_A_GAME * ROW_BYTES))
    names = [f"{game:032x}" for game in range(num_games)]
    runs = pa.table(
        {
            "part": [0] * num_games,
            "replay_id": names,
            "first_port": [1] * num_games,
            "second_port": [2] * num_games,
            "first_frame": [-123] * num_games,
            "num_rows": [FRAMES_OF_A_GAME] * num_games,
            "row_offset": [FRAMES_OF_A_GAME * game for game in range(num_games)],
        }
    )
    segments = pa.table(
        {
            "replay_id": [name for name in names for _ in (1, 2)],
            "port": [1, 2] * num_games,
            "first_frame": [-39] * (2 * num_games),
            "last_frame": [FRAMES_OF_A_GAME - 125] * (2 * num_games),
        }
    )
    rows = np.memmap(path, np.uint8, "r", shape=(num_games * FRAMES_OF_A_GAME, ROW_BYTES))
    return RandomPack((rows,), runs, segments)


def anonymous_megabytes() -> float | None:
    """RssAnon of this process; None where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    line = next(line for line in status.read_text().splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) / 1024


def bare_gather(packs: PackFiles, num_rows: int, batch_size: int) -> Callable[[], np.ndarray]:
    """Random windows by fancy indexing of the memory map: the yardstick. One pack at a time."""
    rng = np.random.default_rng(1)
    offsets = np.arange(num_rows)
    large = [part for part in packs.parts if len(part) > num_rows]
    turn = iter(range(1 << 62))

    def gather() -> np.ndarray:
        part = large[next(turn) % len(large)]
        starts = rng.integers(0, len(part) - num_rows, batch_size)
        return np.asarray(part[starts[:, None] + offsets])

    return gather


def endless(loader: Loader) -> Iterator[Batch]:
    epoch = 0
    while True:
        yield from loader.batches(epoch)
        epoch += 1


def touch(packs: PackFiles) -> None:
    """Read every page once, so that both sides find the packs in memory."""
    for part in packs.parts:
        for begin in range(0, len(part), 1 << 16):
            part[begin : begin + (1 << 16)].sum()


def measure(
    opened: Callable[[], tuple[PackFiles, pa.Table]],
    *,
    window_size: int,
    batch_size: int,
    rounds: int,
    batches: int,
) -> dict[str, float | int | None]:
    """Alternate `rounds` times between `batches` bare gathers and as many batches of the loader."""
    begun = time.perf_counter()
    packs, segments = opened()
    sampler = Sampler(find_segments(segments, packs, 0), window_size=window_size, batch_size=batch_size)
    stream = endless(Loader(packs, sampler))
    first = next(stream)
    first_batch = time.perf_counter() - begun
    assert isinstance(first.rows, torch.Tensor)
    after_opening = anonymous_megabytes()
    touch(packs)
    gather = bare_gather(packs, first.rows.shape[1], batch_size)
    bare: list[float] = []
    loaded: list[float] = []
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(batches):
            gather()
        bare.append(batches * batch_size / (time.perf_counter() - start))
        # What a thread may have gathered during the other side's turn must not count.
        for _ in range(16):
            next(stream)
        start = time.perf_counter()
        windows = sum(len(next(stream).rows) for _ in range(batches))
        loaded.append(windows / (time.perf_counter() - start))
    stream.close()  # type: ignore[attr-defined]
    return {
        "row_bytes": first.rows.shape[2],
        "rows_of_a_window": first.rows.shape[1],
        "batch": batch_size,
        "store_megabytes": round(sum(part.nbytes for part in packs.parts) / 1e6, 1),
        "bare_windows_per_second": round(statistics.median(bare)),
        "loader_windows_per_second": round(statistics.median(loaded)),
        "ratio": round(statistics.median(loaded) / statistics.median(bare), 3),
        "first_batch_seconds": round(first_batch, 3),
        "rss_anon_megabytes_after_opening": after_opening,
        "rss_anon_megabytes": anonymous_megabytes(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--store", type=Path, help="a store with packs; else a pack of random bytes")
    parser.add_argument("--games", type=int, default=100, help="games of the random pack")
    parser.add_argument("--window-size", type=int, default=60)
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--batches", type=int, default=40, help="batches of a round")
    given = parser.parse_args()
    options = {
        "window_size": given.window_size,
        "batch_size": given.batch_size,
        "rounds": given.rounds,
        "batches": given.batches,
    }
    if given.store is not None:

        def opened() -> tuple[PackFiles, pa.Table]:
            store = Store.open(given.store)
            return Packs.open(store), select_segments(store)

        figures = measure(opened, **options)
    else:
        with tempfile.TemporaryDirectory() as folder:
            pack = random_pack(Path(folder), given.games)
            figures = measure(lambda: (pack, pack.segments), **options)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
