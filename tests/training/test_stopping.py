"""The record that validations make."""

from dataclasses import replace
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from exphil.training.stopping import Record

NATS = st.lists(st.floats(0.01, 10, allow_nan=False), min_size=1, max_size=12)


def records(nats: list[float], min_delta: float = 0.0) -> list[Record]:
    return list(
        accumulate(
            enumerate(nats), lambda record, item: record.after(item[1], item[0], min_delta), initial=Record()
        )
    )[1:]


@given(NATS, st.floats(0, 1))
def test_the_best_is_the_first_lowest(nats: list[float], min_delta: float) -> None:
    for seen, record in enumerate(records(nats, min_delta), start=1):
        assert record.best == min(nats[:seen])
        assert record.best_step == nats.index(min(nats[:seen]))
        assert record.is_best(seen - 1) == (record.best_step == seen - 1)


@given(NATS, st.floats(0, 1), st.integers(1, 4))
def test_patience_counts_validations_without_enough_progress(
    nats: list[float], min_delta: float, patience: int
) -> None:
    reference, waited = None, 0
    for value, record in zip(nats, records(nats, min_delta), strict=True):
        if reference is None or value < reference - min_delta:
            reference, waited = value, 0
        else:
            waited += 1
        assert record.waited == waited
        assert record.exhausted(patience) == (waited >= patience)
        assert not record.exhausted(None)


def test_everything_is_to_be_used_before_the_first_validation() -> None:
    assert Record().is_best(7)
    assert not Record().exhausted(1)
    assert not replace(Record(), best=1.0, best_step=3).is_best(7)
