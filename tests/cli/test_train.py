"""`exphil train` as people type it: a run's folder, resuming, and one clear line for what cannot be."""

import json
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from exphil.features import V1
from exphil.store.store import Store
from exphil.training.config import TrainConfig
from exphil.training.config_layers import configure
from exphil.training.config_names import BACKBONE_OPTIONS
from exphil.training.loop import Trainer
from exphil.training.options import GROUPS, flag_of
from exphil.training.presets import find_preset
from exphil.training.runs import (
    CARD,
    CONFIG,
    CURVE,
    DIVERGENCE,
    LAYERS,
    LAYOUT,
    METRICS,
    SPLIT,
    TENSORBOARD,
    TRAINER,
    WEIGHTS,
)
from tests.cli.outcome import Outcome, Run
from tests.stores import make_store

SMALL = (
    "--backbone", "mlp", "--hidden-size", "8", "--num-layers", "1", "--window-size", "12",
    "--batch-size", "16", "--epochs", "1", "--threads", "1", "--head-units", "2",
)  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_store(tmp_path_factory.mktemp("train") / "store")


@pytest.fixture
def train(exphil: Run, store: Path, tmp_path: Path) -> Run:
    """`exphil train` over the small store into `models/` of a fresh folder."""

    def call(*words: str | Path) -> Outcome:
        return exphil("train", "--store", store, "--models", tmp_path / "models", *words)

    return call


def one_line(outcome: Outcome) -> str:
    """The error: exactly one line, and nothing on stdout."""
    lines = outcome.err.strip().splitlines()
    assert outcome.out == ""
    assert len(lines) == 1, outcome.err
    return lines[0]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = safetensors.torch.load_file(folder / WEIGHTS)
    return found


def test_a_run_leaves_its_whole_folder(train: Run, tmp_path: Path, store: Path) -> None:
    outcome = train(*SMALL, "--run", "first", "--where", "stage <> 'POKEMON_STADIUM'")
    assert outcome.code == 0, outcome.err
    folder = tmp_path / "models" / "first"
    found = {path.name for path in folder.iterdir()}
    assert found == {CONFIG, WEIGHTS, TRAINER, METRICS, CARD, CURVE, SPLIT, TENSORBOARD}
    assert found <= {name for name, _ in LAYOUT}
    assert "nats a frame" in outcome.out
    assert "repeat" in outcome.out
    assert "marginal" in outcome.out
    assert "train: 8 games" in outcome.err
    config = json.loads((folder / CONFIG).read_text())
    assert config["window_size"] == 12
    assert config["run"]["fingerprint"] == V1.fingerprint
    card = (folder / CARD).read_text()
    for text in (
        config["run"]["store_fingerprint"], "80/10/10", "stage <> 'POKEMON_STADIUM'", config["run"]["exphil"],
        str(config["run"]["git"]), "| validation | 1 | 2 |", V1.fingerprint,
    ):  # fmt: skip
        assert text in card
    assert (folder / CURVE).read_text().startswith("<svg")
    kinds = [json.loads(line)["kind"] for line in (folder / METRICS).read_text().splitlines()]
    assert kinds[-1] == "validation"
    assert "train" in kinds


SPANS = (
    "SELECT replay_id, port, first_frame + 20 AS first_frame, first_frame + 59 AS last_frame"
    " FROM segments WHERE opponent_character <> 'Joe''s' -- of Joe"
)


def test_a_query_of_spans_is_trained_on_and_resumed_and_in_the_card(train: Run, tmp_path: Path) -> None:
    outcome = train(*SMALL, "--run", "spans", "--windows", SPANS, "--json")
    assert outcome.code == 0, outcome.err
    assert json.loads(outcome.out)["num_frames"] == 2 * 40
    assert "--windows: 20 of 20 rows, 20 stretches, 800 frames" in outcome.err
    folder = tmp_path / "models" / "spans"
    assert json.loads((folder / CONFIG).read_text())["windows"] == SPANS
    card = (folder / CARD).read_text()
    hidden = SPANS.replace("'Joe''s' -- of Joe", "'…'")
    assert f"  ```sql\n  {hidden}\n  ```\n" in card
    assert "Joe" not in card
    resumed = train("--resume", "spans", "--epochs", "2", "--name-players", "--json")
    assert resumed.code == 0, resumed.err
    assert json.loads(resumed.out)["num_frames"] == 2 * 40
    assert f"  ```sql\n  {SPANS}\n  ```\n" in (folder / CARD).read_text()
    changed = train("--resume", "spans", "--windows", "FROM segments")
    assert changed.code == 2
    assert "--windows cannot change on --resume" in one_line(changed)


def test_a_query_typed_replaces_the_condition_of_a_file_and_the_other_way_round(
    train: Run, tmp_path: Path
) -> None:
    few = ("--max-steps", "1")
    assert train(*SMALL, *few, "--run", "one", "--where", "character = 'FOX'").code == 0
    config = tmp_path / "models" / "one" / CONFIG
    assert train("--config", config, "--run", "two", "--windows", SPANS).code == 0
    config = tmp_path / "models" / "two" / CONFIG
    assert train("--config", config, "--run", "three", "--where", "character = 'FOX'").code == 0
    chosen = [json.loads((tmp_path / "models" / run / CONFIG).read_text()) for run in ("one", "two", "three")]
    assert [(saved["where"], saved["windows"]) for saved in chosen] == [
        ("character = 'FOX'", None), (None, SPANS), ("character = 'FOX'", None),
    ]  # fmt: skip


def test_json_is_one_document_on_stdout(train: Run, tmp_path: Path) -> None:
    outcome = train(*SMALL, "--json")
    found = json.loads(outcome.out)
    assert found["folder"] == str(tmp_path / "models" / found["run"])
    assert found["run"].startswith("mlp-")
    assert found["nats"] == pytest.approx(sum(found["by_head"].values()))
    assert 0 < found["repeat"] < found["marginal"]
    assert found["num_frames"] == 2 * (300 - 85)


def test_unnamed_runs_are_numbered(train: Run, tmp_path: Path) -> None:
    for _ in range(2):
        assert train(*SMALL, "--max-steps", "1").code == 0
    names = sorted(path.name for path in (tmp_path / "models").iterdir())
    assert [name.rsplit("-", 1)[1] for name in names] == ["1", "2"]


def test_ctrl_c_saves_and_resuming_ends_as_if_it_had_not_been(
    train: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = tmp_path / "models"
    assert train(*SMALL, "--run", "straight").code == 0
    step = Trainer._step

    def interrupted(self: Trainer, *arguments: Any) -> Any:
        if self.position.step == 7:
            signal.raise_signal(signal.SIGINT)
        return step(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_step", interrupted)
        stopped = train(*SMALL, "--run", "stopped")
    assert stopped.code == 130
    assert stopped.err.strip().splitlines()[-1] == (
        "error: stopped at step 8 and saved; continue with `exphil train --resume stopped`"
    )
    assert torch.load(models / "stopped" / TRAINER, weights_only=True)["position"]["step"] == 8
    assert train("--resume", "stopped").code == 0
    assert (models / "straight" / WEIGHTS).read_bytes() == (models / "stopped" / WEIGHTS).read_bytes()
    lines = [(models / name / METRICS).read_text().splitlines()[-1] for name in ("straight", "stopped")]
    assert lines[0] == lines[1]


def test_a_runs_configuration_serves_another_run(train: Run, tmp_path: Path) -> None:
    assert train(*SMALL, "--run", "one", "--seed", "7").code == 0
    config = tmp_path / "models" / "one" / CONFIG
    assert train("--config", config, "--run", "same").code == 0
    assert train("--config", config, "--run", "other", "--seed", "8").code == 0
    one, same, other = (weights(tmp_path / "models" / name) for name in ("one", "same", "other"))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not all(torch.equal(one[name], other[name]) for name in one)
    saved = [json.loads((tmp_path / "models" / name / CONFIG).read_text()) for name in ("one", "same")]
    for content in saved:
        del content["run"]
    assert saved[0] == saved[1]


def test_a_run_that_diverges_says_where_and_what_to_try(train: Run, tmp_path: Path) -> None:
    wild = ("--learning-rate", "1e30", "--max-grad-norm", "1e30", "--warmup-steps", "0", "--tracker", "none")
    outcome = train(*SMALL, *wild, "--run", "wild", "--debug-gradients")
    assert outcome.code == 1
    line = outcome.err.strip().splitlines()[-1]
    assert line.startswith(f"error: the loss of {tmp_path / 'models' / 'wild'} is no finite number at step 2")
    assert "; try --learning-rate 3.3e+29" in line
    report = json.loads((tmp_path / "models" / "wild" / DIVERGENCE).read_text())
    assert report["place"]["phase"] in ("forward", "weights")
    assert report["place"]["name"] in line
    layers = [json.loads(text) for text in (tmp_path / "models" / "wild" / LAYERS).read_text().splitlines()]
    assert layers[0]["step"] == 1
    assert layers[0]["layers"]["backbone.embed"]["gradient"] > 0


def test_help_lists_every_option_once_under_its_group(exphil: Run) -> None:
    text = exphil("train", "--help").out
    assert [name for name in GROUPS if f"\n{name}:\n" not in text] == []
    for name in TrainConfig().flat() | dict.fromkeys(BACKBONE_OPTIONS):
        if name != "feature_set":
            lines = [line for line in text.splitlines() if line.startswith(f"  {flag_of(name)}")]
            assert [line for line in lines if re.match(rf"  {flag_of(name)}[ ,:]", line)] != [], name
    assert "None" not in text


def test_presets_are_listed_and_each_listed_option_is_one(train: Run, tmp_path: Path) -> None:
    outcome = train("--list-presets", "--json")
    assert outcome.code == 0, outcome.err
    listed = {item["name"]: item for item in json.loads(outcome.out)}
    assert listed["mewtwo"]["options"]["window_size"] == 90
    for item in listed.values():
        configure(item["options"])
    text = train("--list-presets").out
    for name, item in listed.items():
        assert f"{name}: {item['summary']}\n" in text
    assert not (tmp_path / "models").exists()


def test_a_preset_is_below_what_is_typed(train: Run, tmp_path: Path) -> None:
    typed = ("--backbone", "gru", "--hidden-size", "8", "--window-size", "12", "--max-steps", "1")
    outcome = train("--preset", "cpu_quick", *typed, "--no-pre-norm", "--threads", "1", "--run", "mine")
    assert outcome.code == 0, outcome.err
    saved = json.loads((tmp_path / "models" / "mine" / CONFIG).read_text())
    assert saved["epochs"] == find_preset("cpu_quick").options["epochs"]
    assert saved["policy"]["backbone"] == {
        "name": "gru", "hidden_size": 8, "num_layers": 2, "dropout": 0.1, "pre_norm": False,
    }  # fmt: skip


def test_resuming_a_finished_run_asks_for_more_epochs_and_gets_them(train: Run, tmp_path: Path) -> None:
    assert train(*SMALL, "--run", "short").code == 0
    complete = train("--resume", "short")
    assert complete.code == 2
    assert "short is complete at step" in one_line(complete)
    longer = train("--resume", "short", "--epochs", "2", "--json")
    assert longer.code == 0, longer.err
    assert json.loads(longer.out)["epoch"] == 1
    assert json.loads((tmp_path / "models" / "short" / CONFIG).read_text())["epochs"] == 2


@pytest.mark.parametrize(
    "supervise", [("--supervise", "last", "--windows-per-epoch", "40"), ("--context", "5")]
)
def test_other_ways_to_supervise(train: Run, supervise: tuple[str, ...]) -> None:
    outcome = train(*SMALL, *supervise, "--delay", "2", "--json")
    assert outcome.code == 0, outcome.err
    assert json.loads(outcome.out)["num_frames"] > 0


@pytest.mark.parametrize("flags", [("--character", "fox"), ("--stage", "fd", "--split", "40/40/20")])
def test_shorthands_choose_segments(train: Run, flags: tuple[str, ...]) -> None:
    outcome = train(*SMALL, *flags, "--max-steps", "1")
    assert outcome.code == 0, outcome.err
    assert "segments" not in outcome.out


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--backbone", "mmaba"], 2, "did you mean mamba?"),
        (["--window-size", "0"], 2, "--window-size 0 must be at least 1"),
        (["--window-size", "many"], 2, "--window-size"),
        (["--windw-size", "5"], 2, "--windw-size"),
        (["--split", "98/1/1"], 2, "--split 98/1/1 leaves nothing for validation"),
        (["--split", "half"], 2, "--split half"),
        (["--where", "character = 'FXO'"], 2, "--where"),
        (["--where", "DROP TABLE x"], 2, "--where"),
        (["--where", "true", "--windows", "FROM segments"], 2, "--where and --windows do not go together"),
        (["--windows", "FROM segment"], 2, "--windows: no table segment: did you mean segments?"),
        (["--windows", "FROM replays"], 2, "--windows: the query gives no column port"),
        (["--windows", "FROM segments WHERE port = 3"], 2, "--windows chooses nothing"),
        (["--windows", "DROP TABLE x"], 2, "--windows: DROP is no query"),
        (["--min-quality", "1.5"], 2, "--min-quality 1.5 must be at most 1"),
        (["--min-quality", "0.5"], 2, "--min-quality 0 takes them"),
        (["--character", "foxx"], 2, "foxx"),
        (["--stage", "moon"], 2, "moon"),
        (["--device", "warp"], 2, "--device warp"),
        (["--run", "a/b"], 2, "--run a/b"),
        (["--resume", "nobody"], 2, "no run 'nobody'"),
        (["--delay", "400"], 2, "--delay 400"),
        (["--supervise", "last", "--windows-per-epoch", "1000000"], 2, "--windows-per-epoch 1000000"),
        (["--config", "missing.json"], 2, "--config missing.json: no such file"),
        (["--preset", "produktion"], 2, "did you mean production?"),
        (["--schedule", "cosin"], 2, "--schedule"),
        (["--backbone", "gru", "--num-heads", "2"], 2, "attention, sliding_window, jamba have it"),
        (["--backbone", "jamba", "--num-layers", "2"], 2, "num_layers 2 is below attention_every 3"),
        (["--noise-scale", "0.1"], 2, "--noise-scale 0.1 does nothing without --noise"),
        (["--character-embedding-size", "0"], 2, "character_embedding_size must be a whole number"),
    ],
)
def test_what_cannot_be_is_one_clear_line(
    train: Run, tmp_path: Path, words: list[str], code: int, message: str
) -> None:
    outcome = train(*words)
    assert outcome.code == code
    assert message in one_line(outcome)
    assert not list(tmp_path.glob("models/*"))


def test_an_existing_name_shows_the_ways_out(train: Run) -> None:
    assert train(*SMALL, "--run", "mine", "--max-steps", "1").code == 0
    again = train(*SMALL, "--run", "mine")
    assert again.code == 2
    assert "--resume mine" in one_line(again)


def test_a_run_can_change_its_length_only(train: Run) -> None:
    assert train(*SMALL, "--run", "mine", "--max-steps", "1").code == 0
    for words in (["--batch-size", "4"], ["--num-layers", "3"], ["--run", "yours"], ["--preset", "gru"]):
        outcome = train("--resume", "mine", *words)
        assert outcome.code == 2
        assert words[0] in one_line(outcome)


def test_saying_again_what_the_run_has_is_no_change(train: Run) -> None:
    assert train(*SMALL, "--run", "mine", "--max-steps", "1").code == 0
    outcome = train("--resume", "mine", "--backbone", "mlp", "--batch-size", "16", "--max-steps", "2")
    assert outcome.code == 0, outcome.err


def test_a_run_that_learnt_nothing_leaves_its_name_free(
    train: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: Trainer) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "fit", interrupted)
        assert train(*SMALL, "--run", "mine").code == 130
    assert not (tmp_path / "models" / "mine").exists()
    assert train(*SMALL, "--run", "mine", "--max-steps", "1").code == 0


def test_no_store_and_no_packs_say_what_to_do(exphil: Run, tmp_path: Path) -> None:
    nothing = exphil("train", "--store", tmp_path / "none", "--models", tmp_path / "models")
    assert nothing.code == 1
    assert "exphil materialize" in one_line(nothing)
    Store.create(tmp_path / "empty")
    empty = exphil("train", "--store", tmp_path / "empty", "--models", tmp_path / "models")
    assert empty.code in (1, 2)
    assert not (tmp_path / "models").exists()
    one_line(empty)


def test_packs_of_another_feature_table_are_refused(exphil: Run, tmp_path: Path) -> None:
    stale = make_store(tmp_path / "store", fingerprint="0" * 32)
    outcome = exphil("train", "--store", stale, "--models", tmp_path / "models")
    assert outcome.code == 1
    assert "another feature table" in one_line(outcome)
    assert not (tmp_path / "models").exists()


def test_a_checkpoint_of_another_feature_table_names_the_rows(train: Run, tmp_path: Path) -> None:
    assert train(*SMALL, "--run", "old", "--max-steps", "1").code == 0
    folder = tmp_path / "models" / "old"
    config = json.loads((folder / CONFIG).read_text())
    config["run"]["fingerprint"] = "0" * 32
    (folder / CONFIG).write_text(json.dumps(config))
    table: dict[str, Any] = json.loads(V1.canonical)
    changed = table["features"][0]["name"]
    table["features"][0]["unit"] = "furlongs"
    safetensors.torch.save_file(weights(folder), folder / WEIGHTS, {"features": json.dumps(table)})
    outcome = train("--resume", "old", "--epochs", "3")
    assert outcome.code == 1
    line = one_line(outcome)
    assert "another feature table" in line
    assert changed in line


def test_resuming_over_a_store_that_grew_is_refused(exphil: Run, tmp_path: Path) -> None:
    models = tmp_path / "models"
    small = make_store(tmp_path / "store", num_games=10)
    grown = make_store(tmp_path / "grown", num_games=20)
    assert exphil("train", "--store", small, "--models", models, *SMALL, "--run", "mine").code == 0
    outcome = exphil("train", "--store", grown, "--models", models, "--resume", "mine", "--epochs", "2")
    assert outcome.code == 1
    assert "other data" in one_line(outcome)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_read_only_folder_of_models_is_one_line(train: Run, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir(mode=0o500)
    outcome = train(*SMALL)
    assert outcome.code == 1
    assert "--models" in one_line(outcome)


def test_models_that_is_a_file_is_one_line(train: Run, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("not a folder")
    outcome = train(*SMALL)
    assert outcome.code == 1
    assert "--models" in one_line(outcome)
    assert (tmp_path / "models").read_text() == "not a folder"


def test_the_checkpoint_is_found_under_any_name_of_the_run(train: Run, tmp_path: Path) -> None:
    assert train(*SMALL, "--run", "mine", "--max-steps", "2").code == 0
    assert train("--resume", tmp_path / "models" / "mine", "--max-steps", "3").code == 0
    assert torch.load(tmp_path / "models" / "mine" / TRAINER, weights_only=True)["position"]["step"] == 3
