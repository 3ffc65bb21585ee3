"""`exphil doctor`: whether this machine has what ExPhil needs."""

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

from exphil.cli.options import JsonFlag, ReplaysOption, StoreOption
from exphil.errors import ExphilError

PACKAGES: Final = (
    "torch", "peppi-py", "pyarrow", "polars", "duckdb", "zarr", "numcodecs", "numpy", "dagster", "cyclopts",
)  # fmt: skip

LOW_DISK_BYTES: Final = 2_000_000_000
"""Less free space than this deserves a remark: 100 replays take about 100 MB in the store."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: `ok`, `note` (works, worth knowing) or `fail` (something will not work)."""

    what: str
    state: Literal["ok", "note", "fail"]
    text: str


def doctor(*, store: StoreOption = None, replays: ReplaysOption = None, json: JsonFlag = False) -> int:
    """Check Python, packages, devices, store and disk.

    Exit code 1 when something will not work.

    For example:

        exphil doctor
        exphil doctor --json
    """
    from exphil.cli.output import json_document, say, table

    found = [finding for look in _looks(store, replays) for finding in look()]
    failed = [finding for finding in found if finding.state == "fail"]
    if json:
        json_document([asdict(finding) for finding in found])
    else:
        table(("what", "", "found"), [(finding.what, finding.state, finding.text) for finding in found])
        say()
        say(f"{len(failed)} of {len(found)} will not work" if failed else "all that is needed works")
    return 1 if failed else 0


def _looks(store: Path | None, replays: Path | None) -> list[Callable[[], Iterator[Finding]]]:
    return [
        _python,
        _packages,
        _parser,
        _torch,
        _mamba_kernel,
        lambda: _store(store),
        lambda: _replays(replays),
        _dagster_home,
    ]


def _python() -> Iterator[Finding]:
    version = platform.python_version()
    supported = (3, 11) <= sys.version_info < (3, 14)
    yield Finding(
        "python", "ok" if supported else "fail", f"{version} on {platform.platform()}, {os.cpu_count()} cores"
    )


def _packages() -> Iterator[Finding]:
    from importlib.metadata import PackageNotFoundError, version

    for name in PACKAGES:
        try:
            yield Finding(name, "ok", version(name))
        except PackageNotFoundError:
            yield Finding(name, "fail", f"not installed: `pip install {name}`")


def _parser() -> Iterator[Finding]:
    try:
        import peppi_py  # noqa: F401
    except ImportError as error:
        yield Finding("replay parser", "fail", f"peppi-py does not load: {error}")
    else:
        yield Finding("replay parser", "ok", "peppi-py loads")


def _torch() -> Iterator[Finding]:
    try:
        import torch
    except (ImportError, OSError) as error:
        yield Finding("torch device", "fail", f"torch does not load: {error}")
        return
    if torch.cuda.is_available():
        yield Finding("torch device", "ok", f"cuda: {torch.cuda.get_device_name()}")
    elif torch.backends.mps.is_available():
        yield Finding("torch device", "ok", "mps")
    else:
        yield Finding("torch device", "note", f"cpu, {torch.get_num_threads()} threads; no CUDA device found")


def _mamba_kernel() -> Iterator[Finding]:
    from importlib.util import find_spec

    name = "mamba kernel"
    if find_spec("mamba_ssm") is None:
        yield Finding(
            name, "note", "mamba_ssm is not installed (needs CUDA): exphil's own torch scan is used"
        )
        return
    from exphil.backbones.selective_scan import cuda_kernel

    if cuda_kernel() is None:
        yield Finding(
            name, "note", "mamba_ssm is installed and does not load here: exphil's own torch scan is used"
        )
    else:
        yield Finding(name, "ok", "mamba_ssm loads")


def _store(given: Path | None) -> Iterator[Finding]:
    from exphil.config.roots import store_root
    from exphil.store import paths
    from exphil.store.store import Store

    root = store_root(given)
    if not (root / paths.MANIFEST).exists():
        yield Finding("store", "note", f"none at {root} yet: `exphil materialize all` builds it")
    else:
        try:
            parts = sum(len(Store.open(root).manifest.of(asset)) for asset in paths.ASSETS)
            yield Finding("store", "ok", f"{root}: {parts} parts, format {paths.FORMAT_VERSION}")
        except ExphilError as error:
            yield Finding("store", "fail", str(error))
    yield _writable("store folder", root)
    place = _existing(root)
    free = shutil.disk_usage(place).free
    enough = free >= LOW_DISK_BYTES
    yield Finding("free disk", "ok" if enough else "note", f"{free / 1e9:.1f} GB at {place.resolve()}")


def _replays(given: Path | None) -> Iterator[Finding]:
    from exphil.config.roots import replays_root

    try:
        yield Finding("replays", "ok", str(replays_root(given)))
    except ExphilError as error:
        yield Finding("replays", "note", str(error))


def _dagster_home() -> Iterator[Finding]:
    home = os.environ.get("DAGSTER_HOME")
    if home is None:
        yield Finding("dagster home", "ok", f"{Path.cwd() / '.dagster'} (DAGSTER_HOME is not set)")
    elif not Path(home).is_dir():
        yield Finding("dagster home", "fail", f"DAGSTER_HOME names {home}, which is no folder")
    else:
        yield _writable("dagster home", Path(home))


def _writable(what: str, folder: Path) -> Finding:
    """Whether a file can be made in the folder, or in the nearest one above it that exists."""
    place = _existing(folder)
    try:
        with tempfile.TemporaryFile(dir=place):
            return Finding(what, "ok", f"{place.resolve()} is writable")
    except OSError as error:
        return Finding(what, "fail", f"{place.resolve()} is not writable: {error.strerror}")


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.absolute().parents) if path.exists())
