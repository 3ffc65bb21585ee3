"""The only importer of peppi_py: bytes or a path in, peppi's native game out, failures as ReplayError."""

from pathlib import Path
from typing import Any

from peppi_py import _peppi

from exphil.errors import ReplayError


def parse(path: Path) -> Any:
    """Parse one file with peppi; its panics and errors become ReplayError."""
    try:
        return _peppi.read_slippi(str(path), False)
    except Exception as error:
        raise ReplayError(f"not readable: {error}") from error
