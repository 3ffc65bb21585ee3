"""`exphil report`: where it writes, and what it refuses."""

import os
import stat
from pathlib import Path

import pytest

from exphil.pages.page import Page
from exphil.reports.player import page
from exphil.store.store import Store
from exphil.training.config import TrainConfig
from exphil.training.runs import create_run
from tests.cli.outcome import Run

MADE = {"begun": "2026-01-01", "exphil": "1", "git": None, "torch": "2", "python": "3", "feature_set": "v1"}


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder with one run that has learnt nothing yet."""
    config = TrainConfig.from_flat({"backbone": "gru", "hidden_size": 8, "num_layers": 1, "window_size": 8})
    create_run(tmp_path, "first", config, MADE, {"train": []})
    return tmp_path


def test_a_store_s_page_goes_where_it_is_told(exphil: Run, small_store: Path, tmp_path: Path) -> None:
    target = tmp_path / "new" / "melee.html"
    done = exphil("report", "--store", small_store, "--output", target)
    assert (done.code, done.out) == (0, f"{target}\n")
    text = target.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert "http://" not in text.split("<script>")[0]
    assert [path.name for path in target.parent.iterdir()] == ["melee.html"]


def test_a_store_s_page_lies_here_by_default(exphil: Run, small_store: Path) -> None:
    assert exphil("report", "--store", small_store).out == "store-report.html\n"
    assert Path("store-report.html").is_file()


def test_a_run_s_page_lies_in_its_folder(exphil: Run, models: Path) -> None:
    done = exphil("report", "first", "--models", models, "--no-latency")
    assert done.code == 0
    assert done.out == f"{models / 'first' / 'report.html'}\n"
    assert "leave out --no-latency" in (models / "first" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(("words", "names"), [((), False), (("--names",), True)])
def test_a_player_s_page_names_opponents_when_asked(
    exphil: Run, small_store: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], names: bool
) -> None:
    asked = {}

    def player_page(store: Store, player: str, **options: bool) -> Page:
        asked[player] = options
        return Page(player)

    monkeypatch.setattr(page, "player_page", player_page)
    assert exphil("report", "--store", small_store, "--player", "A#1", *words).code == 0
    assert asked == {"A#1": {"names": names}}


def test_what_does_not_go_together_is_named(exphil: Run, models: Path, small_store: Path) -> None:
    for words, named in (
        (("first", "--player", "A#1"), "--player"),
        (("first", "--store", small_store), "--store"),
        (("--store", small_store, "--models", models), "--models"),
        (("--store", small_store, "--no-latency"), "--no-latency"),
        (("--store", small_store, "--output", models), "--output"),
    ):
        done = exphil("report", *words)
        assert done.code == 2, words
        assert named in done.err
        assert len(done.err.splitlines()) == 1


def test_unknown_runs_and_stores_are_one_line(exphil: Run, models: Path, tmp_path: Path) -> None:
    done = exphil("report", "fisrt", "--models", models)
    assert done.code == 2
    assert "did you mean first" in done.err
    done = exphil("report", "--store", tmp_path / "nowhere")
    assert done.code in (1, 2)
    assert len(done.err.splitlines()) == 1


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a folder that nobody may write to")
def test_a_read_only_folder_is_one_line(exphil: Run, small_store: Path, tmp_path: Path) -> None:
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    done = exphil("report", "--store", small_store, "--output", tmp_path / "a.html")
    tmp_path.chmod(stat.S_IRWXU)
    assert done.code == 1
    assert "--output" in done.err
    assert "--store" not in done.err


def test_a_file_in_the_way_is_one_line(exphil: Run, small_store: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = exphil("report", "--store", small_store, "--output", tmp_path / "file" / "a.html")
    assert done.code == 1
    assert len(done.err.splitlines()) == 1
    assert "--output" in done.err


def test_an_empty_store_has_a_page(exphil: Run, tmp_path: Path) -> None:
    Store.create(tmp_path)
    assert exphil("report", "--store", tmp_path).code == 0
    assert "exphil materialize" in Path("store-report.html").read_text(encoding="utf-8")


def test_the_browser_is_shown_the_file(exphil: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    Store.create(tmp_path)
    exphil("report", "--store", tmp_path, "--open")
    assert opened == [Path("store-report.html").resolve().as_uri()]
