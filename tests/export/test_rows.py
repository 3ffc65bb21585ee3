"""Rows read in wide operations against the decoder that training reads them with: equal to the last bit."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from exphil.export.banks import UNUSED
from exphil.export.rows import RowReader
from exphil.features import V1
from exphil.policy.decode import FeatureDecoder
from exphil.policy.heads import encode
from exphil.replays.frames import frame_tables
from exphil.replays.reader import read_game
from tests.export.conftest import policy, random_rows

POLICY = policy()
READER = RowReader(V1, {kind: table.table.weight for kind, table in POLICY.inputs.tables.items()})  # type: ignore[union-attr, misc]
DECODER = FeatureDecoder(V1)


def both(rows: torch.Tensor, viewpoint: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The policy's inputs without codes, as the reader and as the decoder and the embedding give them."""
    numbers, held = READER(rows, viewpoint)
    joined = torch.cat(numbers, dim=1)
    dense, ids = DECODER(rows.unsqueeze(1), viewpoint)
    expected = POLICY.inputs(dense[:, 0], [held[:, :0]], ids[:, 0])
    places = torch.tensor(READER.places)
    found = torch.full_like(expected, torch.nan)
    found[:, places[places != UNUSED]] = joined[:, places != UNUSED]
    code = encode(DECODER.actions(rows.unsqueeze(1), viewpoint), torch.float32)[:, 0]
    return torch.cat((found, held), dim=1), torch.cat((expected, code), dim=1)


def test_every_input_is_read_once() -> None:
    used = sorted(place for place in READER.places if place != UNUSED)
    assert used == list(range(len(V1.dense_dims) + 3 * 4 + 2 * 2))


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_any_row_reads_alike_from_both_sides(seed: int) -> None:
    rows = torch.from_numpy(random_rows(40, seed))
    viewpoint = torch.arange(40) % 2
    with torch.no_grad():
        found, expected = both(rows, viewpoint)
    assert torch.equal(found, expected)


@pytest.mark.parametrize("stage", [2, 3, 8, 28, 31, 32, 0])
def test_on_the_very_edges_of_surfaces(stage: int) -> None:
    """Every height and width of the stage's surfaces, a step of the stored unit to either side."""
    marks = sorted({value for row in ((-9000, 9001, 37), (-64, 65, 1)) for value in range(*row)})
    rows = np.zeros(len(marks) * 6, V1.row_dtype)
    rows["shared"]["codes"][:, V1.slots["stage"].column] = stage
    places = rows["players"]["scalars"]
    places[..., V1.slots["x"].column] = np.tile(marks, 6)[:, None]
    places[..., V1.slots["y"].column] = np.repeat((-128, 0, 1, 1700, 2200, 3500), len(marks))[:, None]
    rows["shared"]["scalars"][::2, V1.slots["randall.y"].column] = 10
    rows["shared"]["scalars"][1::3, V1.slots["fountain.left_height"].column] = 1600
    data = torch.from_numpy(rows.view(np.uint8).reshape(len(rows), -1))
    with torch.no_grad():
        found, expected = both(data, torch.zeros(len(rows), dtype=torch.int64))
    assert torch.equal(found, expected)


def test_two_fighters_in_one_place() -> None:
    rows = np.zeros(2, V1.row_dtype)
    rows["players"]["scalars"][1, 0, V1.slots["velocity_y"].column] = 300
    data = torch.from_numpy(rows.view(np.uint8).reshape(2, -1))
    with torch.no_grad():
        found, expected = both(data, torch.tensor([0, 1]))
    assert torch.equal(found, expected)
    assert found.isfinite().all()


def test_ids_that_no_table_has_read_as_unknown() -> None:
    """Nobody there is 65535 in a row; the decoder's table of classes has no such action, so vectors alone compare."""
    rows = np.zeros(1, V1.row_dtype)
    rows["players"]["ids"] = 65535
    data = torch.from_numpy(rows.view(np.uint8).reshape(1, -1))
    with torch.no_grad():
        numbers, _ = READER(data, torch.tensor([0]))
    joined, places = torch.cat(numbers, dim=1)[0], READER.places
    start = len(V1.dense_dims)
    unknown = torch.cat([POLICY.inputs.tables[kind].table.weight[-1] for kind in POLICY.inputs.id_kinds])  # type: ignore[union-attr, index]
    found = torch.stack([joined[places.index(start + at)] for at in range(len(unknown))])
    assert torch.equal(found, unknown)


def test_real_games_read_alike(full_replays: list[Path]) -> None:
    game = read_game(full_replays[-1].read_bytes())
    tables = frame_tables(game)
    ports = sorted(tables.frames["port"].unique().to_pylist())
    encoded = V1.encode(
        tables.frames,
        tables.items,
        tables.stage_frames,
        stage=game.start["stage"],
        ports=(ports[0], ports[1]),
    )
    rows = torch.from_numpy(
        V1.to_rows(encoded.blocks).view(np.uint8).reshape(-1, V1.row_dtype.itemsize)[::3].copy()
    )
    assert len(rows) > 1000
    for side in (0, 1):
        with torch.no_grad():
            found, expected = both(rows, torch.full((len(rows),), side))
        assert torch.equal(found, expected)
