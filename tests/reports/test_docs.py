"""What docs/reports.md says is so."""

import re
import shutil
from pathlib import Path

import pytest

from exphil.reports import store_page, store_plots
from exphil.reports.latency import STEPS, WINDOWS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "reports.md").read_text(encoding="utf-8")


def test_the_example_runs(small_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    shutil.copytree(small_store, tmp_path / "storage")
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "docs/reports.md", "exec"), {})
    assert Path("two-plots.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    "said",
    [
        f"at least {store_plots.FEWEST_GAMES} decided games",
        f"the {store_plots.MOST_CHARACTERS} characters",
        f"tables up to {store_page.MOST_ROWS} lines",
        f"{STEPS} single decisions",
        f"{WINDOWS} that begin anew",
        f"by day up to {store_plots.SPANS[0][0]} days",
    ],
)
def test_figures_are_those_of_the_code(said: str) -> None:
    assert said in " ".join(PAGE.split())
