"""`exphil demo`, made small: the whole way, and once more."""

import json
import re
from pathlib import Path

import pytest

from exphil.cli import demo
from exphil.synth.generate import synthesise
from tests.cli.outcome import Run

SMALL = {"hidden_size": 8, "num_layers": 1, "window_size": 20, "batch_size": 8, "epochs": 1, "max_steps": 3}


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DAGSTER_HOME", "EXPHIL_STORE", "EXPHIL_MODELS", "EXPHIL_REPLAYS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo, "TRAINING", SMALL)
    monkeypatch.setattr(demo, "NUM_GAMES", 16)

    def short(folder: Path, *, count: int, seed: int, overwrite: bool, on_progress: object) -> object:
        return synthesise(folder, count=count, seed=seed, max_frames=400, overwrite=overwrite, workers=1)

    monkeypatch.setattr("exphil.synth.generate.synthesise", short)


@pytest.mark.usefixtures("small")
def test_the_whole_way_twice(exphil: Run) -> None:
    first = exphil("demo", "--workers", "1")
    assert first.code == 0, first.err
    assert "16 replays: 16 ok" in first.out
    for text in ("baseline: marginal", "baseline: repeat", "mlp", "mamba", "exphil sql", "synthesised"):
        assert text in first.out
    assert len(list(Path("models").glob("*/card.md"))) == 2
    assert len(list(Path("models").glob("*/policy.onnx"))) == 1
    assert re.search(r"missed +\d+ of \d+ frames", first.out)
    assert re.search(r"exphil play (mlp|mamba)-\d+-1 --shadow replays.synth.synth_\d+\.slp\n", first.out)
    second = exphil("demo", "--workers", "1")
    assert second.code == 0, second.err
    assert "up to date" in second.out
    assert len(list(Path("models").glob("*/card.md"))) == 4


@pytest.mark.usefixtures("small")
def test_one_s_own_replays_elsewhere(exphil: Run, tmp_path: Path) -> None:
    synthesise(tmp_path / "mine", count=16, seed=0, max_frames=400, workers=1)
    outcome = exphil("demo", tmp_path / "mine", "--store", "there", "--models", "runs", "--workers", "1")
    assert outcome.code == 0, outcome.err
    assert "exphil sql --store there" in outcome.out
    assert "synthesised" not in outcome.out
    assert not Path("storage").exists()
    assert not Path("replays").exists()
    assert len(list(Path("runs").glob("*/card.md"))) == 2
    assert re.search(r"exphil play .* --shadow mine.synth_\d+\.slp --models runs\n", outcome.out)


@pytest.mark.usefixtures("small")
def test_without_the_network_library_nothing_is_played(
    exphil: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synthesise(tmp_path / "mine", count=16, seed=0, max_frames=400, workers=1)
    monkeypatch.setattr("exphil.cli.demo_play.importlib.util.find_spec", lambda _: None)
    outcome = exphil("demo", tmp_path / "mine", "--workers", "1")
    assert outcome.code == 0, outcome.err
    assert "not played: that needs `pip install 'exphil[play]'`" in outcome.err
    assert "missed" not in outcome.out
    assert len(list(Path("models").glob("*/policy.onnx"))) == 1


@pytest.mark.usefixtures("small")
def test_own_replays_are_not_mixed_with_the_games_of_a_demo_before(exphil: Run, tmp_path: Path) -> None:
    synthesise(Path("replays", "synth"), count=16, seed=0, max_frames=400, workers=1)
    assert exphil("materialize", "all", "--replays", "replays", "--workers", "1").code == 0
    synthesise(tmp_path / "it's mine", count=16, seed=5, max_frames=400, workers=1)
    outcome = exphil("demo", tmp_path / "it's mine", "--workers", "1")
    assert outcome.code == 0, outcome.err
    own = (
        exphil("sql", "SELECT replay_id FROM replays WHERE path LIKE '%mine%'", "--format", "csv")
        .out.replace('"', "")
        .split()[1:]
    )
    for file in Path("models").glob("*/split.json"):
        games = json.loads(file.read_text())
        assert {game for side in games.values() for game in side} <= set(own)
    assert len(own) == 16
    assert len(list(Path("models").glob("*/split.json"))) == 2


@pytest.mark.usefixtures("small")
def test_one_game_is_too_few_to_train_on(exphil: Run, tmp_path: Path) -> None:
    synthesise(tmp_path / "mine", count=1, seed=0, max_frames=400, workers=1)
    outcome = exphil("demo", tmp_path / "mine", "--workers", "1")
    assert outcome.code == 2
    assert "1 replays: 1 ok" in outcome.out
    assert "too few games" in outcome.err


@pytest.mark.usefixtures("small")
def test_a_demo_of_nothing(exphil: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    outcome = exphil("demo", tmp_path / "empty")
    assert outcome.code == 2
    assert "no replay" in outcome.err
