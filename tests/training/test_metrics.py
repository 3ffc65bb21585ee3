"""Figures between two lines of the metrics."""

import time

import pytest

from exphil.training.metrics import Meter


def test_rate_waiting_and_diversity_are_over_the_time_since_the_reset(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    meter = Meter()
    meter.add(waited=1.0, frames=300, diversity=0.5)
    now[0] = 104.0
    meter.add(waited=0.0, frames=100, diversity=1.0)
    assert meter.figures() == {"frames_per_second": 100.0, "waiting": 0.25, "diversity": 0.75}
    meter.reset()
    now[0] = 106.0
    meter.add(waited=2.0, frames=10, diversity=0.1)
    assert meter.figures() == {"frames_per_second": 5.0, "waiting": 1.0, "diversity": 0.1}
