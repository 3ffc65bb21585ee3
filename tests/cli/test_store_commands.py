"""`info`, `features`, `doctor` and `store`: what they tell of a store."""

import json
import shutil
from pathlib import Path

import pytest

from exphil.features import V1
from exphil.store import paths
from exphil.store.store import Store
from tests.cli.outcome import Run

GAMES = 3
"""Of the small store."""

STATES = {"alive", "dead", "unobserved"}


def test_info_counts_what_is_there(exphil: Run, small_store: Path) -> None:
    told = json.loads(exphil("info", "--store", small_store, "--json").out)
    assert told["replays"] == {"ok": GAMES, "quarantined": 1}
    assert sum(told["modes"].values()) == GAMES
    assert [asset["asset"] for asset in told["assets"]] == list(paths.ASSETS)
    assert all(asset["parts"] >= 1 and asset["bytes"] > 0 for asset in told["assets"])
    assert all(asset["parts_to_build"] == 0 for asset in told["assets"])
    assert told["feature_set"]["in_store"] == [V1.fingerprint]


def test_info_for_people_says_the_same(exphil: Run, small_store: Path) -> None:
    told = exphil("info", "--store", small_store).out
    assert f"{GAMES} ok, 1 quarantined" in told
    assert V1.fingerprint in told


def test_info_counts_the_flags_of_quality(exphil: Run, small_store: Path) -> None:
    told = json.loads(exphil("info", "--store", small_store, "--json").out)["quality"]
    query = "SELECT flags, excluded FROM quality"
    games = json.loads(exphil("sql", query, "--store", small_store, "--format", "json").out)
    flags = [flag for game in games for flag in game["flags"].split()]
    assert told["games"] == GAMES
    assert told["excluded"] == sum(game["excluded"] for game in games)
    assert told["flags"] == {flag: flags.count(flag) for flag in flags}
    assert told["flags"]["short"] == GAMES
    shown = exphil("info", "--store", small_store).out
    assert f"{told['excluded']} of {GAMES} games left out of training by default" in shown
    assert f"{GAMES} short" in shown


def test_info_of_a_store_without_statistics_names_the_way_to_them(exphil: Run, tmp_path: Path) -> None:
    Store.create(tmp_path / "empty")
    assert json.loads(exphil("info", "--store", tmp_path / "empty", "--json").out)["quality"] is None
    assert "exphil materialize stats" in exphil("info", "--store", tmp_path / "empty").out


def test_features_lists_every_dim(exphil: Run) -> None:
    rows = json.loads(exphil("features", "--json").out)
    assert [row["name"] for row in rows] == list(V1.names)
    _, *lines = exphil("features").out.splitlines()
    assert [line.split()[1] for line in lines] == list(V1.names)


def test_audit_has_a_row_a_dim(exphil: Run, small_store: Path) -> None:
    rows = json.loads(exphil("features", "--audit", "--store", small_store, "--json").out)
    assert [row["name"] for row in rows] == list(V1.names)
    for row in rows:
        assert list(row) == ["name", "min", "max", "mean", "share", "state"]
        assert row["state"] in STATES
        assert row["min"] <= row["mean"] <= row["max"]
        assert (row["state"] == "alive") == (row["min"] < row["max"])
    by_name = {row["name"]: row for row in rows}
    assert by_name["self.x"]["state"] == "alive"


def test_audit_counts_what_arrow_counts(exphil: Run, small_store: Path) -> None:
    """The share of frames in which a player has taken damage, against SQL."""
    rows = json.loads(exphil("features", "--audit", "--store", small_store, "--json").out)
    share = next(row["share"] for row in rows if row["name"] == "self.percent")
    query = "SELECT avg((post_percent > 0)::INT) AS share FROM frames WHERE NOT follower"
    [expected] = json.loads(exphil("sql", query, "--store", small_store, "--format", "json").out)
    assert share == pytest.approx(expected["share"], abs=0.01)


def test_doctor_finds_this_machine_fit(exphil: Run, small_store: Path) -> None:
    outcome = exphil("doctor", "--store", small_store, "--json")
    found = {finding["what"]: finding for finding in json.loads(outcome.out)}
    assert outcome.code == 0
    assert found["store"]["state"] == "ok"
    assert {
        "python",
        "torch",
        "peppi-py",
        "torch device",
        "mamba kernel",
        "free disk",
        "dagster home",
    } <= set(found)


def test_doctor_tells_of_a_store_that_cannot_be_read(exphil: Run, tmp_path: Path) -> None:
    (tmp_path / paths.MANIFEST).write_text("{")
    outcome = exphil("doctor", "--store", tmp_path)
    assert outcome.code == 1
    assert "will not work" in outcome.out
    assert str(tmp_path / paths.MANIFEST) in outcome.out


def test_doctor_tells_of_a_home_that_is_no_folder(
    exphil: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "nowhere"))
    assert exphil("doctor", "--store", tmp_path).code == 1


def test_verify_finds_nothing_then_a_missing_part(exphil: Run, small_store: Path, tmp_path: Path) -> None:
    copy = tmp_path / "store"
    shutil.copytree(small_store, copy)
    assert exphil("store", "verify", "--store", copy).code == 0
    part = next((copy / "frames" / "frames").glob("*.parquet"))
    part.unlink()
    outcome = exphil("store", "verify", "--store", copy, "--json")
    assert outcome.code == 1
    assert [problem["asset"] for problem in json.loads(outcome.out)] == ["frames"]
    assert part.name in outcome.out


def test_gc_sweeps_what_no_manifest_names(exphil: Run, small_store: Path, tmp_path: Path) -> None:
    copy = tmp_path / "store"
    shutil.copytree(small_store, copy)
    stray = copy / "frames" / "frames" / "stray.parquet"
    stray.write_bytes(b"x" * 1500)
    outcome = exphil("store", "gc", "--store", copy, "--workers", "1")
    assert outcome.code == 0
    assert "removed 1 stray files (1.5 kB)" in outcome.out
    assert not stray.exists()
    assert exphil("store", "verify", "--store", copy).code == 0


def test_gc_needs_a_worker(exphil: Run, small_store: Path) -> None:
    outcome = exphil("store", "gc", "--store", small_store, "--workers", "0")
    assert outcome.code == 2
    assert "--workers" in outcome.err
