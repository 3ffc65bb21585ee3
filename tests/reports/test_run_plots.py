"""Plots of a run say what its log says."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.reports import run_plots

finite = st.floats(-1e6, 1e6)


def lines(*losses: float, checks: tuple[float, ...] = ()) -> list[dict[str, Any]]:
    """A log: a line of training every ten steps, validations after them."""
    trained = [
        {
            "kind": "train", "step": 10 * (n + 1), "nats": nats, "learning_rate": 1e-3, "grad_norm": 0.5,
            "frames_per_second": 100.0,
        }
        for n, nats in enumerate(losses)
    ]  # fmt: skip
    checked = [
        {"kind": "validation", "step": 50 * (n + 1), "nats": nats, "repeat": 1.5, "by_head": {"button_a": nats / 2}}
        for n, nats in enumerate(checks)
    ]  # fmt: skip
    return [*trained, *checked]


@given(st.lists(st.tuples(finite, finite), max_size=300), st.integers(1, 50))
def test_thinned_points_are_means_of_all(points: list[tuple[float, float]], most: int) -> None:
    found = run_plots.thinned(points, most)
    assert len(found) <= most
    assert bool(found) == bool(points)
    if points:
        assert found[-1][0] == points[-1][0]
        assert min(y for _, y in points) <= found[0][1] + 1e-6
    if len(points) <= most:
        assert found == points


def test_first_losses_do_not_flatten_the_curve() -> None:
    plot = run_plots.training_curve(lines(8.0, 2.0, 1.2, checks=(1.1, 1.3)))
    assert plot is not None
    assert plot.lines == {"training": [(20, 2.0), (30, 1.2)], "validation": [(50, 1.1), (100, 1.3)]}
    assert plot.levels == {"repeat": 1.5}


def test_before_the_first_validation_every_loss_is_drawn() -> None:
    plot = run_plots.training_curve(lines(8.0, 2.0))
    assert plot is not None
    assert plot.lines == {"training": [(10, 8.0), (20, 2.0)]}
    assert plot.levels == {}
    assert run_plots.heads(lines(8.0)) is None


def test_heads_are_those_of_the_best_validation() -> None:
    plot = run_plots.heads(lines(1.0, checks=(1.4, 1.2, 1.3)))
    assert plot is not None
    assert plot.rows == [("button_a", 0.6)]
    assert "step 100" in plot.title


@pytest.mark.parametrize("plot", [run_plots.learning_rate, run_plots.gradients, run_plots.rate])
def test_single_lines_are_thinned(plot: Any) -> None:
    found = plot(lines(*[1.0] * 90), 30)
    assert len(next(iter(found.lines.values()))) == 30
    assert plot([]) is None


def test_a_log_without_a_line_has_no_curve() -> None:
    assert run_plots.training_curve([]) is None
