"""The one Dagster instance that `dagster dev` and the CLI share: runs, events and logs under .dagster/ here.

Without DAGSTER_HOME, `dagster dev` reads `dagster.yaml` from the current folder, and the relative paths in it lead
to .dagster/. The CLI opens the same file in the same way; in a folder that has none it writes one first.
"""

import os
import shutil
import sqlite3
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from importlib import resources
from pathlib import Path
from typing import Any, Final

import dagster as dg
from dagster._core.instance.ref import InstanceRef
from dagster._core.secrets.env_file import get_env_var_dict

from exphil.errors import StoreError, UsageError
from exphil.store.atomic import write_bytes

HOME_VARIABLE: Final = "DAGSTER_HOME"
CONFIG_FILE: Final = "dagster.yaml"
LOCAL_HOME: Final = ".dagster"

DATABASES: Final = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")
WAIT_SECONDS: Final = 15.0

# A terminal shows what the CLI prints; capturing the output of a step would start two more processes for each.
_OWN_OUTPUT: Final[dict[str, Any]] = {
    "compute_logs": {
        "module": "dagster._core.storage.noop_compute_log_manager",
        "class": "NoOpComputeLogManager",
        "config": {},
    }
}
_NO_TELEMETRY: Final[dict[str, Any]] = {"telemetry": {"enabled": False}}


@contextmanager
def open_instance() -> Iterator[dg.DagsterInstance]:
    """The instance that `dagster dev` started from the current folder uses.

    Raises:
        UsageError: DAGSTER_HOME names no folder.
        StoreError: the current folder cannot be written to.
    """
    named = _named_home()
    with _opened(*_prepared_here()) if named is None else _opened(named, named) as instance:
        yield instance


def default_config() -> bytes:
    """The repository's `dagster.yaml`, as it travels with the package."""
    return resources.files("pipelines").joinpath(CONFIG_FILE).read_bytes()


def _opened(home: Path, config: Path) -> dg.DagsterInstance:
    quiet = {} if (config / CONFIG_FILE).exists() else _NO_TELEMETRY
    return _from_folder(home, config, {**quiet, **_OWN_OUTPUT})


def _from_folder(home: Path, config: Path, overrides: Mapping[str, Any]) -> dg.DagsterInstance:
    reference = InstanceRef.from_dir(str(home), config_dir=str(config), overrides=dict(overrides))
    return dg.DagsterInstance.from_ref(reference)


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


def _prepared_here() -> tuple[Path, Path]:
    """(.dagster, current folder), with what is missing made: `dagster.yaml`, and the databases if it is ours."""
    folder = Path.cwd()
    home = folder / LOCAL_HOME
    if home.exists() and not home.is_dir():
        raise StoreError(
            f"{home} is a file, and Dagster's records belong there; move it, or set {HOME_VARIABLE}"
        )
    try:
        if not (folder / CONFIG_FILE).exists():
            write_bytes(folder / CONFIG_FILE, default_config())
        if (folder / CONFIG_FILE).read_bytes() == default_config():
            _make_databases(home)
        else:
            home.mkdir(exist_ok=True)
    except (OSError, StoreError) as error:
        raise StoreError(
            f"Dagster's records cannot be kept in {folder} ({error.__cause__ or error});"
            f" start from a folder that can be written to, or name another with {HOME_VARIABLE}"
        ) from error
    return home, folder


def _make_databases(home: Path) -> None:
    """Make Dagster's databases aside and move them into place whole.

    Dagster stamps a new database without a lock: made by two processes at once, or by one that is killed on the
    way, it can be beyond repair.
    """
    if not home.exists():
        staged = home.with_name(f"{home.name}-{uuid.uuid4().hex[:8]}")
        staged.mkdir()
        try:
            with _from_folder(staged, staged, _NO_TELEMETRY):
                pass
            staged.rename(home)
        except OSError:
            if not home.exists():  # another process was first
                raise
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    deadline = time.monotonic() + WAIT_SECONDS
    while not all(_is_stamped(home / name) for name in DATABASES) and time.monotonic() < deadline:
        time.sleep(0.1)


def _is_stamped(database: Path) -> bool:
    if not database.exists():
        return False
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
            return bool(connection.execute("SELECT count(*) FROM alembic_version").fetchone()[0])
    except sqlite3.Error:
        return False
