"""A folder to work in, with nothing of the developer's own Dagster or data showing through."""

from pathlib import Path

import pytest

from exphil.synth import synth_replay


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder; store, models and replays are looked for in it."""
    for name in ("DAGSTER_HOME", "EXPHIL_STORE", "EXPHIL_MODELS", "EXPHIL_REPLAYS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def two_replays(workplace: Path) -> Path:
    """`replays/` with two games and a file that is none, nobody having written to them for a while."""
    folder = workplace / "replays"
    folder.mkdir()
    for index in range(2):
        (folder / f"game_{index}.slp").write_bytes(synth_replay(seed=3, index=index, frames=400))
    (folder / "notes.slp").write_text("not a game")
    return folder
