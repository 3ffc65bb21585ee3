"""Zarr parts: what is written is read, whatever the shapes; columns lie contiguous; runs tell whose rows are whose."""

import json
from pathlib import Path

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from exphil.errors import StoreError
from exphil.store import embeddings
from exphil.store.embeddings import Run, read_attributes, read_part, write_part


@settings(max_examples=15, deadline=None)
@given(
    rows=st.sampled_from([0, 1, 7, 100, 333]),
    columns=st.integers(1, 5),
    chunk=st.sampled_from([1, 10, 128, 16_384]),
    seed=st.integers(0, 99),
)
def test_round_trip(
    tmp_path_factory: pytest.TempPathFactory, rows: int, columns: int, chunk: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    blocks = {
        "player_scalars": rng.integers(-30_000, 30_000, (rows, 2, columns)).astype(np.int16),
        "shared_codes": rng.integers(0, 255, (rows, columns)).astype(np.uint8),
    }
    runs = [Run("a" * 32, 1, 4, -123, rows, 0)] if rows else []
    folder = tmp_path_factory.mktemp("part") / "group"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embeddings, "CHUNK_ROWS", chunk)
        num_bytes = write_part(folder, blocks, runs, {"fingerprint": "f"})
    part = read_part(folder)
    assert num_bytes == sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    assert part.runs == tuple(runs)
    assert part.num_rows == rows
    for name, block in blocks.items():
        assert part.blocks[name].dtype == block.dtype
        assert np.array_equal(part.blocks[name][...], block)
        assert np.array_equal(part.blocks[name][rows // 3 : rows // 2], block[rows // 3 : rows // 2])
    assert read_attributes(folder)["fingerprint"] == "f"


def test_constant_columns_cost_next_to_nothing(tmp_path: Path) -> None:
    block = np.zeros((20_000, 2, 40), np.int16)
    block[:] = np.arange(80).reshape(2, 40)
    write_part(tmp_path / "group", {"player_scalars": block}, [], {})
    stored = sum(
        file.stat().st_size
        for file in (tmp_path / "group" / "player_scalars" / "c").rglob("*")
        if file.is_file()
    )
    assert stored < block.nbytes / 1000


def test_a_part_is_plain_zarr_of_format_3(tmp_path: Path) -> None:
    write_part(tmp_path / "group", {"shared_codes": np.ones((5, 2), np.uint8)}, [], {})
    assert json.loads((tmp_path / "group" / "zarr.json").read_text())["zarr_format"] == 3
    array = zarr.open_array(tmp_path / "group" / "shared_codes", mode="r")
    assert np.array_equal(array[...], np.ones((5, 2), np.uint8))


@pytest.mark.parametrize("damage", ["missing", "no attributes"])
def test_a_damaged_part_is_one_line(tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "group"
    if damage == "no attributes":
        zarr.create_group(store=folder)
    with pytest.raises(StoreError) as raised:
        read_part(folder)
    assert "\n" not in str(raised.value)
    assert "exphil materialize embeddings" in str(raised.value)
