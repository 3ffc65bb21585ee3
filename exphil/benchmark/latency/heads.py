"""The heads of an exported policy as a graph of their own, to time what drawing an input takes of a step."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from exphil.export.onnx_file import HEADS_NODE

FIRST: Final = {"noise": 0.5, "temperature": 1, "top_p": 1, "forced": -1}


def stored_bytes(content: bytes) -> int:
    """Bytes of all numbers that a frame of a model reads; of the heads' two branches, those of the one for play."""
    import onnx

    graph = onnx.load_from_string(content).graph
    tensors = [tensor for part in (graph, _for_play(graph)) for tensor in _tensors(part)]
    return sum(onnx.numpy_helper.to_array(tensor).nbytes for tensor in tensors)


def heads_alone(content: bytes) -> Callable[[], object]:
    """Runs them on what the rest of the model hands them at a first frame."""
    import onnx

    model = onnx.load_from_string(content)
    heads = _for_play(model.graph)
    made = {name for node in heads.node for name in node.output}
    made |= {tensor.name for tensor in heads.initializer}
    handed = {name: None for node in heads.node for name in node.input if name and name not in made}
    values = _values(model, list(handed))
    inputs = [
        onnx.helper.make_tensor_value_info(
            name, onnx.helper.np_dtype_to_tensor_dtype(value.dtype), value.shape
        )
        for name, value in values.items()
    ]
    graph = onnx.helper.make_graph(heads.node, "heads", inputs, heads.output, heads.initializer)
    alone = onnx.helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    session = _session(alone)
    return lambda: session.run([heads.output[0].name], values)


def _for_play(graph: Any) -> Any:
    """The branch of the heads in which every head is drawn."""
    import onnx

    (node,) = (node for node in graph.node if node.name == HEADS_NODE)
    return next(
        onnx.helper.get_attribute_value(item) for item in node.attribute if item.name == "then_branch"
    )


def _tensors(graph: Any) -> list[Any]:
    """Numbers that a graph, or a node of it, carries."""
    return [*graph.initializer, *(value for node in graph.node for value in _constants(node))]


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
