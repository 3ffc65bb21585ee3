"""A run by its name to a runner that plays it, from Python."""

from pathlib import Path

import pytest
import safetensors.torch

import exphil
from exphil.errors import UsageError
from exphil.features import V1
from exphil.play.runner import PolicyRunner
from exphil.play.torch_engine import TorchEngine
from exphil.training.config import TrainConfig
from exphil.training.runs import WEIGHTS, create_run
from tests.play.policies import frames, rows_of_a_game, tiny


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one run, `first`, of a delay of 1."""
    folder, policy = tmp_path_factory.mktemp("models"), tiny("gru", delay=1)
    run = create_run(folder, "first", TrainConfig(policy=policy.config), {}, {})
    weights = {name: tensor.contiguous() for name, tensor in policy.state_dict().items()}
    safetensors.torch.save_file(weights, run.folder / WEIGHTS, {"features": V1.canonical})
    return folder


def test_a_run_plays_by_its_name(models: Path) -> None:
    seen = frames(rows_of_a_game(40), first=-50)
    runner = exphil.load_runner("first", models, temperature=0.8, top_p=0.9, seed=2, viewpoint=1)
    expected = PolicyRunner(
        TorchEngine(tiny("gru", delay=1)), temperature=0.8, top_p=0.9, seed=2, viewpoint=1
    )
    assert [runner.step(frame) for frame in seen] == [expected.step(frame) for frame in seen]


def test_the_folder_of_runs_is_found_as_everywhere(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPHIL_MODELS", str(models))
    assert exphil.load_runner("first", game_delay=1).game_delay == 1


def test_what_is_not_there_is_named(models: Path) -> None:
    with pytest.raises(UsageError, match=r"no run 'furst'.*did you mean first"):
        exphil.load_runner("furst", models)
    with pytest.raises(UsageError, match="exphil export first"):
        exphil.load_runner("first", models, runtime="onnx")
    with pytest.raises(UsageError, match="runtime 'onxx': there are auto, torch, onnx, int8"):
        exphil.load_runner("first", models, runtime="onxx")  # type: ignore[arg-type]
