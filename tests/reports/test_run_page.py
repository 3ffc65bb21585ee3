"""A run's page tells what its folder holds, and how to get what it does not."""

import json
from pathlib import Path
from typing import Any

import pytest

from exphil.errors import StoreError
from exphil.reports.latency import Latency, figures, time_decisions
from exphil.reports.run_page import run_page
from exphil.training.config import TrainConfig
from exphil.training.runs import EVALUATION, METRICS, Run, create_run
from tests.pages.reading import ReadPage, without_vega
from tests.reports.test_run_plots import lines

SMALL = {"backbone": "gru", "hidden_size": 8, "num_layers": 1, "window_size": 8}
QUERY = "replay_id IN (SELECT replay_id FROM players WHERE connect_code = 'ABCD#123')"
MADE = {"begun": "2026-01-01", "exphil": "1", "git": None, "torch": "2", "python": "3", "feature_set": "v1"}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    config = TrainConfig.from_flat({**SMALL, "where": QUERY})
    made = create_run(tmp_path, "first", config, MADE, {"train": ["a", "b"], "validation": ["c"]})
    log = lines(2.0, 1.5, 1.2, checks=(1.4, 1.3))
    for line in log:
        line |= {"epoch": 0, "marginal": 5.0, "num_frames": 100}
    (made.folder / METRICS).write_text("".join(json.dumps(line) + "\n" for line in log))
    return made


def read(run: Run, **options: Any) -> ReadPage:
    return ReadPage(without_vega(run_page(run, **options).html()))


def evaluation() -> dict[str, Any]:
    """As much of an evaluation as the page reads."""
    by_head = {"button_a": 0.1, "main_x": 0.5}
    who = {"nats": 0.6, "by_head": by_head}
    row = {"name": "DR_MARIO", "num_frames": 100, "policy": 0.5, "repeat": 0.7, "marginal": 2.0}
    stage = {**row, "name": "YOSHIS_STORY"}
    scores = {"f1": 0.8, "onset_f1": 0.1}
    button = {"pressed": 0.1, "onsets": 3, "onset_average_precision": None, "policy": scores}
    return {
        "side": "validation",
        "streaming": {
            "policy": who,
            "repeat": who,
            "by": {"character": [row], "opponent": [row], "stage": [stage]},
        },
        "buttons": {"mean": {"policy": scores}, "by_button": {"A": button}},
    }


def test_what_is_not_there_yet_is_told(run: Run) -> None:
    page = read(run)
    texts = page.of("p")
    assert any("exphil evaluate first" in text for text in texts)
    assert any("--no-latency" in text for text in texts)
    facts = dict(zip(page.of("dt"), page.of("dd"), strict=True))
    assert facts["validation nats a frame"] == "1.3"
    assert facts["steps"] == "100"
    assert facts["games: train"] == "2"


def test_an_evaluation_shows_heads_and_characters(run: Run) -> None:
    (run.folder / EVALUATION).write_text(json.dumps(evaluation()))
    page = read(run)
    assert {"Dr. Mario", "Yoshi's Story", "A"} <= set(page.of("td"))
    assert "main_x" in str(page.data)


def test_queries_name_players_only_when_asked(run: Run) -> None:
    hidden, shown = (str(read(run, names=names).texts) for names in (False, True))
    assert "ABCD" not in hidden
    assert "connect_code" in hidden
    assert "ABCD#123" in shown


def test_a_run_that_has_just_begun_has_a_page(tmp_path: Path) -> None:
    run = create_run(tmp_path, "new", TrainConfig.from_flat(dict(SMALL)), MADE, {"train": []})
    page = read(run)
    assert any("logged nothing" in text for text in page.of("p"))
    assert any("Not validated" in text for text in page.of("p"))
    assert any("Every eligible segment" in text for text in page.of("p"))


def test_a_damaged_evaluation_is_named(run: Run) -> None:
    (run.folder / EVALUATION).write_text("{")
    with pytest.raises(StoreError, match=r"evaluation\.json cannot be read"):
        run_page(run)


def test_options_away_from_defaults_have_a_star(run: Run) -> None:
    cells = read(run).of("td")
    starred = {cells[at - 2] for at, cell in enumerate(cells) if cell == "*"}
    assert {"hidden_size", "window_size", "where"} <= starred
    assert "seed" not in starred


def test_decisions_are_timed_one_by_one(run: Run) -> None:
    told = []
    latency = time_decisions(run, steps=7, windows=3, advance=lambda: told.append(1))
    assert (len(latency.steps), len(latency.windows), len(told)) == (7, 3, 10)
    assert min(latency.steps) > 0
    page = read(run, latency=latency)
    assert latency.processor in page.of("dd")


def test_percentiles_are_of_the_decisions() -> None:
    latency = Latency([float(n) for n in range(101)], [5.0], "a processor")
    assert figures(latency) == {"step p50 ms": 50, "step p99 ms": 99, "window p50 ms": 5, "window p99 ms": 5}
