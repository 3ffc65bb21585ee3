"""Nats: the parts are parts of the whole, and the error is that of games."""

import numpy as np
import pytest

from exphil.evaluation.likelihood import CHANGE_NAMES, Likelihood, standard_error, table
from exphil.evaluation.streams import Streams
from exphil.loading.sampler import Segments
from exphil.melee.controller import NUM_HEADS
from tests.evaluation.frames import make_frames, neutral

EMPTY = Segments(*(np.zeros(3, np.int64) for _ in Segments.__slots__))
STREAMS = Streams(EMPTY, [], ["a", "a", "b"], ["FOX", "MARTH", "FOX"], ["MARTH", "FOX", "FALCO"], ["FD"] * 3)


def test_every_table_adds_up_to_the_whole() -> None:
    rng = np.random.default_rng(0)
    count = 50
    target = neutral(count)
    target[10:20, 0] = 1
    nats = {name: rng.random((count, NUM_HEADS)) for name in ("policy", "repeat", "marginal")}
    likelihood = Likelihood(3)
    for half in (slice(0, 20), slice(20, None)):
        likelihood.add(
            make_frames(
                target[half],
                nats={name: values[half] for name, values in nats.items()},
                stream=rng.integers(0, 3, count)[half],
                since=rng.integers(0, 20000, count)[half],
                phase=rng.integers(0, 6, count)[half],
            )
        )
    found = likelihood.report(STREAMS)
    assert found["num_frames"] == count
    for name, values in nats.items():
        assert found[name]["nats"] == pytest.approx(values.sum(axis=1).mean())
        assert sum(found[name]["by_head"].values()) == pytest.approx(found[name]["nats"])
        for rows in found["by"].values():
            assert sum(row["num_frames"] for row in rows) == count
            whole = sum(row["num_frames"] * row[name] for row in rows) / count
            assert whole == pytest.approx(found[name]["nats"])
    assert [row["name"] for row in found["by"]["change"]] == list(CHANGE_NAMES)
    assert found["by"]["change"][1]["num_frames"] == 10
    assert {row["name"] for row in found["by"]["character"]} == {"FOX", "MARTH"}
    assert {row["name"] for row in found["by"]["opponent"]} == {"FOX", "MARTH", "FALCO"}
    assert found["by"]["change"][1]["policy"] == pytest.approx(nats["policy"][10:20].sum(axis=1).mean())


def test_names_without_frames_are_left_out() -> None:
    rows = table(["seen", "never"], np.array([[2.0, 4.0, 6.0, 8.0], [0.0, 0.0, 0.0, 0.0]]))
    assert rows == [{"name": "seen", "num_frames": 2, "policy": 2.0, "repeat": 3.0, "marginal": 4.0}]


def test_the_standard_error_is_that_of_a_mean_over_games() -> None:
    assert standard_error(np.array([[100, 120.0], [50, 60.0], [0, 0.0]])) == pytest.approx(0)
    assert standard_error(np.array([[100, 120.0]])) is None
    nats = np.array([1.0, 2.0, 4.0])
    equal = np.stack((np.full(3, 10.0), 10 * nats), axis=1)  # games of one length: the textbook's formula
    assert standard_error(equal) == pytest.approx(nats.std(ddof=1) / np.sqrt(3))
