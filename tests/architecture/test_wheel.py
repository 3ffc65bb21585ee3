"""What a wheel would put beside other packages: `exphil` and `pipelines`, and nothing else."""

import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def test_the_wheel_holds_two_packages() -> None:
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    packages = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert sorted(packages) == ["exphil", "pipelines"]
    for package in packages:
        assert (REPOSITORY / package / "__init__.py").is_file()


def test_every_package_of_the_wheel_is_a_regular_one() -> None:
    """A folder of modules without `__init__.py` would be found by some tools and missed by others."""
    for package in ("exphil", "pipelines"):
        for file in (REPOSITORY / package).rglob("*.py"):
            assert (file.parent / "__init__.py").is_file(), file


def test_data_folders_are_no_packages() -> None:
    for folder in ("storage", "models"):
        assert not list((REPOSITORY / folder).glob("*.py"))
