"""A row holds what its jobs measured, and says why where it does not."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.backbones.config import CONFIGS
from exphil.benchmark.rows import FRAME_MS, RESERVED_MS, Row, curve_rows, rows_of, scaling_rows
from tests.benchmark.results import a_comparison, answered, made, scaled, timed, trained


def row_of(name: str) -> Row:
    return next(row for row in rows_of(a_comparison()) if row.backbone == name)


def test_ranked_by_loss_and_those_without_a_rank_last() -> None:
    rows = rows_of(a_comparison())
    assert [(row.backbone, row.rank) for row in rows] == [
        ("gru", 1), ("mamba", 2), ("mlp", 3), ("lstm", None), ("jamba", None),
    ]  # fmt: skip


def test_mean_and_spread_over_seeds() -> None:
    gru = row_of("gru")
    assert gru.nats == pytest.approx(1.12)
    assert gru.nats_spread == pytest.approx(statistics.stdev((1.10, 1.14)))
    assert gru.nats_by_seed == [1.10, 1.14]
    assert rows_of([trained("mlp", 1.0)])[0].nats_spread is None


def test_divergence_and_failure_are_rows_with_their_reason() -> None:
    jamba, lstm = row_of("jamba"), row_of("lstm")
    assert (jamba.status, jamba.nats) == ("diverged", None)
    assert jamba.reason == "train, seed 0: the loss is no finite number at step 7"
    assert jamba.batches_per_second == 0.5
    assert (lstm.status, lstm.reason) == ("failed", "train, seed 0: its process was ended by SIGKILL")


def test_one_diverged_seed_takes_the_rank() -> None:
    found = rows_of([trained("mlp", 1.0), made("train", "mlp", 1, status="diverged", reason="x")])[0]
    assert (found.rank, found.status, found.nats, found.seeds) == (None, "diverged", 1.0, [0])


def test_rates_come_from_the_speed_stage_and_are_medians_of_its_rounds() -> None:
    results = [timed("mlp", rate, number) for number, rate in enumerate((3.0, 9.0, 4.0))]
    found = rows_of([*results, trained("mlp", 1.0, waiting=0.5)])[0]
    assert found.batches_per_second == 4.0
    assert found.waiting == 0.02
    assert found.training_waiting == 0.5
    assert rows_of([trained("mlp", 1.0)])[0].batches_per_second is None


@pytest.mark.parametrize("over", [False, True])
def test_sixty_frames_a_second_is_a_matter_of_p99(over: bool) -> None:
    p99 = FRAME_MS - RESERVED_MS + (0.01 if over else -0.01)
    assert rows_of([answered("gru", p99)])[0].sixty_fps is not over
    assert rows_of([timed("gru", 1.0)])[0].sixty_fps is None


def test_a_window_too_long_to_scale_to_takes_nothing_from_the_row() -> None:
    failed = made("scaling", "mlp", 480, status="failed", reason="out of memory")
    assert rows_of([trained("mlp", 1.0), failed])[0].status == "ok"
    assert scaling_rows([failed])[0]["reason"] == "out of memory"


def test_curves_and_scaling_are_a_row_a_point() -> None:
    points = curve_rows([trained("mlp", 1.0, 3), timed("mlp", 1.0)])
    assert [(point["seed"], point["step"], point["kind"]) for point in points] == [
        (3, 10, "train"), (3, 30, "validation"),
    ]  # fmt: skip
    assert [row["window_size"] for row in scaling_rows([scaled("mlp", 30, 1.0), trained("mlp", 1.0)])] == [30]


@given(st.dictionaries(st.sampled_from(list(CONFIGS)), st.floats(0.1, 5.0), min_size=1))
def test_ranks_are_the_order_of_the_losses(nats: dict[str, float]) -> None:
    rows = rows_of(trained(name, value) for name, value in nats.items())
    assert [row.rank for row in rows] == list(range(1, len(nats) + 1))
    assert [row.nats for row in rows] == sorted(nats.values())
