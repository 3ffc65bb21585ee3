"""Codecs and chunk lengths for the embeddings, on the blocks of a store of real replays.

    python benchmarks/codecs.py --store storage/ [--max-frames 500000]

For every candidate: bytes a game frame on disk, and game frames a second written and read (whole arrays, page cache
warm, median of three, candidates in turn). The store's own choice is `exphil.store.embeddings`.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import zarr
from zarr.codecs import BloscCodec, BloscShuffle, TransposeCodec, ZstdCodec

from exphil.features import V1
from exphil.store import paths
from exphil.store.embeddings import read_part
from exphil.store.store import Store

Blocks = dict[str, np.ndarray]


def candidates() -> Iterator[tuple[str, int, bool, Any]]:
    """(name, chunk rows, columns contiguous, compressor)."""
    for rows in (1024, 4096, 16_384, 65_536):
        yield "zstd 1", rows, True, ZstdCodec(level=1)
    for level in (3, 9):
        yield f"zstd {level}", 16_384, True, ZstdCodec(level=level)
    yield "zstd 1, rows contiguous", 16_384, False, ZstdCodec(level=1)
    for name in ("lz4", "zstd"):
        for shuffle in (BloscShuffle.shuffle, BloscShuffle.bitshuffle):
            codec = BloscCodec(cname=name, clevel=3, shuffle=shuffle)
            yield f"blosc {name} 3, {shuffle.value}", 16_384, True, codec
    yield "none", 16_384, True, None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--store", type=Path, default=Path("storage"))
    parser.add_argument("--max-frames", type=int, default=500_000)
    arguments = parser.parse_args()
    blocks = load(arguments.store, arguments.max_frames)
    num_frames = len(blocks["shared_codes"])
    figures: dict[tuple[str, int], list[tuple[float, float, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(3):
            for name, rows, columns, codec in candidates():
                found = measure(Path(folder) / "group", blocks, rows, columns, codec)
                figures.setdefault((name, rows), []).append(found)
    print(
        f"{num_frames} game frames, {sum(block.nbytes for block in blocks.values()) / num_frames:.0f} bytes each\n"
    )
    print("| codec | chunk rows | bytes a game frame | written, Mframes/s | read, Mframes/s |")
    print("|---|---:|---:|---:|---:|")
    for (name, rows), runs in figures.items():
        size, write, read = (median(column) for column in zip(*runs, strict=True))
        rates = f"{num_frames / write / 1e6:.2f} | {num_frames / read / 1e6:.2f}"
        print(f"| {name} | {rows} | {size / num_frames:.1f} | {rates} |")


def load(root: Path, max_frames: int) -> Blocks:
    """The store's blocks, columns contiguous as the encoder makes them."""
    store = Store.open(root)
    parts = [
        read_part(paths.embeddings_part(root, V1.name, part.name)) for part in store.manifest.of("embeddings")
    ]
    found: Blocks = {}
    for name in V1.blocks:
        whole = np.concatenate([part.blocks[name][...] for part in parts])[:max_frames]
        found[name] = np.moveaxis(np.ascontiguousarray(np.moveaxis(whole, 0, -1)), -1, 0)
    return found


def measure(folder: Path, blocks: Blocks, rows: int, columns: bool, codec: Any) -> tuple[float, float, float]:
    """Bytes on disk, seconds to write, seconds to read."""
    shutil.rmtree(folder, ignore_errors=True)
    begun = time.perf_counter()
    group = zarr.create_group(store=folder)
    for name, block in blocks.items():
        group.create_array(
            name,
            shape=block.shape,
            dtype=block.dtype,
            chunks=(rows, *block.shape[1:]),
            filters=[TransposeCodec(order=(*range(1, block.ndim), 0))] if columns else None,
            compressors=None if codec is None else [codec],
        )[...] = block
    written = time.perf_counter()
    opened = zarr.open_group(folder, mode="r")
    for name in blocks:
        opened[name][...]  # type: ignore[index]
    read = time.perf_counter()
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return float(size), written - begun, read - written


if __name__ == "__main__":
    main()
