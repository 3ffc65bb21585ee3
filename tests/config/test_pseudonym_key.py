"""The key of pseudonyms: where it is looked for, how it is made, and who may read it."""

import os
import stat
from pathlib import Path

import pytest

from exphil.config.pseudonym_key import KEY_VARIABLE, find_key, find_or_make_key, key_file
from exphil.errors import StoreError, UsageError


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A user whose folders are empty."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    return {"XDG_CONFIG_HOME": str(tmp_path / "config"), "APPDATA": str(tmp_path / "config")}


def test_the_variable_comes_before_the_file(environment: dict[str, str]) -> None:
    assert find_key(environment) is None
    made = find_or_make_key(environment)
    typed = find_key({**environment, KEY_VARIABLE: " sixteen letters "[:-1] + "!"})
    assert typed is not None
    assert typed != made
    assert len(typed) == len(made) == 32
    assert find_key(environment) == made


def test_a_key_is_made_once_and_for_its_user_alone(environment: dict[str, str]) -> None:
    made = find_or_make_key(environment)
    file = key_file(environment=environment)
    written = file.read_text()
    assert find_or_make_key(environment) == made
    assert file.read_text() == written
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert find_key({KEY_VARIABLE: written}) == made  # another machine gets it as it stands in the file


def test_two_users_have_two_keys(environment: dict[str, str], tmp_path: Path) -> None:
    other = {
        **environment,
        "XDG_CONFIG_HOME": str(tmp_path / "b"),
        "APPDATA": str(tmp_path / "b"),
        "HOME": "b",
    }
    if key_file(environment=other) != key_file(environment=environment):
        assert find_or_make_key(other) != find_or_make_key(environment)


def test_what_is_no_key_is_told(environment: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=f"{KEY_VARIABLE} has 5 characters; give at least 16"):
        find_key({**environment, KEY_VARIABLE: "short"})
    file = key_file(environment=environment)
    file.parent.mkdir(parents=True)
    file.write_text("\n")
    with pytest.raises(StoreError, match="holds no key"):
        find_key(environment)
    file.unlink()
    file.mkdir()
    with pytest.raises(StoreError, match="cannot be read"):
        find_key(environment)


def test_a_folder_that_cannot_be_written_names_the_variable(environment: dict[str, str]) -> None:
    file = key_file(environment=environment)
    file.parent.parent.mkdir(parents=True)
    file.parent.write_text("a file")
    with pytest.raises(StoreError, match=KEY_VARIABLE):
        find_or_make_key(environment)


@pytest.mark.parametrize(
    ("platform", "environment", "parts"),
    [
        ("linux", {"XDG_CONFIG_HOME": "/x"}, ("x", "exphil", "pseudonym.key")),
        ("linux", {}, (".config", "exphil", "pseudonym.key")),
        ("darwin", {}, ("Library", "Application Support", "exphil", "pseudonym.key")),
        ("win32", {"APPDATA": "/roaming"}, ("roaming", "exphil", "pseudonym.key")),
        ("win32", {}, ("AppData", "Roaming", "exphil", "pseudonym.key")),
    ],
)
def test_each_platform_has_its_folder(
    platform: str, environment: dict[str, str], parts: tuple[str, ...]
) -> None:
    assert key_file(platform, environment).parts[-len(parts) :] == parts
