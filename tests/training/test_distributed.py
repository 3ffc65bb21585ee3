"""Two ranks on gloo: the policy of one rank, one voice, and nobody left waiting."""

import json
import multiprocessing
import os
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from exphil.errors import ExphilError, UsageError
from exphil.training.config import TrainConfig
from exphil.training.distributed import ALONE, joined
from exphil.training.metrics import TIMED, MetricsLog
from exphil.training.progress import Silent
from exphil.training.runs import DIVERGENCE, WEIGHTS
from exphil.training.session import Outcome, start
from tests.stores import make_store

SMALL: dict[str, Any] = {
    "backbone": "gru",
    "hidden_size": 8,
    "num_layers": 1,
    "dropout": 0.0,
    "head_units": 2,
    "window_size": 12,
    "batch_size": 16,
    "epochs": 2,
    "mirror": 0.5,
    "noise": 0.5,
    "ema_decay": 0.9,
    "accumulate": 2,
    "device": "cpu",
    "threads": 1,
    "tracker": "none",
}

# By the name of the run: options, and whether the second rank is told to stop at its third step.
RUNS: dict[str, tuple[dict[str, Any], bool]] = {
    "ranks": ({}, False),
    "single-windows": ({"batch_size": 1, "max_steps": 3}, False),  # the second rank has nothing to do
    "taken": ({}, False),
    "stopped": ({"max_steps": 20, "checkpoint_minutes": 1e-9}, True),
    "diverged": ({"learning_rate": 1e14, "max_grad_norm": 1e9, "warmup_steps": 0}, False),
    "nothing": ({"where": "segments.stage = 'NOWHERE'"}, False),
}


def train(store: Path, models: Path, name: str) -> Outcome:
    config = TrainConfig().with_flags({**SMALL, **RUNS.get(name, ({},))[0]})
    return start(config, store=store, models=models, name=name, reporter=Silent())


def rank_of_two(rank: int, ports: list[int], folder: Path) -> None:
    """Trains all of RUNS as one of two ranks; writes down what came of each."""
    from exphil.training import loop

    torch.set_num_threads(1)
    took = loop.Trainer._step

    def watched(self: loop.Trainer, batches: Any, stop: Any) -> Any:
        if RUNS[self.run.name][1] and rank == 1 and self.position.step == 3:
            signal.raise_signal(signal.SIGINT)
        return took(self, batches, stop)

    loop.Trainer._step = watched  # type: ignore[method-assign]
    found: dict[str, Any] = {}
    for port, name in zip(ports, RUNS, strict=True):
        os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
        os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank)}
        try:
            outcome = train(folder / "store", folder / "models", name)
            found[name] = {"nats": outcome.validation["nats"], "is_first": outcome.is_first}
        except (ExphilError, SystemExit) as error:
            found[name] = {"error": str(error), "type": type(error).__name__}
    (folder / f"rank-{rank}.json").write_text(json.dumps(found))


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@dataclass(frozen=True)
class Pair:
    """What two ranks left behind.

    Attributes:
        folder: with `store`, and `models` of all RUNS.
        found: by rank and run, what came of it.
    """

    folder: Path
    found: list[dict[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """Two ranks that have trained all of RUNS."""
    folder = tmp_path_factory.mktemp("ranks")
    make_store(folder / "store", num_games=10, num_frames=200)
    (folder / "models" / "taken").mkdir(parents=True)
    ports = free_ports(len(RUNS))
    context = multiprocessing.get_context("spawn")
    ranks = [context.Process(target=rank_of_two, args=(rank, ports, folder)) for rank in range(2)]
    for process in ranks:
        process.start()
    for process in ranks:
        process.join(timeout=300)
    alive = [process.is_alive() for process in ranks]
    for process in ranks:
        process.kill()
    assert alive == [False, False], "a rank waits for the other"
    return Pair(folder, [json.loads((folder / f"rank-{rank}.json").read_text()) for rank in range(2)])


def lines(models: Path, name: str) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in line.items() if key not in {*TIMED, "diversity", "by_head", "kind"}}
        for line in MetricsLog(models / name).lines()
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="gloo on Windows wants another address")
class TestTwoRanks:
    def test_two_ranks_train_the_policy_of_one(self, pair: Pair, tmp_path: Path) -> None:
        models = pair.folder / "models"
        alone = train(pair.folder / "store", tmp_path, "alone")
        assert len(lines(tmp_path, "alone")) == len(lines(models, "ranks")) == 5
        for one, two in zip(lines(tmp_path, "alone"), lines(models, "ranks"), strict=True):
            assert one == pytest.approx(two, rel=2e-4)
        kept = [safetensors.torch.load_file(path / WEIGHTS) for path in (alone.run.folder, models / "ranks")]
        for name, tensor in kept[0].items():
            torch.testing.assert_close(tensor, kept[1][name], rtol=1e-2, atol=1e-3)

    def test_the_first_alone_writes_and_all_know_the_outcome(self, pair: Pair) -> None:
        first, second = pair.found[0]["ranks"], pair.found[1]["ranks"]
        assert first["nats"] == second["nats"]
        assert (first["is_first"], second["is_first"]) == (True, False)
        validations = [line for line in lines(pair.folder / "models", "ranks") if "best" in line]
        assert len(validations) == 2

    def test_a_batch_of_fewer_windows_than_ranks_leaves_nobody_waiting(self, pair: Pair) -> None:
        assert pair.found[0]["single-windows"]["nats"] == pair.found[1]["single-windows"]["nats"]

    def test_what_fails_on_the_first_is_said_once(self, pair: Pair) -> None:
        assert pair.found[0]["taken"]["type"] == "UsageError"
        assert "exists" in pair.found[0]["taken"]["error"]
        assert pair.found[1]["taken"] == {"error": "2", "type": "SystemExit"}

    def test_a_signal_to_one_rank_stops_both(self, pair: Pair) -> None:
        assert pair.found[0]["stopped"]["type"] == "StoppedError"
        assert "stopped at step 4 and saved" in pair.found[0]["stopped"]["error"]
        assert pair.found[1]["stopped"] == {"error": "130", "type": "SystemExit"}

    def test_divergence_ends_both_with_one_report(self, pair: Pair) -> None:
        assert pair.found[0]["diverged"]["type"] == "DivergedError"
        assert "try --learning-rate" in pair.found[0]["diverged"]["error"]
        assert pair.found[1]["diverged"] == {"error": "1", "type": "SystemExit"}
        assert (pair.folder / "models" / "diverged" / DIVERGENCE).exists()

    def test_what_everybody_meets_is_said_once(self, pair: Pair) -> None:
        assert (
            "--where" in pair.found[0]["nothing"]["error"]
            or "no segment" in pair.found[0]["nothing"]["error"]
        )
        assert pair.found[1]["nothing"] == {"error": "2", "type": "SystemExit"}


def test_without_torchrun_a_process_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WORLD_SIZE", "MASTER_ADDR"):
        monkeypatch.delenv(name, raising=False)
    with joined("cpu") as world:
        assert world is ALONE
        tensor = torch.ones(3)
        world.add_up([tensor])
        world.copy_first([tensor])
        assert tensor.tolist() == [1, 1, 1]
        assert world.first(lambda: 7) == 7


def test_ranks_share_no_odd_device(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("WORLD_SIZE", "2"), ("RANK", "0"), ("MASTER_ADDR", "localhost")):
        monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match="--device mps cannot be shared"), joined("mps"):
        pass
