"""Where data lies: flag, else environment variable, else a folder here. Never relative to the code."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from exphil.errors import UsageError

STORE_VARIABLE: Final = "EXPHIL_STORE"
MODELS_VARIABLE: Final = "EXPHIL_MODELS"
REPLAYS_VARIABLE: Final = "EXPHIL_REPLAYS"

STORE_DEFAULT: Final = "storage"
MODELS_DEFAULT: Final = "models"
REPLAYS_DEFAULT: Final = "replays"


def store_root(given: Path | str | None = None) -> Path:
    """Root of the feature store; it need not exist.

    Raises:
        UsageError: a URL, which stores cannot live at yet.
    """
    return _folder(given, STORE_VARIABLE, STORE_DEFAULT)


def models_root(given: Path | str | None = None) -> Path:
    """Folder of the training runs; it need not exist."""
    return _folder(given, MODELS_VARIABLE, MODELS_DEFAULT)


def replays_root(given: Path | str | None = None) -> Path:
    """Folder (or archive, or file) to read replays from.

    Without flag and variable: ./replays, else the folder that Slippi itself records to.

    Raises:
        UsageError: what was named is not there, or nothing was named and no default exists.
    """
    named = given if given is not None else os.environ.get(REPLAYS_VARIABLE) or None
    if named is not None:
        path = _local(named)
        if not path.exists():
            source = "--replays" if given is not None else REPLAYS_VARIABLE
            raise UsageError(f"{path} ({source}) does not exist")
        return path
    tried = [Path(REPLAYS_DEFAULT), slippi_folder()]
    for path in tried:
        if path.is_dir():
            return path
    raise UsageError(
        f"no replays: looked in {' and '.join(str(path) for path in tried)};"
        f" name a folder with --replays or {REPLAYS_VARIABLE}, or write some with `exphil synth replays`"
    )


def slippi_folder(platform: str = sys.platform, environment: Mapping[str, str] = os.environ) -> Path:
    """Where the Slippi launcher records replays by default."""
    home = (
        Path(environment["USERPROFILE"])
        if platform == "win32" and "USERPROFILE" in environment
        else Path.home()
    )
    return home / "Documents" / "Slippi" if platform == "win32" else home / "Slippi"


def _folder(given: Path | str | None, variable: str, default: str) -> Path:
    return _local(given if given is not None else os.environ.get(variable) or default)


def _local(named: Path | str) -> Path:
    text = os.fspath(named)
    if "://" in text:
        raise UsageError(f"{text} is a URL; a folder of this machine is needed")
    return Path(text).expanduser()
