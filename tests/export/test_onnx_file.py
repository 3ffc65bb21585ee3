"""Exported files run by onnxruntime: the same numbers as torch, in batches and alone; and what the files tell."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import exphil
from exphil.backbones.registry import BACKBONES
from exphil.errors import FingerprintError, StoreError
from exphil.export.metadata import FORMAT, INT8
from exphil.export.onnx_file import exported_bytes
from exphil.export.quantise import BLOCK, LEAST_WEIGHTS, ZERO, blocks_of, quantised_bytes
from exphil.export.session import OnnxEngine
from exphil.features import V1
from exphil.melee.controller import HEAD_SIZES, HEADS, NUM_HEADS
from exphil.policy.config import HeadsKind
from tests.export.conftest import MakeFile, MakePolicy, random_actions, random_rows

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "run_onnx.py"


def metadata(content: bytes) -> dict[str, str]:
    return {entry.key: entry.value for entry in onnx.load_from_string(content).metadata_props}


def with_metadata(content: bytes, **changes: str) -> bytes:
    model = onnx.load_from_string(content)
    onnx.helper.set_model_props(model, metadata(content) | changes)
    return bytes(model.SerializeToString())


@pytest.mark.parametrize(
    ("backbone", "delay", "heads"),
    [
        *((name, 0, "autoregressive") for name in BACKBONES),
        ("mlp", 3, "independent"),
        ("gru", 2, "autoregressive"),
    ],
)
@torch.no_grad()
def test_a_file_says_what_torch_says(
    make_policy: MakePolicy, make_file: MakeFile, backbone: str, delay: int, heads: HeadsKind
) -> None:
    policy, engine = make_policy(backbone, delay, heads), OnnxEngine(make_file(backbone, delay, heads))
    batch = 3
    viewpoint = np.array([0, 1, 1])
    state, memory = engine.initial_state(batch), policy.initial_state(batch)
    for number in range(12):
        rows, queue = random_rows(batch, number), random_actions((batch, delay), number)
        actions = random_actions((batch,), 70 + number)
        noise = np.random.default_rng(number).random((batch, NUM_HEADS), np.float32)
        hidden, memory = policy.step(
            torch.from_numpy(rows),
            torch.from_numpy(viewpoint),
            torch.from_numpy(queue) if delay else None,
            memory,
        )
        wanted = policy.sample(hidden, temperature=0.8, top_p=0.9, noise=torch.from_numpy(noise)).numpy()
        expected = policy.heads.log_prob(hidden, torch.from_numpy(actions)).numpy()
        kept = [part.copy() for part in state]
        found, past = engine.score(rows, viewpoint, queue, actions, state)
        drawn, log_prob, after = engine.step(rows, viewpoint, queue, noise, 0.8, 0.9, state)
        for part, other in zip(after, past, strict=True):
            np.testing.assert_array_equal(part, other)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
        np.testing.assert_array_equal(drawn, wanted)
        assert drawn.dtype == np.int64
        for part, before in zip(state, kept, strict=True):  # what is given stays as it was
            np.testing.assert_array_equal(part, before)
        alone = engine.step(
            rows[1:2], viewpoint[1:2], queue[1:2], noise[1:2], 0.8, 0.9, tuple(part[1:2] for part in state)
        )
        np.testing.assert_array_equal(alone[0], drawn[1:2])
        np.testing.assert_allclose(alone[1], log_prob[1:2], rtol=1e-4, atol=1e-4)
        state = after


def test_metadata_says_all_that_is_needed(make_file: MakeFile) -> None:
    told = metadata(make_file("gru", 2))
    assert told["exphil_format"] == FORMAT
    assert told["exphil_version"] == exphil.__version__
    assert (told["run"], told["backbone"], told["precision"]) == ("small", "gru", "fp32")
    assert told["feature_fingerprint"] == V1.fingerprint
    assert json.loads(told["feature_names"]) == list(V1.names)
    assert told["delay"] == "2"
    assert json.loads(told["heads"]) == [list(pair) for pair in zip(HEADS, HEAD_SIZES, strict=True)]
    values = json.loads(told["discretisation"])
    assert (values["stick_values"][0], values["stick_values"][8], values["stick_values"][16]) == (-1, 0, 1)
    assert values["shoulder_values"] == [0, 0.25, 0.5, 0.75, 1]
    model = onnx.load_from_string(make_file("gru", 2))
    inputs, outputs = ({value.name for value in values} for values in (model.graph.input, model.graph.output))
    states = json.loads(told["states"])
    assert inputs == set(json.loads(told["inputs"])) | {part["input"] for part in states}
    assert outputs == set(json.loads(told["outputs"])) | {part["output"] for part in states}
    assert "queue" not in {value.name for value in onnx.load_from_string(make_file("mlp")).graph.input}


def test_the_layout_of_a_row_is_told(make_file: MakeFile) -> None:
    rows = random_rows(5, 1)
    packed = rows.view(V1.row_dtype)[:, 0]
    layout = json.loads(metadata(make_file())["row_layout"])
    for who, name, expected in (
        ("player0", "x", packed["players"]["scalars"][:, 0, V1.slots["x"].column]),
        ("player1", "action", packed["players"]["ids"][:, 1, V1.slots["action"].column]),
        ("shared", "stage", packed["shared"]["codes"][:, V1.slots["stage"].column]),
    ):
        (column,) = (c for c in layout if (c["of"], c["name"]) == (who, name))
        dtype = np.dtype(column["dtype"])
        found = rows[:, column["offset"] : column["offset"] + dtype.itemsize].copy().view(dtype)[:, 0]
        np.testing.assert_array_equal(found, expected)
    end = max(c["offset"] + np.dtype(c["dtype"]).itemsize for c in layout)
    assert end <= V1.row_dtype.itemsize


@torch.no_grad()
def test_of_equal_classes_the_lowest_is_the_likeliest(make_policy: MakePolicy) -> None:
    policy = copy.deepcopy(make_policy("mlp"))
    for part in (policy.heads.to_logits, policy.heads.from_held):  # type: ignore[union-attr]
        for parameter in part.parameters():  # type: ignore[union-attr, operator]
            parameter.zero_()
    engine = OnnxEngine(exported_bytes(policy, run="even", weights=""))
    rows, queue = random_rows(1, 0), np.zeros((1, 0, NUM_HEADS), np.int64)

    def drawn(noise: float, temperature: float, top_p: float) -> list[int]:
        noises = np.full((1, NUM_HEADS), noise, np.float32)
        return list(engine.step(rows, np.array([0]), queue, noises, temperature, top_p, ())[0][0])

    assert drawn(0.99, 0.0, 1.0) == [0] * NUM_HEADS
    assert drawn(0.99, 1.0, 1.0) == [0] * 8 + [16] * 4 + [4]
    assert drawn(0.99, 1.0, 0.2)[8:] == [3] * 4 + [0]  # four classes of 1/17 reach 0.2, or one of 1/5
    assert drawn(0.0, 1.0, 1.0) == [1] * 8 + [0] * 5


def test_exports_repeat(make_policy: MakePolicy) -> None:
    first, second = (exported_bytes(make_policy("mlp"), run="a", weights="b") for _ in range(2))
    assert first == second


def test_int8_turns_the_large_products_into_whole_numbers(make_file: MakeFile) -> None:
    exact = make_file("mlp", 0, "autoregressive", 64)
    small = quantised_bytes(exact)
    assert len(small) < len(exact)
    model = onnx.load_from_string(small)
    sizes = {tensor.name: int(np.prod(tensor.dims)) for tensor in model.graph.initializer}
    whole = [node for node in model.graph.node if node.op_type == "MatMulNBits"]
    assert whole
    assert all(sizes[node.input[1]] >= LEAST_WEIGHTS for node in whole)
    products = [node for node in model.graph.node if node.op_type in ("Gemm", "MatMul")]
    assert all(sizes.get(node.input[1], 0) < LEAST_WEIGHTS for node in products)
    told = metadata(small)
    assert told == metadata(exact) | {"precision": INT8}
    assert OnnxEngine(small).exported.precision == INT8


@given(st.integers(1, 300), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_a_weight_in_int8_is_off_by_half_a_step_at_most(size: int, outputs: int, seed: int) -> None:
    weights = np.random.default_rng(seed).normal(size=(size, outputs)).astype(np.float32)
    weights[:, 0] = 0
    found, scales = blocks_of(weights)
    back = (found.astype(np.float32) - ZERO) * scales[..., None]
    back = back.reshape(outputs, -1).T
    assert np.all(back[size:] == 0)
    steps = np.repeat(scales, BLOCK, axis=1).T[:size]
    assert np.all(np.abs(back[:size] - weights) <= steps * 0.501)


@pytest.mark.parametrize("transposed", [False, True])
def test_products_of_the_largest_whole_numbers_do_not_overflow(transposed: bool) -> None:
    """Where pairs of products are added in 16 bits, these are off by a third."""
    rng = np.random.default_rng(0)
    weights = np.sign(rng.normal(size=(512, 256))).astype(np.float32) * 0.1
    seen = np.sign(rng.normal(size=(8, 512))).astype(np.float32)
    seen[0] = 1
    weights[:, 0] = 0.1
    make = onnx.helper
    product = make.make_node("Gemm", ["x", "w", "b"], ["y"], name="product", transB=int(transposed))
    bias = np.arange(256, dtype=np.float32)
    graph = make.make_graph(
        [product],
        "one",
        [make.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["batch", 512])],
        [make.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["batch", 256])],
        [
            onnx.numpy_helper.from_array(weights.T.copy() if transposed else weights, "w"),
            onnx.numpy_helper.from_array(bias, "b"),
        ],
    )
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=8)
    content = quantised_bytes(model.SerializeToString())
    assert "MatMulNBits" in {node.op_type for node in onnx.load_from_string(content).graph.node}
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"x": seen})
    np.testing.assert_allclose(found, seen @ weights + bias, rtol=1e-3, atol=1e-2)


def test_int8_is_near(make_file: MakeFile) -> None:
    exact = make_file("mlp", 0, "autoregressive", 64)
    engines = OnnxEngine(exact), OnnxEngine(quantised_bytes(exact))
    rows, actions = random_rows(200, 3), random_actions((200,), 3)
    shown = (rows, np.arange(200) % 2, np.zeros((200, 0, NUM_HEADS), np.int64), actions, ())
    a, b = (engine.score(*shown)[0].sum(axis=1) for engine in engines)
    assert not np.array_equal(a, b)
    assert abs(a.mean() - b.mean()) < 0.02 * abs(a.mean())


@pytest.mark.parametrize(
    ("content", "text"),
    [(b"", "cannot be run"), (b"no model at all", "cannot be run"), (None, "does not exist")],
)
def test_what_is_no_policy_is_one_clear_line(tmp_path: Path, content: bytes | None, text: str) -> None:
    path = tmp_path / "policy.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StoreError, match=text) as raised:
        OnnxEngine(path)
    assert str(path) in str(raised.value)
    assert "exphil export" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_another_feature_table_or_format_is_refused(make_file: MakeFile) -> None:
    content = make_file("mlp")
    with pytest.raises(FingerprintError, match="another feature table"):
        OnnxEngine(with_metadata(content, feature_fingerprint="0" * 32))
    with pytest.raises(StoreError, match="another format"):
        OnnxEngine(with_metadata(content, exphil_format="0"))
    with pytest.raises(StoreError, match="lacks metadata"):
        OnnxEngine(with_metadata(content, states="?"))
    foreign = onnx.load_from_string(content)
    del foreign.metadata_props[:]
    with pytest.raises(StoreError, match="no exported policy"):
        OnnxEngine(foreign.SerializeToString())


@pytest.mark.parametrize("delay", [0, 2])
def test_the_example_runs_on_numpy_and_onnxruntime_alone(
    make_file: MakeFile, tmp_path: Path, delay: int
) -> None:
    (tmp_path / "policy.onnx").write_bytes(make_file("gru", delay))
    random_rows(40, 2).tofile(tmp_path / "pack.bin")
    guard = (
        "import runpy, sys\n"
        "class No:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('exphil', 'torch', 'onnx', 'polars'):\n"
        "            raise ImportError(name)\n"
        "sys.meta_path.insert(0, No())\n"
        f"runpy.run_path({str(EXAMPLE)!r}, run_name='__main__')\n"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            guard,
            str(tmp_path / "policy.onnx"),
            str(tmp_path / "pack.bin"),
            "--frames",
            "40",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"small: gru, fp32, delay {delay}, features {V1.fingerprint}")
    assert len(lines) > 5
    assert len(EXAMPLE.read_text(encoding="utf-8").splitlines()) <= 64
