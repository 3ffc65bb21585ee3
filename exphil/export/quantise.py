"""Weights of an exported policy as whole numbers of eight bits, its large matrix products in integer arithmetic.

The products become onnxruntime's `MatMulNBits`: symmetric, with a scale for each block of 128 weights of an output,
so finer than one for each output; what is multiplied is rounded to eight bits by blocks as well. Its kernels never
overflow. Those of `MatMulInteger`, which onnxruntime's own quantiser writes, do so unseen on processors without VNNI
where weights use all eight bits: pairs of products are added in 16 there, with errors of 10 to 40 percent.
"""

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from exphil.export.metadata import INT8

LEAST_WEIGHTS: Final = 128 * 128
"""Smaller matrices stay: turning their inputs into integers would cost more than it saves."""

BLOCK: Final = 128
"""Weights of one output that share a scale."""

ZERO: Final = 128
"""What stands for 0: kept are bytes without a sign."""

DOMAIN: Final = "com.microsoft"
IN_INTEGERS: Final = 4
"""Of the operation's `accuracy_level`: inputs are rounded to eight bits too."""


def quantised_bytes(content: bytes) -> bytes:
    """An fp32 file's content -> that of its int8 twin."""
    import onnx

    model = onnx.load_from_string(content)
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type in ("MatMul", "Gemm") and _is_large(constants.get(node.input[1])):
            _quantise(model, node, onnx.numpy_helper.to_array(constants[node.input[1]]))
    read = {name for node in _all_nodes(model.graph) for name in node.input}
    left = [tensor for tensor in model.graph.initializer if tensor.name in read]
    del model.graph.initializer[:]
    model.graph.initializer.extend(left)
    model.opset_import.append(onnx.helper.make_opsetid(DOMAIN, 1))
    properties = {entry.key: entry.value for entry in model.metadata_props}
    onnx.helper.set_model_props(model, properties | {"precision": INT8})
    return bytes(model.SerializeToString())


def blocks_of(weights: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
    """(K, N) -> bytes (N, blocks, 128) and scales (N, blocks): a weight is (byte - 128) * scale, 0 past the Kth."""
    size, outputs = weights.shape
    count = math.ceil(size / BLOCK)
    padded = np.zeros((outputs, count * BLOCK), np.float32)
    padded[:, :size] = weights.T
    blocks = padded.reshape(outputs, count, BLOCK)
    scales = np.abs(blocks).max(axis=-1) / (ZERO - 1)
    steps = np.rint(blocks / np.where(scales == 0, 1, scales)[..., None])
    return (steps + ZERO).astype(np.uint8), scales.astype(np.float32)


def _is_large(tensor: Any) -> bool:
    return tensor is not None and len(tensor.dims) == 2 and math.prod(tensor.dims) >= LEAST_WEIGHTS


def _quantise(model: Any, node: Any, weights: npt.NDArray[np.float32]) -> None:
    """Turn a product, or a product and a sum, into one of whole numbers."""
    import onnx

    options = {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}
    weights = weights.T if options.get("transB") else weights
    weights = weights * options.get("alpha", 1.0)
    bytes_of, scales = blocks_of(weights)
    names = [f"{node.input[1]}/{part}" for part in ("bytes", "scales")]
    for name, values in zip(names, (bytes_of, scales), strict=True):
        model.graph.initializer.append(onnx.numpy_helper.from_array(values, name))
    size, outputs = weights.shape
    bias = ["", "", node.input[2]] if len(node.input) > 2 else []
    node.CopyFrom(
        onnx.helper.make_node(
            "MatMulNBits",
            [node.input[0], *names, *bias],
            list(node.output),
            name=node.name,
            domain=DOMAIN,
            K=size,
            N=outputs,
            bits=8,
            block_size=BLOCK,
            accuracy_level=IN_INTEGERS,
        )
    )


def _all_nodes(graph: Any) -> list[Any]:
    """A graph's nodes, and those of its branches."""
    found = []
    for node in graph.node:
        found.append(node)
        for item in node.attribute:
            if item.HasField("g"):
                found += _all_nodes(item.g)
    return found
