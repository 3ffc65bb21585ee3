"""The example, as it is run by someone who has only the file: what it says to files that are none of ours."""

import subprocess
import sys
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "run_onnx.py"


def foreign(path: Path) -> Path:
    """A graph that onnxruntime runs, and that no exphil has written."""
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    same = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "foreign", [value], [same])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def told(*words: str | Path) -> str:
    """The one line that it ends with."""
    done = subprocess.run([sys.executable, EXAMPLE, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    (line,) = done.stderr.strip().splitlines()
    return line


@pytest.mark.parametrize("kind", ["missing", "text", "foreign"])
def test_a_file_that_is_no_policy(tmp_path: Path, kind: str) -> None:
    policy, pack = tmp_path / "policy.onnx", tmp_path / "part.bin"
    pack.write_bytes(bytes(194))
    if kind == "text":
        policy.write_text("hello")
    elif kind == "foreign":
        foreign(policy)
    assert told(policy, pack).startswith("give a file of `exphil export`, then")


@pytest.mark.parametrize("content", [None, b"", bytes(195)])
def test_a_file_that_is_no_pack(tmp_path: Path, content: bytes | None) -> None:
    policy, pack = foreign(tmp_path / "policy.onnx"), tmp_path / "part.bin"
    model = onnx.load(policy)
    for key, value in {
        "heads": "[]",
        "states": "[]",
        "delay": "0",
        "neutral": "[]",
        "discretisation": "{}",
    }.items():
        model.metadata_props.add(key=key, value=value)
    model.metadata_props.add(key="row_bytes", value="194")
    onnx.save(model, policy)
    if content is not None:
        pack.write_bytes(content)
    assert told(policy, pack).startswith("give a file of `exphil export`, then")
    pack.write_bytes(bytes(2 * 194))
    done = subprocess.run(
        [sys.executable, EXAMPLE, policy, pack], capture_output=True, text=True, check=False
    )
    assert "give a file" not in done.stderr, "a pack of whole rows is taken"
