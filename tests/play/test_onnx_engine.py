"""An exported policy in a game: what torch decides, to the draw; alone, taken back, and side by side."""

from pathlib import Path

import numpy as np
import pytest

import exphil
from exphil.errors import StoreError
from exphil.export.session import OnnxEngine
from exphil.play.runner import PolicyRunner, step_together
from exphil.play.torch_engine import TorchEngine
from exphil.policy.policy import Policy
from exphil.training.runs import ONNX, Run
from tests.play.exported import export_run, save_run, save_weights
from tests.play.policies import frames, rows_of_a_game, tiny


@pytest.fixture(scope="module")
def policy() -> Policy:
    """Of all kinds of layers and memory, with a delay."""
    return tiny("jamba", delay=1)


@pytest.fixture(scope="module")
def run(policy: Policy, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that was exported."""
    made = save_run(tmp_path_factory.mktemp("models"), "first", policy)
    export_run(made, policy)
    return made


@pytest.fixture(scope="module")
def engine(run: Run) -> OnnxEngine:
    return OnnxEngine(run.folder / ONNX)


@pytest.mark.parametrize(("temperature", "top_p"), [(1.0, 1.0), (0.7, 0.9), (0.0, 1.0)])
def test_it_decides_what_torch_decides(
    engine: OnnxEngine, policy: Policy, temperature: float, top_p: float
) -> None:
    ours = PolicyRunner(engine, temperature=temperature, top_p=top_p, seed=3)
    theirs = PolicyRunner(TorchEngine(policy), temperature=temperature, top_p=top_p, seed=3)
    for seen in frames(rows_of_a_game(45), first=-50):
        assert ours.step(seen) == theirs.step(seen)
        assert ours.decision is not None
        assert theirs.decision is not None
        np.testing.assert_allclose(ours.decision.log_prob, theirs.decision.log_prob, atol=1e-4)


def test_rollbacks_leave_the_memory_of_a_game_without(engine: OnnxEngine) -> None:
    right, wrong = frames(rows_of_a_game(80), -50), frames(rows_of_a_game(80, seed=1), -50)
    straight, rolled = PolicyRunner(engine), PolicyRunner(engine)
    expected = {seen.frame: straight.step(seen) for seen in right}
    found = {}
    for start in range(0, 80, 5):
        for seen in (*wrong[start : start + 5], *right[max(0, start - 2) : start + 5]):
            found[seen.frame] = rolled.step(seen)
    assert found == expected
    ours, theirs = rolled.snapshot(), straight.snapshot()
    assert np.array_equal(ours.queue, theirs.queue)
    assert all(np.array_equal(mine, yours) for mine, yours in zip(ours.state, theirs.state, strict=True))


def test_games_side_by_side_are_games_alone(engine: OnnxEngine) -> None:
    games = [frames(rows_of_a_game(60, seed), -50) for seed in range(3)]
    alone = [PolicyRunner(engine, viewpoint=which % 2, seed=which) for which in range(3)]
    together = [PolicyRunner(engine, viewpoint=which % 2, seed=which) for which in range(3)]
    for seen in zip(*games, strict=True):
        assert step_together(together, seen) == [
            runner.step(frame) for runner, frame in zip(alone, seen, strict=True)
        ]


def test_an_exported_run_is_played_by_its_graph(run: Run) -> None:
    assert isinstance(exphil.load_runner("first", run.folder.parent).engine, OnnxEngine)
    assert isinstance(exphil.load_runner("first", run.folder.parent, runtime="torch").engine, TorchEngine)


def test_a_graph_of_other_weights_is_refused(run: Run, tmp_path: Path) -> None:
    policy = tiny("jamba", delay=1)
    other = save_run(tmp_path, "first", policy)
    (other.folder / ONNX).write_bytes((run.folder / ONNX).read_bytes())
    policy.heads.to_logits.bias.data += 1  # type: ignore[union-attr, operator]
    save_weights(other, policy)
    with pytest.raises(StoreError, match=r"other weights .* `exphil export first --onnx` again"):
        exphil.load_runner("first", tmp_path)


def test_an_engine_leaves_the_arithmetic_of_its_thread_alone(run: Run) -> None:
    """onnxruntime can have a processor take the smallest numbers for 0, for all code of the thread that asks."""
    OnnxEngine(run.folder / ONNX)
    assert float("5e-324") * 1.0 > 0
