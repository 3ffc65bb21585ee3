"""Where data lies: flag, then environment, then a folder under the current one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from exphil.config import roots
from exphil.errors import UsageError


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, and nothing set."""
    monkeypatch.chdir(tmp_path)
    for variable in (roots.STORE_VARIABLE, roots.MODELS_VARIABLE, roots.REPLAYS_VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    return tmp_path


@pytest.mark.parametrize(
    ("resolve", "variable", "default"),
    [
        (roots.store_root, "EXPHIL_STORE", "storage"),
        (roots.models_root, "EXPHIL_MODELS", "models"),
    ],
)
def test_flag_then_variable_then_default(
    monkeypatch: pytest.MonkeyPatch, resolve: Callable[..., Path], variable: str, default: str
) -> None:
    assert resolve() == Path(default)
    monkeypatch.setenv(variable, "from-variable")
    assert resolve() == Path("from-variable")
    assert resolve("from-flag") == Path("from-flag")
    monkeypatch.setenv(variable, "")
    assert resolve() == Path(default)


def test_a_url_is_refused_before_a_folder_of_that_name_is_made() -> None:
    with pytest.raises(UsageError, match="s3://bucket/store"):
        roots.store_root("s3://bucket/store")


def test_replays_by_flag_variable_and_default(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("flag", "variable", "replays", "home/Slippi"):
        (here / name).mkdir(parents=True)
    assert roots.replays_root() == Path("replays")
    monkeypatch.setenv("EXPHIL_REPLAYS", str(here / "variable"))
    assert roots.replays_root() == here / "variable"
    assert roots.replays_root(here / "flag") == here / "flag"


def test_replays_fall_back_to_slippis_folder(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "home" / "Slippi").mkdir(parents=True)
    monkeypatch.setattr(roots, "slippi_folder", lambda: here / "home" / "Slippi")
    assert roots.replays_root() == here / "home" / "Slippi"


@pytest.mark.parametrize("given", [None, "gone"])
def test_no_replays_tells_what_to_do(given: str | None) -> None:
    with pytest.raises(UsageError) as error:
        roots.replays_root(given)
    assert "--replays" in str(error.value)
    assert ("exphil synth" in str(error.value)) == (given is None)


def test_slippis_folder_by_platform(here: Path) -> None:
    assert roots.slippi_folder("linux") == here / "home" / "Slippi"
    assert roots.slippi_folder("darwin") == here / "home" / "Slippi"
    assert (
        roots.slippi_folder("win32", {"USERPROFILE": str(here / "me")})
        == here / "me" / "Documents" / "Slippi"
    )
