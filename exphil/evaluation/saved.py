"""Where an evaluation goes: `evaluation.json` for programs, `evaluation.html` for people."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from exphil.store.atomic import write_bytes

NAME: Final = "evaluation"


def save(report: Mapping[str, Any], page: str, folder: Path) -> tuple[Path, Path]:
    """Write both files, each whole or not at all. The validation side's have no suffix, others are named by side.

    Raises:
        StoreError: the folder cannot be written.
    """
    side = report["side"]
    stem = NAME if side == "validation" else f"{NAME}-{side}"
    paths = (folder / f"{stem}.json", folder / f"{stem}.html")
    text = json.dumps(report, indent=1, allow_nan=False) + "\n"
    for path, content in zip(paths, (text, page), strict=True):
        write_bytes(path, content.encode())
    return paths
