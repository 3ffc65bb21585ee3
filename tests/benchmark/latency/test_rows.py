"""Jobs, their rows, and what is written of them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exphil.backbones.config import CONFIGS
from exphil.benchmark.contest import Contest
from exphil.benchmark.jobs import Job, plan
from exphil.benchmark.latency.jobs import RUNTIMES, LatencyJob, job_of, plan_latency
from exphil.benchmark.latency.outputs import ROWS, json_latency, read_latency, write_latency
from exphil.benchmark.latency.rows import LatencyRow, latency_rows
from exphil.benchmark.latency.table import COLUMNS, latency_lines, latency_remarks, parts, whole_path
from exphil.benchmark.results import FAILED, OK, Result
from exphil.errors import StoreError
from exphil.play.spread import PERCENTILES
from tests.benchmark.results import MACHINE

FIGURES: dict[str, Any] = {
    **dict(zip(PERCENTILES, (0.5, 0.6, 0.7, 0.8, 20.0), strict=True)),
    "frames": 10_000,
    "games": 2,
    "over_budget": 1,
    "own_p50_ms": 0.4,
    "own_p99_ms": 0.65,
    "weights_ms": 0.2,
    "cached_ms": 0.05,
    "weights_bytes": 4_500_000,
    "memory_gb_s": 20.0,
    **{
        f"{part}_{name}": 0.1
        for part in ("reading", "features", "step", "pipe")
        for name in ("p50_ms", "p99_ms")
    },
    "company": 0.0,
    "onnxruntime": "1.31.1",
}


def jobs(*backbones: str) -> list[LatencyJob]:
    return plan_latency(Contest(backbones=backbones), Path("store"), "abc", ["one.slp", "two.slp"], 10_000)


def result_of(job: LatencyJob, **figures: Any) -> tuple[LatencyJob, Result]:
    made_with = {"git": "0123456789abcdef", "begun": "2026-01-01T00:00:00+00:00"}
    return job, Result(
        job.stage,
        job.backbone,
        job.number,
        OK,
        figures={**FIGURES, **figures},
        made_with=made_with,
        machine=MACHINE,
        seconds=5.0,
    )


def rows(*backbones: str) -> list[LatencyRow]:
    return latency_rows(result_of(job) for job in jobs(*backbones))


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def test_all_seven_on_every_runtime_at_their_presets() -> None:
    found = jobs(*CONFIGS)
    assert [(job.backbone, job.runtime, job.precision) for job in found] == [
        (name, *runtime) for name in CONFIGS for runtime in RUNTIMES
    ]
    assert len({job.name for job in found}) == 21
    assert {job.config.policy.backbone.hidden_size for job in found} == {256}
    assert found[-1].config.policy.backbone.num_layers == 6


def test_a_job_comes_back_from_json_and_so_does_one_of_another_kind() -> None:
    for job in jobs("gru"):
        assert job_of(json.loads(json.dumps(job.to_dict()))) == replace(job, store=job.store.resolve())
    plain = plan(Contest(backbones=("gru",), stages=("latency",)), Path("store"), "abc")[0]
    found = job_of(json.loads(json.dumps(plain.to_dict())))
    assert type(found) is Job
    assert found.name == plain.name


@pytest.mark.parametrize(
    "change", [{"frames": 9}, {"replays": ("one.slp",)}, {"runtime": "torch"}, {"precision": "fp32"}]
)
def test_what_decides_the_figures_is_in_the_name(change: dict[str, Any]) -> None:
    job = jobs("gru")[-1]
    assert replace(job, **change).name != job.name


def test_rows_have_the_figures_that_programs_read() -> None:
    row = json_latency(rows("mamba"))[2]
    names = ("backbone", "runtime", "precision", *PERCENTILES)
    assert [row[name] for name in names] == ["mamba", "onnx", "int8", 0.5, 0.6, 0.7, 0.8, 20.0]
    assert (row["weights_ms"], row["over_budget"], row["num_layers"]) == (0.2, 1, 2)


def test_rows_lie_in_the_order_of_the_registry() -> None:
    found = rows("jamba", "mlp")
    assert [row.backbone for row in found] == ["mlp"] * 3 + ["jamba"] * 3
    assert [(row.runtime, row.precision) for row in found[:3]] == list(RUNTIMES)


def test_a_failed_job_is_a_row_with_its_reason() -> None:
    job = jobs("gru")[0]
    failed = Result(job.stage, job.backbone, 0, FAILED, reason="out of luck")
    [row] = latency_rows([(job, failed)])
    lines = latency_lines([row])
    assert cells(whole_path([row])[2])[:3] == ["`gru`", "torch fp32", ""]
    assert "failed" in cells(whole_path([row])[2])
    assert parts([row]) == []
    assert "`gru` torch fp32 failed: out of luck." in lines


def test_the_tables_show_every_row() -> None:
    found = rows("gru", "mlp")
    lines = whole_path(found)
    assert len(lines) == 2 + 6
    assert all(len(cells(line)) == len(COLUMNS) for line in lines)
    shown = dict(zip(COLUMNS, cells(lines[2]), strict=True))
    assert (shown["p50"], shown["worst"], shown["weights"]) == ("0.500", "20.000", "4.50 MB")
    assert cells(parts(found)[2])[:3] == ["`mlp`", "torch fp32", "100 / 100"]
    text = "\n".join(latency_lines(found))
    assert "10,000 frames of 2 games, hidden size 256, layers: mlp 2, gru 2." in text
    assert "Other programs" not in text
    assert "revision 0123456789ab;" in text


def test_a_terminal_is_spared_the_meaning_of_columns_it_does_not_show() -> None:
    found = rows("gru")
    explained, short = latency_remarks(found), latency_remarks(found, explained=False)
    assert [text for text in explained if text not in short] == [
        text for text in explained if text.startswith("*Own*")
    ]
    assert len(short) == len(explained) - 1


def test_company_is_told() -> None:
    job = jobs("gru")[0]
    text = "\n".join(latency_lines(latency_rows([result_of(job, company=0.4)])))
    assert "up to 40% of the machine while 1 of 1 rows" in text


def test_nothing_measured_is_said() -> None:
    assert latency_lines([])[0] == "Nothing has been measured yet."


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    found = rows("gru", "jamba")
    write_latency(tmp_path, found)
    assert read_latency(tmp_path / ROWS) == found
    assert (tmp_path / "latency.md").read_text().startswith("# Latency of a decision")
    page = (tmp_path / "latency.html").read_text()
    assert "Beside the bound" in page
    assert ">jamba<" in page
    for text in ("{", '[{"backbone": 1}]'):
        (tmp_path / ROWS).write_text(text)
        with pytest.raises(StoreError, match="cannot be read"):
            read_latency(tmp_path / ROWS)
