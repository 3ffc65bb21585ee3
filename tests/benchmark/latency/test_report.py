"""The page of latencies: what it shows of rows, and what its charts are drawn from."""

import re
from dataclasses import replace
from typing import Any

import pytest

from exphil.benchmark.latency.report import beside_the_bound, latency_report, part_by_part, whole_frames
from exphil.benchmark.latency.rows import LatencyRow
from exphil.benchmark.latency.table import short_rows
from exphil.benchmark.results import FAILED
from exphil.pages.charts import Chart

TORCH = LatencyRow(
    backbone="gru", runtime="torch", precision="fp32", hidden_size=256, num_layers=2, frames=10, games=1,
    p50_ms=3.5, p95_ms=5.0, p99_ms=8.2, p999_ms=66.9, max_ms=118.1, own_p50_ms=3.4, own_p99_ms=8.1, over_budget=9,
    weights_ms=0.13, cached_ms=0.066, weights_bytes=4_490_000, memory_gb_s=33.9,
    reading_p50_ms=0.058, reading_p99_ms=0.27, features_p50_ms=0.235, features_p99_ms=0.65,
    step_p50_ms=3.168, step_p99_ms=7.172, sampling_p50_ms=0.725, sampling_p99_ms=1.344,
    pipe_p50_ms=0.018, pipe_p99_ms=0.14, parameters=1_123_363, state_bytes=4096,
)  # fmt: skip
INT8 = replace(
    TORCH, runtime="onnx", precision="int8", step_p50_ms=0.357, sampling_p50_ms=0.109, over_budget=0
)
BROKEN = LatencyRow(
    backbone="lstm",
    runtime="onnx",
    precision="fp32",
    status=FAILED,
    reason="out of luck",
    hidden_size=256,
    num_layers=2,
)  # fmt: skip


def drawn(chart: Chart) -> list[dict[str, Any]]:
    (values,) = chart.to_dict()["datasets"].values()
    rows: list[dict[str, Any]] = values
    return rows


def test_every_row_is_in_the_table_and_what_failed_is_said() -> None:
    page = latency_report([TORCH, INT8, BROKEN])
    assert page.count("onnx int8</td>") == 4
    assert page.count("onnx fp32</td>") == 1
    assert "lstm onnx fp32 failed: out of luck." in page
    assert re.findall(r"<h2 id[^>]*>([^<]*)", page) == ["Whole frames", "Part by part", "Beside the bound"]
    assert re.search(r">3,168</td>", page), "parts are told in microseconds"


def test_nothing_that_was_measured_is_a_page_without_charts() -> None:
    page = latency_report([BROKEN])
    assert "<h2" not in page
    assert "out of luck" in page


def test_charts_hold_what_was_measured() -> None:
    assert [(bar["runtime"], bar["p99 ms"]) for bar in drawn(whole_frames([TORCH, INT8]))] == [
        ("torch fp32", 8.2),
        ("onnx int8", 8.2),
    ]
    pieces = {piece["part"]: piece["ms"] for piece in drawn(part_by_part([INT8]))}
    assert pieces == {
        "reading": 0.058,
        "features": 0.235,
        "step": pytest.approx(0.248),
        "sampling": 0.109,
        "pipe": 0.018,
    }
    assert [bar["ms"] for bar in drawn(beside_the_bound([INT8]))] == [0.357, 0.13, 0.066]


def test_the_step_stays_whole_where_sampling_was_not_timed() -> None:
    pieces = {
        piece["part"]: piece["ms"] for piece in drawn(part_by_part([replace(INT8, sampling_p50_ms=None)]))
    }
    assert pieces["step"] == 0.357
    assert "sampling" not in pieces


def test_a_terminal_of_eighty_columns_has_room_for_whole_frames() -> None:
    wide = replace(TORCH, backbone="sliding_window", max_ms=1118.123, p999_ms=118.123)
    columns, cells = short_rows([wide, BROKEN])
    widths = [max(len(row[at]) for row in (columns, *cells)) for at in range(len(columns))]
    assert sum(widths) + 3 * (len(widths) - 1) <= 80
    assert cells[1][-1] == FAILED
