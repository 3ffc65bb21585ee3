"""A pool that keeps going when a process dies, hangs, or is interrupted."""

import pytest

from exphil.assets.workers import WorkerDied, Workers
from tests.assets.deadly import double_or_die


def test_a_dead_or_hung_worker_costs_its_task_alone() -> None:
    with Workers(2) as workers:
        found = dict(workers.run(double_or_die, [1, 2, 3, 4, 6, 7], lambda number: 3.0))
        again = dict(workers.run(double_or_die, [8, 9]))
    assert {task: result for task, result in found.items() if isinstance(result, int)} == {
        1: 2,
        2: 4,
        6: 12,
        7: 14,
    }
    assert "exit code 7" in str(found[3])
    assert "too long" in str(found[4])
    assert isinstance(found[3], WorkerDied)
    assert again == {8: 16, 9: 18}


def test_a_tasks_exception_reaches_the_caller() -> None:
    with Workers(1) as workers, pytest.raises(ValueError, match="five"):
        list(workers.run(double_or_die, [5]))


def test_start_up_is_told_apart() -> None:
    with Workers(1) as workers:
        workers.start()
        workers.wait_until_ready()
        first = workers.startup_seconds
        assert list(workers.run(double_or_die, [1])) == [(1, 2)]
        assert workers.startup_seconds - first < 1.0
    assert first > 0.0
