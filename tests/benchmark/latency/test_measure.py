"""A whole measurement of small policies, on every runtime."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from exphil.benchmark.contest import Contest
from exphil.benchmark.latency.bandwidth import weights_bound
from exphil.benchmark.latency.engines import built_engine
from exphil.benchmark.latency.games import games_in
from exphil.benchmark.latency.heads import heads_alone, stored_bytes
from exphil.benchmark.latency.jobs import RUNTIMES, plan_latency
from exphil.benchmark.latency.rows import PARTS, latency_rows
from exphil.benchmark.progress import Progress
from exphil.benchmark.results import FAILED, OK
from exphil.benchmark.worker import measure
from exphil.export.onnx_file import exported_bytes
from exphil.policy.build import build_policy
from exphil.policy.policy import Policy
from exphil.synth.generate import synthesise

SMALL = {"hidden_size": 16, "head_units": 2}


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    """Latency is measured on one thread: other tests get theirs back."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def replays(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("measure")
    synthesise(folder, count=1, max_frames=200)
    return games_in(folder, 10**6)


def small_policy(backbone: str, **more: object) -> Policy:
    torch.manual_seed(3)
    return build_policy(
        Contest(backbones=(backbone,), shared={**SMALL, **more}).config(backbone).policy
    ).eval()


def test_every_runtime_fills_its_row(
    replays: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = partial(weights_bound, memory_bytes=2**20, seconds=0)
    monkeypatch.setattr("exphil.benchmark.latency.measure.weights_bound", quick)
    contest = Contest(backbones=("gru",), shared=SMALL)
    jobs = plan_latency(contest, tmp_path / "none", "", replays, 30)
    results = [(job, measure(job, tmp_path, Progress(lambda line: None))) for job in jobs]
    assert [result.reason for _, result in results] == [None] * 3
    for row in latency_rows(results):
        assert (row.status, row.frames, row.games, row.hidden_size) == (OK, 30, 1, 16)
        shares = [getattr(row, f"{part}_p50_ms") for part in PARTS]
        assert all(value is not None and value > 0 for value in shares)
        assert 0 < row.p50_ms <= row.p95_ms <= row.p99_ms <= row.p999_ms <= row.max_ms  # type: ignore[operator]
        assert row.weights_ms is not None
        assert row.weights_ms > 0
        assert row.state_bytes == 2 * 16 * 4
        assert (row.onnxruntime is None) == (row.runtime == "torch")


def test_games_that_are_gone_are_a_row_with_the_reason(tmp_path: Path) -> None:
    contest = Contest(backbones=("mlp",), shared=SMALL)
    job = plan_latency(contest, tmp_path, "", [str(tmp_path / "gone.slp")], 5)[0]
    result = measure(job, tmp_path, Progress(lambda line: None))
    assert result.status == FAILED
    assert "gone.slp" in str(result.reason)


@pytest.mark.parametrize("heads", ["autoregressive", "independent"])
def test_the_heads_alone_choose_as_the_whole_does(heads: str) -> None:
    policy = small_policy("mlp", heads=heads)
    torch.nn.init.normal_(policy.heads.from_held.bias, std=3.0)  # type: ignore[union-attr, arg-type]
    content = exported_bytes(policy, run="test", weights="")
    alone = heads_alone(content)
    [chosen] = alone()  # type: ignore[misc]
    row, queue = np.zeros((1, 194), np.uint8), np.zeros((1, 0, 13), np.int64)
    engine = built_engine(policy, "onnx", "fp32").engine
    drawn, _, _ = engine.step(
        row,
        np.zeros(1, np.int64),
        queue,
        np.full((1, 13), 0.5, np.float32),
        1.0,
        1.0,
        engine.initial_state(1),
    )
    assert chosen.tolist() == drawn.tolist()
    assert len(set(chosen[0].tolist())) > 2


def test_weights_are_counted_as_they_are_stored() -> None:
    policy = small_policy("gru", hidden_size=128)
    sizes = {runtime: built_engine(policy, *runtime).weights_bytes for runtime in RUNTIMES}
    whole = sum(parameter.nbytes for parameter in policy.parameters())
    assert sizes["torch", "fp32"] == whole
    assert 0.8 * whole < sizes["onnx", "fp32"] < 1.3 * whole
    assert sizes["onnx", "int8"] < 0.7 * sizes["onnx", "fp32"]
    assert stored_bytes(exported_bytes(policy, run="a", weights="")) == sizes["onnx", "fp32"]
