"""`exphil export` as people type it: both files, the card, and one clear line for what cannot be."""

import json
import shutil
from functools import cache
from pathlib import Path

import pytest

from exphil.cli.app import run as run_command
from exphil.errors import StoreError
from exphil.export import run as export_run
from exphil.export.agreement import Agreement
from exphil.export.files import load_engine
from exphil.export.metadata import FP32, INT8
from exphil.export.onnx_file import exported_bytes
from exphil.export.quantise import quantised_bytes
from exphil.melee.controller import HEADS
from exphil.policy.policy import Policy
from exphil.training.runs import CARD, ONNX, ONNX_INT8, WEIGHTS, open_run
from tests.cli.outcome import Outcome, Run
from tests.stores import make_store

SMALL = (
    "--backbone", "gru", "--hidden-size", "64", "--num-layers", "1", "--window-size", "12", "--batch-size", "64",
    "--max-steps", "3", "--threads", "1", "--tracker", "none",
)  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a store and `models/small`, a run of three batches."""
    folder = tmp_path_factory.mktemp("export")
    make_store(folder / "store", num_frames=130)
    words = ["train", "--store", folder / "store", "--models", folder / "models", "--run", "small", *SMALL]
    assert run_command([str(word) for word in words]) == 0
    return folder


@pytest.fixture
def models(trained: Path, tmp_path: Path) -> Path:
    """A copy of the run, to be written into."""
    shutil.copytree(trained / "models", tmp_path / "models")
    return tmp_path / "models"


cache_of_quantised = cache(quantised_bytes)
MADE: dict[str, bytes] = {}


def made_once(policy: Policy, *, run: str, weights: str) -> bytes:
    """The same weights make the same file, as `test_again_replaces_files_and_section` holds."""
    if weights not in MADE:
        MADE[weights] = exported_bytes(policy, run=run, weights=weights)
    return MADE[weights]


@pytest.fixture
def call(exphil: Run, models: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`exphil export` of the copy, checked on a few frames."""
    monkeypatch.setattr(export_run, "exported_bytes", made_once)
    monkeypatch.setattr(export_run, "quantised_bytes", cache_of_quantised)
    monkeypatch.setattr(export_run, "STEPS", 40)
    monkeypatch.setattr(export_run, "INT8_STEPS", 200)

    def run(*words: str | Path) -> Outcome:
        return exphil("export", *words, "--models", models)

    return run


def one_line(outcome: Outcome) -> str:
    """The error: exactly one line, and nothing on stdout."""
    lines = [line for line in outcome.err.splitlines() if not line.startswith("frames ")]  # progress
    assert outcome.out == ""
    assert len(lines) == 1, outcome.err
    return lines[0]


def test_both_files_and_their_figures_in_the_card(call: Run, models: Path) -> None:
    card = (models / "small" / CARD).read_text()
    outcome = call("small", "--onnx", "--int8", "--json")
    assert outcome.code == 0, outcome.err
    report = json.loads(outcome.out)
    assert report["files"] == {FP32: str(models / "small" / ONNX), INT8: str(models / "small" / ONNX_INT8)}
    assert report["torch"]["steps"] >= 40
    assert report["torch"]["largest"] < 1e-4
    assert report["int8"]["frames"] > 20
    assert set(report["int8"]["same_argmax"]) == set(HEADS)
    written = (models / "small" / CARD).read_text()
    assert written.startswith(card.rstrip())
    section = written.split("## Export")[1]
    assert f"{report['torch']['largest']:.1e} nats" in section
    assert f"{report['int8']['int8']:.4f} nats a frame" in section
    assert f"`{ONNX}` (" in section
    assert f"`{ONNX_INT8}` (" in section
    assert "exphil play small --shadow" in section
    run = open_run(models, "small")
    assert load_engine(run).exported.precision == FP32
    assert load_engine(run, INT8).exported.precision == INT8
    assert load_engine(run).exported.run == "small"


def test_again_replaces_files_and_section(call: Run, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_run, "exported_bytes", exported_bytes)
    assert call("small", "--onnx").code == 0
    first, card = (models / "small" / ONNX).read_bytes(), (models / "small" / CARD).read_text()
    outcome = call("small", "--onnx")
    assert outcome.code == 0
    assert "largest difference" in outcome.out
    assert (models / "small" / ONNX).read_bytes() == first
    assert (models / "small" / CARD).read_text() == card
    assert not (models / "small" / ONNX_INT8).exists()


def test_int8_alone_goes_elsewhere_with_a_card(call: Run, models: Path, tmp_path: Path) -> None:
    before = sorted(path.name for path in (models / "small").iterdir())
    outcome = call("small", "--int8", "--out", tmp_path / "out")
    assert outcome.code == 0, outcome.err
    assert {path.name for path in (tmp_path / "out").iterdir()} == {ONNX_INT8, CARD}
    assert sorted(path.name for path in (models / "small").iterdir()) == before
    assert "int8" in outcome.out
    section = (tmp_path / "out" / CARD).read_text().split("## Export")[1]
    assert f"`{ONNX}`" not in section
    assert f"`{ONNX_INT8}` (" in section


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["small"], 2, "--onnx"),
        (["smal", "--onnx"], 2, "did you mean small"),
        (["small", "--onnx", "--store", "nowhere"], 1, "--store"),
    ],
)
def test_what_cannot_be_is_one_line(call: Run, models: Path, words: list[str], code: int, text: str) -> None:
    outcome = call(*words)
    assert outcome.code == code
    assert text in one_line(outcome)
    assert not (models / "small" / ONNX).exists()


@pytest.mark.parametrize("out", ["file", "file/below"])
def test_a_file_in_place_of_a_folder_is_told_before_the_checks(
    call: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str
) -> None:
    monkeypatch.setattr(export_run, "compare_with_torch", None)
    (tmp_path / "file").write_text("")
    outcome = call("small", "--onnx", "--out", tmp_path / out)
    assert outcome.code == 1
    assert one_line(outcome) == f"error: {tmp_path / 'file'} is a file; name a folder with --out"


def test_a_folder_that_cannot_be_written_is_told_before_the_checks(
    call: Run, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_run, "compare_with_torch", None)
    monkeypatch.setattr("exphil.cli.export.os.access", lambda place, _: place != models / "small")
    outcome = call("small", "--onnx")
    assert outcome.code == 1
    assert "permission denied" in one_line(outcome)
    assert "--out" in one_line(outcome)


def test_a_full_disk_leaves_the_file_before_whole(
    call: Run, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (models / "small" / ONNX).write_bytes(b"before")

    def full(folder: Path, num_bytes: int) -> None:
        raise StoreError(f"the disk is full: {folder}")

    monkeypatch.setattr(export_run, "require_space", full)
    outcome = call("small", "--onnx")
    assert outcome.code == 1
    assert "the disk is full" in one_line(outcome)
    assert (models / "small" / ONNX).read_bytes() == b"before"


def test_ctrl_c_leaves_nothing(call: Run, models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sorted(path.name for path in (models / "small").iterdir())

    def interrupted(*_: object, **__: object) -> Agreement:
        raise KeyboardInterrupt

    monkeypatch.setattr(export_run, "compare_with_torch", interrupted)
    assert call("small", "--onnx", "--int8").code == 130
    assert sorted(path.name for path in (models / "small").iterdir()) == before


def test_a_miss_is_an_error_and_nothing_is_written(
    call: Run, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = Agreement(steps=5000, largest=0.2, largest_excess=2000, largest_head="main_x", same_draws=0.9)
    monkeypatch.setattr(export_run, "compare_with_torch", lambda *_, **__: far)
    outcome = call("small", "--onnx")
    assert outcome.code == 1
    assert "main_x differ by up to 0.2" in one_line(outcome)
    assert not (models / "small" / ONNX).exists()


def test_int8_that_costs_too_much_is_an_error(
    call: Run, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exphil.export.precision.MOST_LOSS", -1.0)
    outcome = call("small", "--onnx", "--int8")
    assert outcome.code == 1
    assert "export it with --onnx alone" in one_line(outcome)
    assert not (models / "small" / ONNX).exists()


def test_other_weights_than_the_files_are_told(call: Run, models: Path) -> None:
    run = open_run(models, "small")
    with pytest.raises(StoreError, match="exphil export small --int8"):
        load_engine(run, INT8)
    assert call("small", "--onnx").code == 0
    (models / "small" / WEIGHTS).write_bytes(b"learnt since")
    with pytest.raises(StoreError, match="other weights"):
        load_engine(run)
