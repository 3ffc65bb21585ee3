"""A file imports only from the layers before its own; imports inside functions count too."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

LAYERS = (
    "errors",
    "schema",
    "config",
    "melee",
    "features",
    "replays",
    "live",
    "stats",
    "store",
    "sql",
    "assets",
    "backbones",
    "loading",
    "policy",
    "training",
    "api",
    "pages",
    "evaluation",
    "export",
    "play",
    "benchmark",
    "reports",
    "synth",
    "cli",
)

ONLY = {"synth": {"errors", "melee", "synth"}, "pages": {"errors", "pages"}}
"""Packages that may import less than their place allows."""

FILES = sorted((REPOSITORY / "exphil").rglob("*.py"))


def layer_of(module: str) -> str:
    """The part of a dotted name after `exphil`; `` for the package itself."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def imported(file: Path) -> Iterator[str]:
    """Dotted names of everything that a file imports, `TYPE_CHECKING` blocks included."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: relative import"
            module = node.module or ""
            # `from exphil import schema` names a module, `from exphil import __version__` the package
            yield from (f"exphil.{alias.name}" for alias in node.names) if module == "exphil" else (module,)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(REPOSITORY).as_posix())
def test_imports_come_from_earlier_layers(file: Path) -> None:
    own = file.relative_to(REPOSITORY / "exphil").parts[0].removesuffix(".py")
    if own == "__init__":
        own = "play"  # the package's own doors open on stores and on policies that play
    for name in imported(file):
        top = name.split(".")[0]
        if top == "pipelines":
            assert own == "cli", f"only the command line may import pipelines, not {file}"
        if top != "exphil" or layer_of(name) in ("", "__version__"):  # the package itself loads nothing
            continue
        other = layer_of(name)
        assert other in LAYERS, f"{file} imports {name}, which has no layer"
        assert LAYERS.index(other) <= LAYERS.index(own), f"{file}: {own} may not import {other}"
        if own in ONLY:
            assert other in ONLY[own], f"{file}: {own} may import only {sorted(ONLY[own])}, not {other}"


def test_every_layer_exists() -> None:
    found = {file.relative_to(REPOSITORY / "exphil").parts[0].removesuffix(".py") for file in FILES}
    assert found - {"__init__"} == set(LAYERS)


@pytest.mark.parametrize("library", ["dagster", "peppi_py", "mamba_ssm"])
def test_a_library_stays_behind_its_door(library: str) -> None:
    """Dagster lives in pipelines; the parser and the CUDA kernels are each imported in one file."""
    importers = [file for file in FILES if any(name.split(".")[0] == library for name in imported(file))]
    doors = {"dagster": 0, "peppi_py": 2, "mamba_ssm": 1}
    assert len(importers) <= doors[library], importers
