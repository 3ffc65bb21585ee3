"""The split: shares that make sense, sides that are disjoint and cover everything, and help when one is empty."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.errors import UsageError
from exphil.loading.split import SIDES, Split, fitting_split

shares = st.tuples(st.integers(1, 98), st.integers(1, 98)).filter(lambda pair: sum(pair) <= 100)
keys = st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=40)


def table(split_keys: list[float]) -> pa.Table:
    return pa.table({"split_key": split_keys, "row": list(range(len(split_keys)))})


@given(shares, keys)
def test_every_row_is_on_exactly_one_side(pair: tuple[int, int], split_keys: list[float]) -> None:
    split = Split(*pair, 100 - sum(pair))
    rows = [row for name in SIDES for row in split.side(table(split_keys), name)["row"].to_pylist()]
    assert sorted(rows) == list(range(len(split_keys)))


def test_the_default_cuts_at_eight_and_nine_tenths() -> None:
    edges = table([0.0, 0.7999999, 0.8, 0.8999999, 0.9, 0.9999999])
    sides = Split.parse("80/10/10").sides(edges)
    assert {name: side["row"].to_pylist() for name, side in sides.items()} == {
        "train": [0, 1],
        "validation": [2, 3],
        "test": [4, 5],
    }


def test_growing_data_moves_nothing() -> None:
    few, many = table([0.1, 0.85, 0.95]), table([0.1, 0.85, 0.95, 0.2, 0.82, 0.99])
    for name in SIDES:
        before = set(Split(80, 10, 10).side(few, name)["split_key"].to_pylist())
        assert before <= set(Split(80, 10, 10).side(many, name)["split_key"].to_pylist())


def test_a_side_without_a_share_may_be_empty() -> None:
    sides = Split.parse("90/10/0").sides(table([0.1, 0.95]))
    assert sides["test"].num_rows == 0


@pytest.mark.parametrize("split_keys", [[0.1, 0.2], [0.95, 0.97], [0.85, 0.86]])
def test_an_empty_side_names_the_option_and_shares_that_would_do(split_keys: list[float]) -> None:
    with pytest.raises(
        UsageError, match=r"--split 80/10/10 leaves nothing for .* or take --split "
    ) as caught:
        Split.parse("80/10/10").sides(table(split_keys))
    advised = str(caught.value).rsplit(" ", 1)[1]
    Split.parse(advised).sides(table(split_keys))


def test_a_single_set_cannot_be_split() -> None:
    with pytest.raises(UsageError, match=r"--split 80/10/10 leaves nothing for validation.*add replays"):
        Split.parse("80/10/10").sides(table([0.5, 0.5]))


@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=12, unique=True))
def test_advised_shares_leave_no_side_empty(split_keys: list[float]) -> None:
    split = fitting_split(sorted(split_keys))
    if split is not None:
        split.sides(table(split_keys))
        assert split.train + split.validation + split.test == 100


def test_text_and_back() -> None:
    assert str(Split.parse("62.5/25/12.5")) == "62.5/25/12.5"
