"""Weights of an exported policy as whole numbers of eight bits, its large matrix products in integer arithmetic.

Per output channel, and within 7 bits: processors without VNNI add pairs of products in 16 bits, and full 8-bit
weights overflow there unseen, with errors of 10 to 27 percent. Heads stay as they are: they are small, decide, and
an error in one is told to the next.
"""

import math
import tempfile
from pathlib import Path
from typing import Any, Final

from exphil.export.metadata import INT8

LEAST_WEIGHTS: Final = 128 * 128
"""Smaller matrices stay: turning their inputs into integers would cost more than it saves."""

PREPARED: Final = {"onnx.quant.pre_process": "onnxruntime.quant"}
"""Tells the quantiser that constants are folded already, which they are."""


def quantised_bytes(content: bytes) -> bytes:
    """An fp32 file's content -> that of its int8 twin.

    Raises:
        OSError: no room for the quantiser's temporary files.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    model = onnx.load_from_string(content)
    properties = {entry.key: entry.value for entry in model.metadata_props}
    onnx.helper.set_model_props(model, PREPARED)
    with tempfile.TemporaryDirectory(prefix="exphil-") as folder:
        path = Path(folder) / "policy.onnx"
        quantize_dynamic(
            model,
            path,
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            nodes_to_quantize=_large_products(model),
        )
        found = onnx.load(path)
    onnx.helper.set_model_props(found, properties | {"precision": INT8})
    return bytes(found.SerializeToString())


def _large_products(model: Any) -> list[str]:
    """Names of the matrix products with a large constant matrix."""
    sizes = {tensor.name: math.prod(tensor.dims) for tensor in model.graph.initializer}
    large = [
        node
        for node in model.graph.node
        if node.op_type in ("MatMul", "Gemm") and sizes.get(node.input[1], 0) >= LEAST_WEIGHTS
    ]
    # the quantiser makes a product and a sum of a Gemm first, and calls the product so
    return [node.name + ("_MatMul" if node.op_type == "Gemm" else "") for node in large]
