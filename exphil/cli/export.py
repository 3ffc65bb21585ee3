"""`exphil export`: a trained policy as one file that runs without exphil."""

import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from exphil.cli import output
from exphil.cli.options import JsonFlag, ModelsOption
from exphil.config.roots import models_root, store_root
from exphil.errors import StoreError


def export(
    run: str,
    /,
    *,
    onnx: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
    int8: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
    store: Annotated[
        Path | None,
        Parameter(
            help="Feature store to check it on; else the one that the run learnt from.", show_default=False
        ),
    ] = None,
    models: ModelsOption = None,
    out: Annotated[Path | None, Parameter(show_default=False)] = None,
    as_json: JsonFlag = False,
) -> None:
    """Write a policy as one graph that onnxruntime steps frame by frame, without exphil.

    The graph takes a frame's packed row, the memory so far and the noise to draw with, and gives the controller input
    and the memory after it. Before anything is written it is stepped through 5,000 frames of real games beside
    torch, and int8 through 40,000 beside fp32; the figures go into the run's model card, and a miss is an error.

    For example:

        exphil export mamba-20260101-1 --onnx
        exphil export mamba-20260101-1 --onnx --int8
        exphil export mamba-20260101-1 --int8 --out elsewhere

    Parameters
    ----------
    run
        Name of the run, or its folder.
    onnx
        Write `policy.onnx`.
    int8
        Write `policy.int8.onnx`, with weights of eight bits: smaller and faster, and checked to cost less than 1
        percent of the nats a frame.
    out
        Folder for the files and the card; else the run's own.
    """
    from exphil.export.run import export as write
    from exphil.training.runs import open_run

    opened = open_run(models_root(models), run)
    if onnx or int8:
        _check_folder(opened.folder if out is None else out)
    report = write(
        opened,
        fp32=onnx,
        int8=int8,
        store=None if store is None else store_root(store),
        out=out,
        note=output.note,
        progress=output.progress,
    )
    if as_json:
        output.json_document(report)
        return
    beside, small = report["torch"], report["int8"]
    rows = [
        ["frames beside torch", f"{beside['steps']:,}"],
        ["largest difference", f"{beside['largest']:.1e} nats ({beside['largest_head']})"],
        ["same draws", f"{beside['same_draws']:.2%}"],
    ]
    if small is not None:
        least = min(small["same_argmax"], key=lambda head: small["same_argmax"][head])
        rows += [
            ["nats a frame, fp32", f"{small['fp32']:.4f}"],
            ["nats a frame, int8", f"{small['int8']:.4f} ({small['loss']:+.2%})"],
            ["same likeliest class", f"{small['same_argmax'][least]:.2%} ({least}, the least) and more"],
        ]
    output.table(["", ""], rows)
    for name, path in report["files"].items():
        output.note(f"{path}  {output.num_bytes(report['bytes'][name])}")


def _check_folder(folder: Path) -> None:
    """Tell what cannot be written before it is checked for a minute, rather than after."""
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not there.is_dir():
        raise StoreError(f"{there} is a file; name a folder with --out")
    if not os.access(there, os.W_OK | os.X_OK):
        raise StoreError(
            f"{there} cannot be written (permission denied); change its permissions, or name another folder with --out"
        )
