"""`exphil materialize --anonymise` as people type it."""

from pathlib import Path

import pytest

import exphil as package
from exphil.config.pseudonym_key import KEY_VARIABLE, key_file
from exphil.store.store import Store
from exphil.synth import synth_replay
from tests.cli.outcome import Run


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder and home."""
    for name in ("DAGSTER_HOME", "EXPHIL_STORE", "EXPHIL_MODELS", "EXPHIL_REPLAYS", KEY_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "USERPROFILE", "XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_names_are_hidden_from_the_first_file_on(
    exphil: Run, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    games = workplace / "games"
    games.mkdir()
    (games / "CHRL-743.slp").write_bytes(synth_replay(seed=5, index=0, frames=200))
    words = ("materialize", "replays", "--replays", games, "--workers", "1")
    first = exphil(*words, "--anonymise")
    assert first.code == 0, first.err
    assert "1 paths, which are kept, hold a player's name" in first.out
    assert key_file().is_file()
    codes = (
        package.open_store("storage")
        .sql("SELECT DISTINCT connect_code FROM players")["connect_code"]
        .to_list()
    )
    assert all(code.startswith("ANON#") for code in codes)
    assert package.open_store("storage").pseudonym("CHRL#743") in codes

    assert "up to date" in exphil(*words).out  # nothing is read, so no key is needed
    (games / "more.slp").write_bytes(synth_replay(seed=5, index=2, frames=200))
    monkeypatch.setenv(KEY_VARIABLE, "another key for tests")
    refused = exphil(*words)
    assert refused.code == 1
    assert refused.err.count("\n") == 1
    assert "was anonymised with another key" in refused.err
    assert not list((workplace / "storage" / "inbox").glob("*"))
    monkeypatch.setenv(KEY_VARIABLE, "short")
    assert exphil(*words).code == 2


def test_a_store_with_names_is_refused(exphil: Run, small_store: Path) -> None:
    before = Store.open(small_store).manifest
    outcome = exphil(
        "materialize",
        "all",
        "--replays",
        small_store.parent / "replays",
        "--store",
        small_store,
        "--anonymise",
    )
    assert outcome.code == 1
    assert outcome.err.count("\n") == 1
    assert "in another folder (--store)" in outcome.err
    assert Store.open(small_store).manifest == before
    assert not key_file().exists()
