"""Pages under docs/backbones that derive from measured figures: `python -m exphil.benchmark.docs` writes them.

The figures are the three Parquet files that `exphil benchmark` leaves, copied to docs/backbones/figures. README.md is
written whole; of each backbone's page, what lies between the two marks; likewise docs/latency.md, from latency.json and
deadline.json beside them. `--check` compares and writes nothing.
"""

import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from exphil.backbones.config import CONFIGS
from exphil.benchmark.figures import CURVES, RESULTS, SCALING, Figures, read_figures
from exphil.benchmark.latency.deadline import deadline_table
from exphil.benchmark.latency.outputs import ROWS as LATENCY
from exphil.benchmark.latency.outputs import read_latency
from exphil.benchmark.latency.table import latency_lines
from exphil.benchmark.outputs import scaling_section
from exphil.benchmark.results import OK
from exphil.benchmark.rows import Row
from exphil.benchmark.table import comparison, markdown, megabytes, nats_text, pair, remarks, share, shown
from exphil.benchmark.tree import decision_tree
from exphil.errors import ExphilError, StoreError

FOLDER: Final = Path("docs/backbones")
FIGURES: Final = FOLDER / "figures"
CHART: Final = FIGURES / "loss-latency.svg"
LATENCY_PAGE: Final = Path("docs/latency.md")
"""Its figures are the rows that `exphil benchmark --latency` and benchmarks/deadline.py leave."""
DEADLINES: Final = "deadline.json"

BEGIN: Final = "<!-- measured figures: written by `python -m exphil.benchmark.docs` -->"
END: Final = "<!-- end of measured figures -->"
HEADING: Final = "## Measured"

HOW: Final = (
    "Everything below is written by `python -m exphil.benchmark.docs` from the Parquet files in"
    " [figures/](figures/), which `exphil benchmark` makes; nothing is typed."
)


def pages(root: Path = Path()) -> dict[str, str]:
    """Text of every page by its path below `root`, the repository.

    Raises:
        StoreError: the figures are missing or cannot be read.
    """
    figures = read_figures(root / FIGURES)
    found = {(FOLDER / "README.md").as_posix(): overview(figures)}
    for name in CONFIGS:
        page = FOLDER / f"{name}.md"
        if (root / page).exists():
            text = (root / page).read_text(encoding="utf-8")
            found[page.as_posix()] = with_block(text, measured(name, figures))
    if (root / LATENCY_PAGE).exists():
        text = (root / LATENCY_PAGE).read_text(encoding="utf-8")
        found[LATENCY_PAGE.as_posix()] = with_block(text, measured_latency(root))
    return found


def measured_latency(root: Path) -> list[str]:
    """What is measured of whole frames, and of their deadlines.

    Raises:
        StoreError: the figures cannot be read.
    """
    path, deadlines = root / FIGURES / LATENCY, root / FIGURES / DEADLINES
    lines = latency_lines(read_latency(path) if path.exists() else [])
    if deadlines.exists():
        try:
            table = deadline_table(json.loads(deadlines.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"{deadlines} cannot be read ({error}); measure with benchmarks/deadline.py"
            ) from error
        lines += ["Milliseconds at 60 frames a second, the policy and the control by turns:", ""]
        lines += table
    return lines[:-1] if not lines[-1] else lines


def overview(figures: Figures) -> str:
    """docs/backbones/README.md."""
    lines = [
        "# Backbones",
        "",
        "What remembers, between a frame and the decision that it asks for. Each has a page:",
        "",
    ]
    lines += markdown(
        ("backbone", "what it is"),
        [(f"[{name}]({name}.md)", config.summary) for name, config in CONFIGS.items()],
        right=set(),
    )
    lines += [
        "",
        HOW,
        "",
        "## Which one",
        "",
        "```",
        *decision_tree(figures.rows, figures.scaling),
        "```",
        "",
    ]
    lines += ["## Comparison", "", *comparison(figures.rows), ""]
    for remark in remarks(figures.rows):
        lines += [remark, ""]
    lines += [f"![Validation loss against the latency of a step]({CHART.relative_to(FOLDER).as_posix()})", ""]
    if figures.scaling:
        lines += scaling_section(figures)
    lines += [
        "## Measure it yourself",
        "",
        "```",
        "exphil benchmark --store storage/ --out benchmark",
        "```",
        "",
    ]
    lines += ["What is measured how: [../benchmark.md](../benchmark.md).", ""]
    return "\n".join(lines).rstrip() + "\n"


def measured(name: str, figures: Figures) -> list[str]:
    """What is measured of one backbone."""
    row = next((row for row in figures.rows if row.backbone == name), None)
    if row is None:
        return ["Not measured yet."]
    facts = [
        (
            "rank",
            f"{row.rank} of {sum(other.rank is not None for other in figures.rows)}" if row.rank else "",
        ),
        ("validation, nats a frame", nats_text(row)),
        ("baselines: repeat, marginal", _both(row.repeat, row.marginal)),
        ("training, batches/s", shown(row.batches_per_second, 2)),
        ("training, window-frames/s", shown(row.frames_per_second)),
        ("waiting for data", share(row.waiting)),
        ("a step, p50 / p99", pair(row.step_p50_ms, row.step_p99_ms)),
        ("a whole window, p50 / p99", pair(row.window_p50_ms, row.window_p99_ms)),
        ("a step on the GPU, p50 / p99", pair(row.cuda_step_p50_ms, row.cuda_step_p99_ms)),
        ("60 FPS by steps", "" if row.sixty_fps is None else "yes" if row.sixty_fps else "no"),
        ("peak RAM in training", megabytes(row.peak_ram_mb)),
        ("peak VRAM in training", megabytes(row.peak_vram_mb)),
        ("parameters", shown(row.parameters)),
        ("memory that a step keeps", "" if row.state_bytes is None else f"{row.state_bytes:,} bytes"),
    ]
    lines = markdown(("figure", "value"), [fact for fact in facts if fact[1]], right={"value"})
    lines += ["", _conditions(row)]
    if row.status != OK:
        lines += ["", f"{row.status.capitalize()} in {row.reason}."]
    return lines


def _conditions(row: Row) -> str:
    budget = "" if row.nats is None else f"{row.epochs} epochs, "
    most = "" if row.nats is None or row.max_steps is None else f"at most {row.max_steps} steps, "
    return (
        f"{budget}{most}windows of {row.window_size} frames, batches of {row.batch_size} windows, hidden size"
        f" {row.hidden_size}, {row.num_layers} layers, learning rate {row.learning_rate:g}; {row.processor},"
        f" {row.cores} cores. How each figure is meant, and the other backbones: [README.md](README.md)."
    )


def _both(repeat: float | None, marginal: float | None) -> str:
    return "" if repeat is None or marginal is None else f"{repeat:.4f}, {marginal:.4f}"


def with_block(text: str, lines: Sequence[str]) -> str:
    """A page with the lines between its marks; where it has none, in a section of their own at its end."""
    block = "\n".join([BEGIN, "", *lines, "", END])
    before, begin, rest = text.partition(BEGIN)
    if not begin:
        return f"{text.rstrip()}\n\n{HEADING}\n\n{block}\n"
    _, end, after = rest.partition(END)
    return f"{before}{block}{after if end else chr(10)}"


def chart(root: Path = Path()) -> str:
    """The README's chart as SVG, with a digest of the figures that it shows."""
    from exphil.benchmark.report import loss_against_latency
    from exphil.pages.charts import to_svg

    drawn = loss_against_latency(read_figures(root / FIGURES).rows)
    text = "<svg xmlns='http://www.w3.org/2000/svg'/>" if drawn is None else to_svg(drawn)
    return f"{text.rstrip()}\n{_mark(root)}\n"


def _mark(root: Path) -> str:
    """What tells that a chart shows the figures at hand: fonts differ between machines, so its text is not compared."""
    state = hashlib.blake2b(digest_size=8)
    for name in (RESULTS, CURVES, SCALING):
        state.update((root / FIGURES / name).read_bytes())
    return f"<!-- figures {state.hexdigest()} -->"


def stale(root: Path = Path()) -> list[str]:
    """Paths of the pages that differ from what the figures give.

    Raises:
        StoreError: the figures are missing or cannot be read.
    """
    found = [
        name
        for name, text in pages(root).items()
        if not (root / name).exists() or (root / name).read_text(encoding="utf-8") != text
    ]
    path = root / CHART
    if not path.exists() or _mark(root) not in path.read_text(encoding="utf-8"):
        found.append(CHART.as_posix())
    return found


def main(arguments: list[str]) -> int:
    """Write what is not fresh below the current folder; with `--check` only name it. 1 when a page is not fresh."""
    try:
        found = stale()
        if "--check" not in arguments:
            texts = {**pages(), CHART.as_posix(): ""}
            for name in found:
                text = chart() if name == CHART.as_posix() else texts[name]
                Path(name).write_text(text, encoding="utf-8")
    except ExphilError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    if found:
        print(f"{'not fresh' if '--check' in arguments else 'written'}: {', '.join(found)}")
    return 1 if found and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
