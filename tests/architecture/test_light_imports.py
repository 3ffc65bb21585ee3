"""What importing costs: the package loads nothing heavy, and no module of options loads torch."""

import json
import subprocess
import sys

import pytest

HEAVY = ("torch", "dagster", "polars", "duckdb", "pyarrow", "zarr", "numpy", "peppi_py", "cyclopts", "rich")


def loaded(module: str) -> set[str]:
    """Top-level packages in memory after importing a module in a fresh interpreter."""
    code = f"import json, sys, {module}; print(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_the_package_loads_nothing_heavy() -> None:
    assert not loaded("exphil") & set(HEAVY)


@pytest.mark.parametrize(
    "module",
    [
        "exphil.schema",
        "exphil.config.roots",
        "exphil.backbones.config",
        "exphil.training.config",
        "exphil.cli.app",
    ],
)
def test_options_load_neither_torch_nor_dagster(module: str) -> None:
    assert not loaded(module) & {"torch", "dagster", "polars", "duckdb"}


@pytest.mark.parametrize(
    "module", ["exphil.sql.database", "exphil.api", "exphil.assets.maintenance", "exphil.assets.plan"]
)
def test_reading_a_store_needs_neither_torch_nor_dagster(module: str) -> None:
    assert not loaded(module) & {"torch", "dagster"}
