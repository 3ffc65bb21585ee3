"""The one Dagster instance that `dagster dev` and the CLI share: runs, events and logs under .dagster/ here.

Without DAGSTER_HOME, `dagster dev` reads `dagster.yaml` from the current folder, and the relative paths in it lead
to .dagster/. The CLI opens the same file in the same way; in a folder that has none it writes one first.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any, Final

import dagster as dg
from dagster._core.instance.ref import InstanceRef
from dagster._core.secrets.env_file import get_env_var_dict

from exphil.errors import UsageError
from exphil.store.atomic import write_bytes, write_errors

HOME_VARIABLE: Final = "DAGSTER_HOME"
CONFIG_FILE: Final = "dagster.yaml"
LOCAL_HOME: Final = ".dagster"

# A terminal shows what the CLI prints; capturing the output of a step would start two more processes for each.
_OWN_OUTPUT: Final[dict[str, Any]] = {
    "compute_logs": {
        "module": "dagster._core.storage.noop_compute_log_manager",
        "class": "NoOpComputeLogManager",
        "config": {},
    }
}


@contextmanager
def open_instance() -> Iterator[dg.DagsterInstance]:
    """The instance that `dagster dev` started from the current folder uses.

    Raises:
        UsageError: DAGSTER_HOME names no folder.
        StoreError: the current folder cannot be written to.
    """
    named = _named_home()
    if named is not None:
        home, config = named, named
    else:
        home, config = Path.cwd() / LOCAL_HOME, Path.cwd()
        with write_errors(home):
            home.mkdir(exist_ok=True)
        if not (config / CONFIG_FILE).exists():
            write_bytes(config / CONFIG_FILE, default_config())
    quiet = {} if (config / CONFIG_FILE).exists() else {"telemetry": {"enabled": False}}
    reference = InstanceRef.from_dir(str(home), config_dir=str(config), overrides={**quiet, **_OWN_OUTPUT})
    with dg.DagsterInstance.from_ref(reference) as instance:
        yield instance


def default_config() -> bytes:
    """The repository's `dagster.yaml`, as it travels with the package."""
    return resources.files("pipelines").joinpath(CONFIG_FILE).read_bytes()


def _named_home() -> Path | None:
    # `dagster dev` reads a .env file in the current folder too.
    text = os.environ.get(HOME_VARIABLE) or get_env_var_dict(str(Path.cwd())).get(HOME_VARIABLE)
    if not text:
        return None
    home = Path(text).expanduser()
    if not home.is_absolute():
        raise UsageError(f"{HOME_VARIABLE}={text}: Dagster wants an absolute path")
    if not home.is_dir():
        raise UsageError(f"{HOME_VARIABLE}={text}: no such folder; make it, or unset the variable")
    return home
