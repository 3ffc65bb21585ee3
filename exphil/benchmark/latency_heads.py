"""The heads of an exported policy as a graph of their own, to time what drawing an input takes of a step."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

SCOPE: Final = "/graph/heads/"
"""How the exporter names everything that the heads compute."""

OUTPUT: Final = "actions"

FIRST: Final = {"noise": 0.5, "temperature": 1, "top_p": 1, "forced": -1}


def stored_bytes(content: bytes) -> int:
    """Bytes of all numbers that a model holds."""
    import onnx

    model = onnx.load_from_string(content)
    tensors = [*model.graph.initializer, *(value for node in model.graph.node for value in _constants(node))]
    return sum(onnx.numpy_helper.to_array(tensor).nbytes for tensor in tensors)


def heads_alone(content: bytes) -> Callable[[], object] | None:
    """Runs them on what the rest of the model hands them at a first frame; None where it names them otherwise."""
    import onnx

    model = onnx.load_from_string(content)
    nodes = [node for node in model.graph.node if node.name.startswith(SCOPE)]
    made = {name for node in nodes for name in node.output}
    if OUTPUT not in made:
        return None
    kept = {tensor.name for tensor in model.graph.initializer}
    constants = {
        name for node in model.graph.node if node.op_type == "Constant" for name in node.output
    } - made
    handed = list(
        dict.fromkeys(
            name
            for node in nodes
            for name in node.input
            if name and name not in made and name not in kept and name not in constants
        )
    )
    values = _values(model, handed)
    used = {name for node in nodes for name in node.input}
    graph = onnx.helper.make_graph(
        [
            *(node for node in model.graph.node if set(node.output) & constants & used),
            *nodes,
        ],
        "heads",
        [
            onnx.helper.make_tensor_value_info(
                name, onnx.helper.np_dtype_to_tensor_dtype(value.dtype), value.shape
            )
            for name, value in values.items()
        ],
        [output for output in model.graph.output if output.name == OUTPUT],
        [tensor for tensor in model.graph.initializer if tensor.name in used],
    )
    alone = onnx.helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    session = _session(alone)
    return lambda: session.run([OUTPUT], values)


def _values(model: Any, names: list[str]) -> dict[str, Any]:
    """What the model has computed under these names after its first frame."""
    import onnx

    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    fed = {given.name: _first(given) for given in model.graph.input}
    made = [name for name in names if name not in fed]
    watched.graph.output.extend(onnx.ValueInfoProto(name=name) for name in made)
    found = _session(watched).run(made, fed)
    return {name: fed[name] for name in names if name in fed} | dict(zip(made, found, strict=True))


def _first(given: Any) -> Any:
    """What an input of a batch of one is at a first frame: zeros, but for those that say how to draw."""
    import onnx

    kind = onnx.helper.tensor_dtype_to_np_dtype(given.type.tensor_type.elem_type)
    shape = [dim.dim_value or 1 for dim in given.type.tensor_type.shape.dim]
    return np.full(shape, FIRST.get(given.name, 0), kind)


def _session(model: Any) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def _constants(node: Any) -> list[Any]:
    """Tensors that a node carries itself."""
    return [
        attribute.t
        for attribute in node.attribute
        if node.op_type == "Constant" and attribute.name == "value"
    ]
