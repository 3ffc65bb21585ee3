"""Figures between two lines of the metrics."""

import time
from pathlib import Path

import pytest

from exphil.training.learner import Found
from exphil.training.metrics import TIMED, Meter, MetricsLog


def found(nats: float, num_frames: int, num_shown: int = 0, loss: float = 0.0, norm: float = 1.0) -> Found:
    return Found(loss, nats, num_frames, num_shown, norm, stop=False)


def test_rate_waiting_and_diversity_are_over_the_time_since_the_reset(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    meter = Meter()
    meter.wait(1.0, diversity=0.5)
    meter.step(found(1.0, 10, num_shown=300))
    now[0] = 104.0
    meter.wait(0.0, diversity=1.0)
    meter.step(found(1.0, 10, num_shown=100))
    figures = meter.figures()
    assert {name: figures[name] for name in TIMED} == {
        "frames_per_second": 100.0,
        "batches_per_second": 0.5,
        "waiting": 0.25,
    }
    assert figures["diversity"] == 0.75
    meter.reset()
    now[0] = 106.0
    meter.wait(2.0, diversity=0.1)
    meter.step(found(1.0, 10, num_shown=10))
    assert meter.figures()["waiting"] == 1.0
    assert meter.figures()["frames_per_second"] == 5.0


def test_means_are_over_frames_and_over_steps() -> None:
    meter = Meter()
    assert not meter
    meter.step(found(2.0, 30, loss=4.0, norm=1.0))
    meter.step(found(4.0, 10, loss=8.0, norm=3.0))
    assert meter
    figures = meter.figures()
    assert (figures["nats"], figures["loss"], figures["grad_norm"]) == (2.5, 5.0, 2.0)


def test_a_meter_goes_on_where_it_was_saved() -> None:
    straight, stopped, resumed = Meter(), Meter(), Meter()
    steps = [found(0.1 * index, 7 + index, loss=0.3 * index) for index in range(9)]
    for index, step in enumerate(steps):
        for meter in (straight, stopped if index < 4 else resumed):
            meter.wait(0.5, diversity=0.9)
            meter.step(step)
        if index == 3:
            resumed.load_state_dict(stopped.state_dict())
    kept = [{k: v for k, v in m.figures().items() if k not in TIMED} for m in (straight, resumed)]
    assert kept[0] == kept[1]


def test_no_scored_frame_is_no_division_by_zero() -> None:
    meter = Meter()
    meter.step(found(0.0, 0))
    assert meter.figures()["nats"] == 0.0


def test_rewinding_drops_what_came_after_the_checkpoint(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path)
    lines = [{"kind": kind, "step": step} for step in (10, 20, 30) for kind in ("train", "validation")]
    for line in lines:
        log.append(line)
    log.rewind(20, validated=True)
    assert log.lines() == lines[:4]
    log.rewind(20, validated=False)
    assert log.lines() == lines[:3]


def test_rewinding_what_was_never_written_writes_nothing(tmp_path: Path) -> None:
    MetricsLog(tmp_path, "layers.jsonl").rewind(20, validated=False)
    assert not list(tmp_path.iterdir())
