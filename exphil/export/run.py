"""A run's policy exported, checked on real games, and written into the run's folder: `exphil export`."""

import errno
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch

from exphil.errors import StoreError, UsageError
from exphil.evaluation.streams import Streams, name_streams
from exphil.export.agreement import SIDE_BY_SIDE, Agreement, MissError, compare_with_torch
from exphil.export.card import card_lines
from exphil.export.files import FILES, weights_digest
from exphil.export.games import enough
from exphil.export.metadata import FP32, INT8
from exphil.export.onnx_file import exported_bytes
from exphil.export.precision import MOST_LOSS, Precision, compare_precisions
from exphil.export.quantise import quantised_bytes
from exphil.export.session import OnnxEngine
from exphil.loading.dataset import find_segments
from exphil.policy.policy import Policy
from exphil.store.atomic import require_space, write_bytes
from exphil.store.packs import Packs
from exphil.store.store import Store
from exphil.training.card import with_section
from exphil.training.runs import CARD, Run
from exphil.training.selection import locate
from exphil.training.trained import load_policy

STEPS: Final = 5000
"""Frames of real games on which the exported policy and torch are compared."""

INT8_STEPS: Final = 40_000
"""Frames of the validation side on which int8 and fp32 are, at most."""

Progress = Callable[[str, int], AbstractContextManager[Callable[..., None]]]
"""(title, steps) -> a context that gives `advance(steps)`."""


@dataclass(frozen=True, slots=True)
class Made:
    """What an export came to.

    Attributes:
        agreement: with torch.
        precision: of int8; None where it was not asked for.
        files: content by precision.
    """

    agreement: Agreement
    precision: Precision | None
    files: Mapping[str, bytes]


def export(
    run: Run,
    *,
    fp32: bool,
    int8: bool,
    store: Path | None,
    out: Path | None,
    note: Callable[[str], None],
    progress: Progress,
) -> dict[str, Any]:
    """Export a run, check what came out, and write it; the report, ready for JSON.

    Args:
        fp32: write `policy.onnx`.
        int8: write `policy.int8.onnx`.
        store: real games to check on; None for the store that the run learnt from.
        out: folder for the files; None for the run's own.

    Raises:
        UsageError: neither file is asked for, or no frame can be scored.
        StoreError: no packs, no weights, or a folder that cannot be written.
        MissError: what came out is not what the run is; nothing was written.
    """
    if not (fp32 or int8):
        raise UsageError("nothing to export: give --onnx, --int8 or both")
    policy = load_policy(run)
    for name, value in policy.named_parameters():
        if not bool(torch.isfinite(value).all()):
            raise StoreError(f"{run.folder}: {name} holds numbers that are not finite; train another run")
    weights = weights_digest(run)
    packs, streams = _games(run, policy, store, note)
    made = _make(run, policy, weights, packs, streams, int8=int8, progress=progress)
    wanted = [name for name, asked in ((FP32, fp32), (INT8, int8)) if asked]
    written = _write(run, made, wanted, run.folder if out is None else out, note)
    return {
        "run": run.name,
        "backbone": policy.config.backbone.name,
        "delay": policy.config.delay,
        "weights": weights,
        "torch": made.agreement.to_dict(),
        "int8": None if made.precision is None else made.precision.to_dict(),
        "files": {name: str(path) for name, path in written.items()},
        "bytes": {name: len(made.files[name]) for name in wanted},
    }


def _games(
    run: Run, policy: Policy, store: Path | None, note: Callable[[str], None]
) -> tuple[Packs, Streams]:
    """The validation side of the run's split."""
    root = Path(run.made_with["store"]) if store is None else store
    try:
        opened = Store.open(root)
    except StoreError as error:
        raise StoreError(f"{error}; an export is checked on real games: name a store with --store") from error
    packs, sides = locate(opened, run.config, note)
    chosen = sides["validation"]
    places = find_segments(chosen, packs, policy.config.delay)
    if not len(places):
        raise UsageError(f"{root}: no frame of the run's validation side can be scored; name another --store")
    return packs, name_streams(places, chosen, packs)


def _make(
    run: Run, policy: Policy, weights: str, packs: Packs, streams: Streams, *, int8: bool, progress: Progress
) -> Made:
    content = exported_bytes(policy, run=run.name, weights=weights)
    exact = OnnxEngine(content)
    with progress("frames beside torch", STEPS) as advance:
        few = enough(streams, STEPS, SIDE_BY_SIDE)
        agreement = compare_with_torch(policy, exact, packs, few, steps=STEPS, advance=advance)
    if agreement.is_miss:
        raise MissError(
            f"{run.name}: the exported policy is not what torch says: log-probabilities of {agreement.largest_head}"
            f" differ by up to {agreement.largest:.2g}, {agreement.same_draws:.2%} of the draws are the same, over"
            f" {agreement.steps:,} frames; nothing was written; play it with torch, and report this"
        )
    if not int8:
        return Made(agreement, None, {FP32: content})
    small = quantised_bytes(content)
    with progress("frames in int8", INT8_STEPS) as advance:
        precision = compare_precisions(
            policy.config, exact, OnnxEngine(small), packs, streams, steps=INT8_STEPS, advance=advance
        )
    if precision.is_miss:
        raise MissError(
            f"{run.name}: int8 changes the {precision.fp32:.4f} nats a frame by {precision.loss:+.1%}, more than"
            f" {MOST_LOSS:.0%}, over {precision.frames:,} frames; nothing was written; export it with --onnx alone"
        )
    return Made(agreement, precision, {FP32: content, INT8: small})


def _write(
    run: Run, made: Made, wanted: list[str], folder: Path, note: Callable[[str], None]
) -> dict[str, Path]:
    """Each file whole or not at all; the card last."""
    found: dict[str, Path] = {}
    with _saving(folder):
        folder.mkdir(parents=True, exist_ok=True)
        require_space(folder, sum(len(made.files[name]) for name in wanted))
        for name in wanted:
            write_bytes(folder / FILES[name], made.files[name])
            found[name] = folder / FILES[name]
        card = run.folder / CARD
        if card.is_file():
            text = with_section(
                card.read_text(encoding="utf-8"),
                "Export",
                card_lines(
                    run.name,
                    made.agreement,
                    made.precision,
                    {FILES[name]: len(made.files[name]) for name in wanted},
                ),
            )
            write_bytes(folder / CARD, text.encode())
        else:
            note(f"{run.folder} has no {CARD}: the figures of this export are in no model card")
    return found


@contextmanager
def _saving(folder: Path) -> Iterator[None]:
    """A failed write as one line that names the folder and --out."""
    try:
        yield
    except (OSError, StoreError) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        full = isinstance(error, StoreError) and cause is None
        if not (full or isinstance(cause, OSError)):
            raise
        is_full = full or (isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT))
        reason = "the disk is full" if is_full else str(getattr(cause, "strerror", None) or cause)
        raise StoreError(
            f"{folder} could not be written ({reason}); free space, change its permissions, or name another"
            " folder with --out"
        ) from error
