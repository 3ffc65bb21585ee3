"""The runner: what it hands the engine and when, frame after frame, and what it gives back."""

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exphil.errors import PlayError, UsageError
from exphil.live.messages import GameStart
from exphil.play.controller import NEUTRAL, ControllerState, controller_state
from exphil.play.runner import NEUTRAL_CLASSES, PolicyRunner, step_together
from exphil.play.snapshots import HISTORY
from tests.play.chain import ChainEngine
from tests.play.policies import FIRST, frame, frames

START = GameStart((3, 14, 0), 31, (2, 4), (2, 9), (0, 0), False, False, b"the start's bytes")


def chain_rows(count: int, seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(0, 256, (count, 4), dtype=np.uint8)


def memory(runner: PolicyRunner) -> tuple[Any, ...]:
    """All that a runner remembers."""
    now = runner.snapshot()
    lanes = [array[now.lane].tolist() for array in now.state]
    return now.frame, lanes, now.queue.tolist()


def played(runner: PolicyRunner, seen: Any) -> list[ControllerState]:
    return [runner.step(one) for one in seen]


@given(
    delay=st.integers(0, 3),
    game_delay=st.integers(0, 3),
    rollbacks=st.lists(st.tuples(st.integers(0, 6), st.integers(1, 7), st.booleans()), max_size=12),
    seed=st.integers(0, 1000),
)
@settings(max_examples=50)
def test_rollbacks_leave_no_trace(
    delay: int, game_delay: int, rollbacks: list[tuple[int, int, bool]], seed: int
) -> None:
    """As in netplay: rows that were foretold wrongly are shown first, then taken back and shown as they were."""
    options = {"seed": seed, "game_delay": min(delay, game_delay)}
    right = frames(chain_rows(140, seed))
    wrong = frames(chain_rows(140, seed + 1))
    straight, rolled = (PolicyRunner(ChainEngine(delay), **options) for _ in range(2))  # type: ignore[arg-type]
    expected = {one.frame: straight.step(one) for one in right}
    given_back = {}
    at = 60
    given_back.update({one.frame: rolled.step(one) for one in right[:at]})
    for ahead, depth, is_wrong in rollbacks:
        stop = min(at + ahead, len(right))
        for one in (wrong if is_wrong else right)[at:stop]:
            rolled.step(one)
        for one in right[max(stop - depth, at if is_wrong else 0) : stop]:
            given_back[one.frame] = rolled.step(one)
        if is_wrong and stop - at > depth:  # what was not corrected yet is corrected now
            for one in right[at:stop]:
                given_back[one.frame] = rolled.step(one)
        at = stop
    given_back.update({one.frame: rolled.step(one) for one in right[at:]})
    assert memory(rolled) == memory(straight)
    assert {number: given_back.get(number, state) for number, state in expected.items()} == expected


@pytest.mark.parametrize("back", [1, 2, 7, 15])
def test_a_frame_that_comes_again_takes_back_all_after_it(back: int) -> None:
    seen = frames(chain_rows(120))
    runner, other = PolicyRunner(ChainEngine(1)), PolicyRunner(ChainEngine(1))
    played(runner, seen)
    played(other, seen[:-back])
    runner.restore(seen[-back].frame)
    assert memory(runner) == memory(other)
    assert runner.decision is None
    played(runner, seen[-back:])
    assert runner.step(seen[-back]) == other.step(seen[-back])
    assert memory(runner) == memory(other)


def test_fifteen_frames_can_be_taken_back_and_sixteen_not() -> None:
    """Written out, so that the promise cannot change unseen."""
    seen = frames(chain_rows(120))
    by_hand, by_frame = PolicyRunner(ChainEngine(1)), PolicyRunner(ChainEngine(1))
    for runner in (by_hand, by_frame):
        played(runner, seen)
    for refused in (lambda: by_hand.restore(seen[-16].frame), lambda: by_frame.step(seen[-16])):
        with pytest.raises(
            PlayError,
            match=f"frame {seen[-16].frame} cannot be taken back: only the last 15 frames since the game's start, or"
            " since a snapshot was restored, can be; where another game begins, call `reset` first",
        ):
            refused()
    by_hand.restore(seen[-15].frame)
    assert memory(by_hand)[0] == seen[-16].frame
    straight = PolicyRunner(ChainEngine(1))
    expected = played(straight, seen)[-15:]
    assert played(by_hand, seen[-15:]) == expected
    assert played(by_frame, seen[-15:]) == expected
    assert memory(by_hand) == memory(by_frame) == memory(straight)


def test_what_is_too_old_to_take_back_is_refused_and_changes_nothing() -> None:
    seen = frames(chain_rows(120))
    runner = PolicyRunner(ChainEngine())
    played(runner, seen)
    before = memory(runner)
    with pytest.raises(PlayError, match=f"only the last {HISTORY} frames"):
        runner.step(seen[-HISTORY - 1])
    runner.restore(seen[-1].frame + 1)  # nothing of it has come
    assert memory(runner) == before
    runner.restore(seen[-3].frame)
    assert memory(runner) != before
    once = memory(runner)
    runner.restore(seen[-2].frame)  # taken back already
    assert memory(runner) == once


def test_early_in_a_game_all_can_be_taken_back() -> None:
    seen = frames(chain_rows(5))
    runner, fresh = PolicyRunner(ChainEngine()), PolicyRunner(ChainEngine())
    played(runner, seen)
    runner.restore(FIRST - 3)
    assert memory(runner) == memory(fresh)


def test_a_snapshot_brings_a_runner_back() -> None:
    seen = frames(chain_rows(150))
    runner = PolicyRunner(ChainEngine(2), seed=5)
    played(runner, seen[:100])
    kept = runner.snapshot()
    went_on = played(runner, seen[100:])
    runner.restore(kept)
    with pytest.raises(PlayError, match="or since a snapshot was restored"):
        runner.restore(seen[99].frame)
    assert played(runner, seen[100:105]) == went_on[:5]
    before = memory(runner)
    with pytest.raises(PlayError, match="or since a snapshot was restored"):
        runner.restore(seen[99].frame)
    assert memory(runner) == before
    assert played(runner, seen[100:]) == went_on
    elsewhere = PolicyRunner(runner.engine, seed=5)
    elsewhere.restore(kept)
    assert played(elsewhere, seen[100:]) == went_on


@pytest.mark.parametrize(("delay", "game_delay"), [(0, 0), (1, 0), (3, 0), (3, 2), (2, 2)])
def test_what_is_decided_is_pressed_when_it_is_due(delay: int, game_delay: int) -> None:
    runner = PolicyRunner(ChainEngine(delay), game_delay=game_delay)
    decided: dict[int, Any] = {}
    for one in frames(chain_rows(120)):
        pressed = runner.step(one)
        assert runner.decision is not None
        assert runner.decision.frame == one.frame
        decided[one.frame + 1 + delay] = runner.decision.classes
        due = one.frame + 1 + game_delay
        if due - 1 - delay >= -39:
            assert pressed == controller_state(decided[due])
        else:
            assert pressed == NEUTRAL
        queue = runner.snapshot().queue
        assert len(queue) == delay
        for place, classes in enumerate(queue):
            known = one.frame + 2 + place
            expected = decided[known] if known - 1 - delay >= -39 else NEUTRAL_CLASSES
            assert classes.tolist() == expected.tolist()


def test_the_frames_before_play_warm_the_memory_up() -> None:
    rows = chain_rows(90)
    warmed, cold = PolicyRunner(ChainEngine()), PolicyRunner(ChainEngine())
    assert set(played(warmed, frames(rows)[:84])) == {NEUTRAL}
    assert warmed.step(frames(rows)[84]) != cold.step(frames(rows)[84])


@given(missing=st.integers(1, 9), delay=st.integers(0, 4))
def test_over_missing_frames_the_last_decision_stays(missing: int, delay: int) -> None:
    engine = ChainEngine(delay)
    runner, seen = PolicyRunner(engine), frames(chain_rows(130))
    played(runner, seen[:100])
    queue = runner.snapshot().queue
    prepared = runner._prepare(seen[100 + missing].frame).queue
    for place in range(delay):
        assert prepared[place].tolist() == queue[min(place + missing, delay - 1)].tolist()
    runner.step(seen[100 + missing])
    after = memory(runner)
    # A rollback into the hole, and one to the frame after it.
    runner.step(seen[100 + missing])
    assert memory(runner) == after
    played(runner, seen[100 : 101 + missing])
    whole = PolicyRunner(engine)
    played(whole, seen[: 101 + missing])
    assert memory(runner) == memory(whole)


def test_games_side_by_side_are_games_alone() -> None:
    """Each at its own frame, on its own side, one of them with rollbacks: the same as by itself."""
    schedules = [list(range(100)), [*range(60), *range(50, 90)], list(range(20, 120))]
    games = [frames(chain_rows(130, seed)) for seed in range(3)]
    engine = ChainEngine(2)

    def make(which: int) -> PolicyRunner:
        runner = PolicyRunner(engine, viewpoint=which % 2, seed=which)
        runner.reset(game=bytes([which]))
        return runner

    alone = [make(which) for which in range(3)]
    together = [make(which) for which in range(3)]
    for turn in range(100):
        seen = [games[which][schedules[which][turn]] for which in range(3)]
        expected = [runner.step(one) for runner, one in zip(alone, seen, strict=True)]
        order = (
            [0, 1, 2] if turn % 10 else [2, 0, 1]
        )  # another order makes another batch of the same memories
        found = step_together([together[place] for place in order], [seen[place] for place in order])
        assert found == [expected[place] for place in order]
    assert [memory(runner) for runner in together] == [memory(runner) for runner in alone]
    assert engine.batches.count(3) == 100
    # One of them goes on by itself.
    assert together[1].step(games[1][90]) == alone[1].step(games[1][90])


def test_a_batch_shares_engine_and_sampling() -> None:
    engine, seen = ChainEngine(), frames(chain_rows(1))[0]
    for other in (PolicyRunner(ChainEngine()), PolicyRunner(engine, temperature=0.5)):
        with pytest.raises(UsageError, match="share an engine, temperature and top_p"):
            step_together([PolicyRunner(engine), other], [seen, seen])


def test_draws_depend_on_seed_game_and_side_alone() -> None:
    seen = frames(chain_rows(110))

    def drawn(seed: int, game: bytes, viewpoint: int) -> list[ControllerState]:
        runner = PolicyRunner(ChainEngine(), seed=seed)
        runner.reset(game=game, viewpoint=viewpoint)
        return played(runner, seen)

    assert drawn(1, b"a", 0) == drawn(1, b"a", 0)
    others = [drawn(2, b"a", 0), drawn(1, b"b", 0), drawn(1, b"a", 1)]
    assert drawn(1, b"a", 0) not in others


def test_a_reset_forgets_the_game_before() -> None:
    seen = frames(chain_rows(110))
    runner = PolicyRunner(ChainEngine(1), seed=4)
    first = played(runner, seen)
    runner.reset()
    assert len(runner._history) == 0
    assert played(runner, seen) == first


def test_a_game_begins_on_the_port_that_is_asked_for() -> None:
    runner = PolicyRunner(ChainEngine())
    runner.begin(START, 4)
    assert runner.viewpoint == 1
    runner.begin(START, 2)
    assert runner.viewpoint == 0
    with pytest.raises(PlayError, match="nobody plays on port 1: the game's players are on ports 2 and 4"):
        runner.begin(START, 1)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"temperature": -0.1}, "temperature -0.1"),
        ({"temperature": float("nan")}, "temperature nan"),
        ({"top_p": 0.0}, "top_p 0.0"),
        ({"top_p": 1.5}, "top_p 1.5"),
        ({"game_delay": 3}, "game_delay 3 .* the policy's delay, 2"),
        ({"viewpoint": 2}, "viewpoint 2"),
    ],
)
def test_settings_that_cannot_be_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        PolicyRunner(ChainEngine(2), **options)


def test_what_is_kept_does_not_grow() -> None:
    runner = PolicyRunner(ChainEngine())
    played(runner, [frame(number, row) for number, row in enumerate(chain_rows(200))])
    assert len(runner._history) == HISTORY


def test_a_runner_needs_no_torch() -> None:
    code = "import sys, exphil.play.runner; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
