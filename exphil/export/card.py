"""What an export says in the model card."""

from collections.abc import Iterator, Mapping

from exphil.export.agreement import Agreement
from exphil.export.metadata import FP32, INT8
from exphil.export.precision import Precision
from exphil.training.runs import ONNX, ONNX_INT8


def card_lines(
    agreement: Agreement, precision: Precision | None, files: Mapping[str, bytes]
) -> Iterator[str]:
    """Markdown, without the heading."""
    yield (
        f"`{ONNX}` is the policy as one graph ({len(files[FP32]) / 1e6:.1f} MB): a frame's packed row and memory in,"
        " an input and the memory after it out."
    )
    yield ""
    yield (
        f"- Beside torch, over {agreement.steps:,} frames of real games on the validation side: log-probabilities"
        f" differ by {agreement.largest:.1e} nats at most (`{agreement.largest_head}`), {agreement.same_draws:.2%} of"
        " the inputs drawn from the same noise are the same"
    )
    if precision is None:
        return
    yield (
        f"- `{ONNX_INT8}` ({len(files[INT8]) / 1e6:.1f} MB), over {precision.frames:,} frames of the validation side:"
        f" {precision.int8:.4f} nats a frame, {precision.loss:+.2%} of fp32's {precision.fp32:.4f}"
    )
    yield ""
    yield "| head | likeliest class the same in int8 |"
    yield "|---|---|"
    yield from (f"| {head} | {share:.2%} |" for head, share in precision.same_argmax.items())
