"""Late frames: counted once, answered not at all, and nothing waits behind them."""

import numpy as np
import pytest

from exphil.play.watchdog import FRAME_S, RECENT, Latencies, Watchdog


def test_a_frame_is_late_when_the_next_one_is_due() -> None:
    watchdog = Watchdog()
    assert watchdog.budget_s == FRAME_S == pytest.approx(0.016667, abs=1e-6)
    assert not watchdog.is_late(5.0, 5.0 + FRAME_S - 1e-6)
    assert watchdog.is_late(5.0, 5.0 + FRAME_S + 1e-6)


def test_what_was_answered_late_is_missed_and_still_measured() -> None:
    watchdog = Watchdog()
    watchdog.took([0])
    watchdog.answered(0.0, 0.001, late=False)
    watchdog.took([1])
    watchdog.answered(0.0, 0.030, late=True)
    assert (watchdog.frames, watchdog.missed) == (2, 1)
    assert watchdog.latencies.all.tolist() == pytest.approx([0.001, 0.030])


def test_of_frames_that_come_together_all_but_the_last_are_missed() -> None:
    watchdog = Watchdog()
    watchdog.took([10, 11, 12])
    assert (watchdog.frames, watchdog.missed) == (3, 2)
    watchdog.took([13])
    assert (watchdog.frames, watchdog.missed) == (4, 2)


def test_frames_that_come_again_cost_nothing() -> None:
    watchdog = Watchdog()
    watchdog.took([10])
    watchdog.took([8, 9, 10, 11])
    assert (watchdog.frames, watchdog.missed) == (2, 0)


def test_a_game_begins_with_low_numbers_again() -> None:
    watchdog = Watchdog()
    watchdog.took([500])
    watchdog.begin_game()
    watchdog.took([-123])
    watchdog.took([-122])
    assert (watchdog.frames, watchdog.missed) == (3, 0)


def test_the_line_costs_no_import_while_a_game_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """`np.percentile` takes 10 ms when it is first called."""
    monkeypatch.setattr(np, "percentile", lambda *_, **__: pytest.fail("it was called"))
    times = Latencies()
    times.add(0.001)
    assert times.recent() == pytest.approx((1.0, 1.0))


def test_the_report_knows_all_frames_and_the_line_the_newest() -> None:
    times = Latencies()
    assert times.recent() is None
    assert set(times.figures().values()) == {None}
    milliseconds = np.arange(1, 5 * RECENT + 1)
    for value in milliseconds:
        times.add(value / 1e3)
    half, most = times.recent() or (0.0, 0.0)
    newest = milliseconds[-RECENT:]
    assert half == pytest.approx(np.percentile(newest, 50, method="higher"), rel=1e-4)
    assert most == pytest.approx(np.percentile(newest, 99, method="higher"), rel=1e-4)
    assert times.figures() == pytest.approx(
        {
            "p50_ms": np.percentile(milliseconds, 50, method="higher"),
            "p95_ms": np.percentile(milliseconds, 95, method="higher"),
            "p99_ms": np.percentile(milliseconds, 99, method="higher"),
            "p999_ms": np.percentile(milliseconds, 99.9, method="higher"),
            "max_ms": 5 * RECENT,
        },
        rel=1e-3,
    )
