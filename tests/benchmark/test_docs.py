"""The pages of the backbones show the figures at hand, and nothing of them is typed."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.backbones.config import CONFIGS
from exphil.benchmark import decision_stage, docs, speed_stage
from exphil.benchmark.contest import SCALING_WINDOWS, STAGES
from exphil.benchmark.figures import CURVES, RESULTS, SCALING, figures_of, write_figures
from exphil.benchmark.jobs import RESULTS as FOLDER_OF_RESULTS
from exphil.benchmark.latency.deadline import deadline_row
from exphil.benchmark.latency.outputs import json_latency
from exphil.benchmark.latency.pacing import Paced
from exphil.benchmark.latency.playback import Played
from exphil.benchmark.latency.rows import latency_rows
from exphil.benchmark.outputs import REPORT, TABLE
from exphil.benchmark.results import LOGS, RUNS
from exphil.errors import StoreError
from tests.benchmark.latency.test_rows import jobs, result_of
from tests.benchmark.results import a_comparison, trained

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two pages, and figures, in a repository of their own; the current folder."""
    write_figures(tmp_path / docs.FIGURES, figures_of(a_comparison()))
    for name in ("gru", "attention"):
        (tmp_path / docs.FOLDER / f"{name}.md").write_text(f"# {name}\n\nProse.\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_pages_are_fresh() -> None:
    """`python -m exphil.benchmark.docs` writes them anew."""
    assert docs.stale(REPOSITORY) == []


@pytest.mark.parametrize("name", CONFIGS)
def test_every_backbone_has_a_page_with_its_figures(name: str) -> None:
    text = (REPOSITORY / docs.FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert text.count(docs.BEGIN) == text.count(docs.END) == 1


def test_every_page_can_be_reached_from_the_overview() -> None:
    text = docs.overview(figures_of(a_comparison()))
    for name in CONFIGS:
        assert f"[{name}]({name}.md)" in text


def test_writing_once_is_enough_and_check_only_compares(checkout: Path) -> None:
    assert docs.main(["--check"]) == 1
    assert not (docs.FOLDER / "README.md").exists()
    assert docs.main([]) == 0
    assert docs.main(["--check"]) == 0
    gru = (docs.FOLDER / "gru.md").read_text(encoding="utf-8")
    assert gru.startswith("# gru\n\nProse.\n\n## Measured\n")
    assert "| validation, nats a frame | 1.1200 ± 0.0283 |" in gru
    assert "Not measured yet." in (docs.FOLDER / "attention.md").read_text(encoding="utf-8")
    assert "gru (1.120 nats" in (docs.FOLDER / "README.md").read_text(encoding="utf-8")


def test_other_figures_make_every_page_stale(checkout: Path) -> None:
    docs.main([])
    write_figures(docs.FIGURES, figures_of([trained("gru", 0.5), trained("attention", 0.6)]))
    assert set(docs.stale()) == {
        (docs.FOLDER / name).as_posix()
        for name in ("README.md", "gru.md", "attention.md", "figures/loss-latency.svg")
    }


def test_missing_figures_are_one_line(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(docs.FIGURES)
    with pytest.raises(StoreError):
        docs.pages()
    assert docs.main([]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


LINES = st.lists(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20).filter(
        lambda line: "<!--" not in line
    )
)


@given(LINES, LINES, LINES, LINES)
def test_a_block_replaces_the_one_before_and_nothing_else(
    before: list[str], after: list[str], old: list[str], new: list[str]
) -> None:
    prose = "\n".join(before)
    page = docs.with_block(prose, old) + "\n".join(after)
    again = docs.with_block(page, new)
    assert docs.with_block(again, new) == again
    assert again == page.replace(
        "\n".join([docs.BEGIN, "", *old, "", docs.END]), "\n".join([docs.BEGIN, "", *new, "", docs.END])
    )
    assert again.startswith(prose.rstrip())
    assert again.endswith("\n".join(after))


def test_the_page_of_the_benchmark_tells_of_every_stage_and_file() -> None:
    text = (REPOSITORY / "docs" / "benchmark.md").read_text(encoding="utf-8")
    for name in (
        *STAGES,
        TABLE,
        REPORT,
        RESULTS,
        CURVES,
        SCALING,
        f"{FOLDER_OF_RESULTS}/",
        f"{RUNS}/",
        f"{LOGS}/",
    ):
        assert f"| `{name}` |" in text
    assert f"{decision_stage.STEPS:,} steps" in text
    assert f"{decision_stage.WINDOWS} whole windows" in text
    assert (speed_stage.WARMUP_BATCHES, "first ten batches" in text) == (10, True)
    assert f"{SCALING_WINDOWS[0]} to {SCALING_WINDOWS[-1]} frames" in text


def test_the_page_of_latency_shows_rows_and_deadlines(checkout: Path) -> None:
    docs.LATENCY_PAGE.write_text("# Latency\n\nProse.\n")
    docs.main([])
    assert "Nothing has been measured yet." in docs.LATENCY_PAGE.read_text(encoding="utf-8")
    rows = latency_rows(result_of(job) for job in jobs("gru"))
    (checkout / docs.FIGURES / docs.LATENCY).write_text(json.dumps(json_latency(rows)))
    run = Paced(*(np.full(4, 2_000_000) for _ in range(3)))
    row = deadline_row("gru, onnx fp32", "busy", Played(run, {}, 0), run)
    (checkout / docs.FIGURES / docs.DEADLINES).write_text(json.dumps([row]))
    assert docs.stale() == [docs.LATENCY_PAGE.as_posix()]
    docs.main([])
    text = docs.LATENCY_PAGE.read_text(encoding="utf-8")
    assert text.startswith("# Latency\n\nProse.\n\n## Measured\n")
    assert "| `gru` | onnx int8 | 0.500 |" in text
    assert "| gru, onnx fp32 | busy | 4 | 0 | 0 | 0 | 2.00 |" in text
    assert docs.stale() == []
    (checkout / docs.FIGURES / docs.DEADLINES).write_text("[{}]")
    with pytest.raises(StoreError, match=r"deadline\.json cannot be read"):
        docs.stale()
