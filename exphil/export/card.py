"""What an export says in the model card."""

from collections.abc import Iterator, Mapping

from exphil.export.agreement import Agreement
from exphil.export.precision import Precision


def card_lines(
    run: str, agreement: Agreement, precision: Precision | None, sizes: Mapping[str, int]
) -> Iterator[str]:
    """Markdown, without the heading.

    Args:
        run: its name.
        agreement: of the float32 graph with torch.
        precision: of the int8 graph beside the float32 one, where there is one.
        sizes: bytes of the files that were written, by name.
    """
    written = " and ".join(f"`{name}` ({size / 1e6:.1f} MB)" for name, size in sizes.items())
    yield (
        f"The policy as one graph, a frame's packed row and memory in, an input and the memory after it out: {written}."
        f" `exphil play {run} --shadow GAME.slp` lets it answer beside a recorded game."
    )
    yield ""
    yield (
        f"- float32 beside torch, over {agreement.steps:,} frames of real games on the validation side:"
        f" log-probabilities differ by {agreement.largest:.1e} nats at most (`{agreement.largest_head}`), "
        f"{agreement.same_draws:.2%} of the inputs drawn from the same noise are the same"
    )
    if precision is None:
        return
    yield (
        f"- int8, over {precision.frames:,} frames of the validation side: {precision.int8:.4f} nats a frame,"
        f" {precision.loss:+.2%} of fp32's {precision.fp32:.4f}"
    )
    yield ""
    yield "| head | likeliest class the same in int8 |"
    yield "|---|---|"
    yield from (f"| {head} | {share:.2%} |" for head, share in precision.same_argmax.items())
