"""Parquet and back; the page and the folder of a comparison."""

import dataclasses
import json
from pathlib import Path

import polars as pl
import pytest

from exphil.benchmark.figures import CURVES, RESULTS, SCALING, figures_of, read_figures, write_figures
from exphil.benchmark.outputs import REPORT, TABLE, json_rows, table_page, write_outputs
from exphil.benchmark.report import report
from exphil.benchmark.rows import Row
from exphil.errors import StoreError
from tests.benchmark.results import a_comparison, timed, trained


def test_parquet_gives_the_figures_back(tmp_path: Path) -> None:
    figures = figures_of(a_comparison())
    write_figures(tmp_path, figures)
    back = read_figures(tmp_path)
    assert back.rows == figures.rows
    assert back.curves == figures.curves
    assert len(back.scaling) == len(figures.scaling)
    assert table_page(back) == table_page(figures)
    assert pl.read_parquet(tmp_path / RESULTS).columns == [item.name for item in dataclasses.fields(Row)]


def test_stages_that_were_left_out_leave_empty_tables_of_the_same_columns(tmp_path: Path) -> None:
    write_figures(tmp_path / "some", figures_of([timed("mlp", 1.0)]))
    write_figures(tmp_path / "all", figures_of(a_comparison()))
    for name in (RESULTS, CURVES, SCALING):
        some, every = (pl.read_parquet(tmp_path / folder / name) for folder in ("some", "all"))
        assert some.schema == every.schema
    assert read_figures(tmp_path / "some").curves == []


def test_missing_figures_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="exphil benchmark"):
        read_figures(tmp_path)
    write_figures(tmp_path, figures_of(a_comparison()))
    pl.read_parquet(tmp_path / RESULTS).rename({"rank": "place"}).write_parquet(tmp_path / RESULTS)
    with pytest.raises(StoreError, match="another version"):
        read_figures(tmp_path)


def test_the_page_has_every_part() -> None:
    text = report(figures_of(a_comparison()))
    for part in ("Loss against latency", "Training rate", "Loss curves", "Longer windows", "Which one"):
        assert f">{part}</h2>" in text
    assert "the loss is no finite number at step 7" in text
    assert text.count('class="chart"') == 6
    assert 'src="http' not in text


def test_a_page_of_little_has_no_empty_parts() -> None:
    text = report(figures_of([trained("mlp", 1.0, curve=[])]))
    for part in ("Loss against latency", "Training rate", "Loss curves", "Longer windows"):
        assert f">{part}</h2>" not in text
    assert report(figures_of([]))


def test_a_folder_for_people_and_programs(tmp_path: Path) -> None:
    figures = figures_of(a_comparison())
    write_outputs(tmp_path, figures)
    assert {path.name for path in tmp_path.iterdir()} == {TABLE, REPORT, RESULTS, CURVES, SCALING}
    assert "| 1 | `gru` | 1.1200 ± 0.0283 |" in (tmp_path / TABLE).read_text()
    rows = json.loads(json.dumps(json_rows(figures), allow_nan=False))
    assert [row["backbone"] for row in rows] == [row.backbone for row in figures.rows]
    assert rows[-1]["reason"] == "train, seed 0: the loss is no finite number at step 7"
