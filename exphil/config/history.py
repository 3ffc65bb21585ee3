"""Where typed queries are remembered: the platform's folder for the state of a user's programs."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

HISTORY_VARIABLE: Final = "EXPHIL_HISTORY"

_NAME: Final = "sql_history"


def history_file(platform: str = sys.platform, environment: Mapping[str, str] = os.environ) -> Path | None:
    """The file; it need not exist. None where EXPHIL_HISTORY is set and empty: nothing is remembered."""
    if (named := environment.get(HISTORY_VARIABLE)) is not None:
        return Path(named).expanduser() if named else None
    return _state_folder(platform, environment) / "exphil" / _NAME


def _state_folder(platform: str, environment: Mapping[str, str]) -> Path:
    if platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return Path(environment.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
