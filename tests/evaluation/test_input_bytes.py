"""Writing an input back into a row is the inverse of reading it."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from exphil.evaluation.input_bytes import InputWriter
from exphil.features import V1
from exphil.melee.controller import HEAD_SIZES, SHOULDER_UNIT, STICK_UNIT
from exphil.policy.decode import FeatureDecoder

DECODER = FeatureDecoder(V1)
WRITER = InputWriter(V1)
ACTION = st.tuples(*(st.integers(0, size - 1) for size in HEAD_SIZES))


def noise(count: int, seed: int) -> torch.Tensor:
    """Rows of any bytes, but with inputs that exist."""
    rng = np.random.default_rng(seed)
    rows = torch.from_numpy(rng.integers(0, 256, (count, V1.row_dtype.itemsize), np.uint8))
    for side in (0, 1):
        neutral = torch.tensor([[0] * 8 + [8] * 4 + [0]]).expand(count, -1)
        rows = WRITER(rows, torch.full((count,), side), neutral)
    return rows


@given(actions=st.lists(ACTION, min_size=1, max_size=6), seed=st.integers(0, 1000))
def test_what_is_written_is_read_back(actions: list[tuple[int, ...]], seed: int) -> None:
    viewpoint = torch.from_numpy(np.random.default_rng(seed).integers(0, 2, len(actions)))
    written = WRITER(noise(len(actions), seed), viewpoint, torch.tensor(actions))
    assert DECODER.actions(written.unsqueeze(1), viewpoint).squeeze(1).tolist() == [list(a) for a in actions]


@given(action=ACTION, side=st.integers(0, 1), seed=st.integers(0, 1000))
def test_nothing_else_changes(action: tuple[int, ...], side: int, seed: int) -> None:
    rows, viewpoint = noise(1, seed), torch.tensor([side])
    written = WRITER(rows, viewpoint, torch.tensor([action]))
    before, after = (DECODER.actions(data.unsqueeze(1), 1 - viewpoint) for data in (rows, written))
    assert before.tolist() == after.tolist()
    back = WRITER(written, viewpoint, DECODER.actions(rows.unsqueeze(1), viewpoint)[:, 0])
    assert torch.equal(back, rows)
    assert int((written != rows).sum()) <= 10  # four axes of two bytes, the shoulder, the buttons


def test_a_bin_is_written_as_its_centre() -> None:
    action = torch.tensor([[1, 0, 0, 0, 0, 0, 0, 0, 16, 0, 8, 12, 4]])
    row = WRITER(noise(1, 0), torch.tensor([1]), action).numpy().view(V1.row_dtype)[0, 0]["players"][1]
    units = [row["scalars"][V1.slots[f"input.{name}"].column] for name in ("main_x", "main_y", "c_x", "c_y")]
    assert units == [STICK_UNIT, -STICK_UNIT, 0, STICK_UNIT // 2]
    assert row["codes"][V1.slots["input.shoulder"].column] == SHOULDER_UNIT
    assert row["codes"][V1.slots["input.button_a"].column] == 1


def test_the_rows_given_stay_as_they_were() -> None:
    rows = noise(2, 1)
    before = rows.clone()
    WRITER(rows, torch.tensor([0, 1]), torch.ones(2, 13, dtype=torch.int64))
    assert torch.equal(rows, before)
