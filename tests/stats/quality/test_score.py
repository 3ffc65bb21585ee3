"""What quality measures in a game, and that a person would agree with what it says of real ones."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from exphil import schema
from exphil.replays.frames import frame_tables
from exphil.replays.reader import read_game
from exphil.replays.summary import player_rows, replay_row
from exphil.stats.game import GameStats, Overall, Punish, Ratio, Stock, game_stats
from exphil.stats.inputs import Inputs
from exphil.stats.quality.score import Recording, measures, quality_row

GAME = Recording(
    last_frame=60 * 120 - 39,
    mode="1v1",
    complete=True,
    end_method="game",
    lras_port=None,
    winner_port=1,
    frozen_stadium=False,
    ports=(1, 3),
    types=("human", "human"),
    end_stocks=(2, 0),
)


def _overall(port: int, damage: float, inputs: int, minutes: float = 2.0) -> Overall:
    ratios = {"inputs_per_minute": Ratio(inputs, minutes)}
    return Overall(port, Inputs(0, 0, 0, 0), 0, damage, 0, ratios)


def _lost(port: int, end: int | None) -> Stock:
    return Stock(port, 0, end, 80.0, 80.0 if end else None, 4, 0 if end else None)


def _kill(victim: int, end: int | None, *, killed: bool = True) -> Punish:
    return Punish(victim, 4 - victim, 0, end, 0.0, 80.0, 80.0, killed, ())


def _stats(**changes: Any) -> GameStats:
    """Two minutes in which both fight, and three stocks are taken and one thrown away."""
    of_game = replace(
        game_stats(schema.arrow_schema(schema.FRAMES).empty_table(), (1, 3), GAME.last_frame),
        stocks=(_lost(1, 500), _lost(1, 900), _lost(3, 500), _lost(3, 1500), _lost(1, None)),
        conversions=(_kill(1, 500), _kill(3, 500), _kill(3, 1500), _kill(1, 900, killed=False)),
        overall=(_overall(1, 150.0, 600), _overall(3, 250.0, 800)),
        idle_frames=(90, 120),
    )
    return replace(of_game, **changes)


def test_what_is_measured() -> None:
    found = measures(GAME, _stats())
    assert found == {
        "seconds": 120.0,
        "inputs_per_minute": 300.0,
        "idle_seconds": 2.0,
        "damage": 400.0,
        "damage_per_minute": 200.0,
        "stocks_lost": 4,
        "self_destructs": 1,
        "self_destruct_share": 0.25,
        "cpu_players": 0,
        "quit_stocks": None,
        "decided": True,
        "whole": True,
        "one_on_one": True,
        "frozen_stadium": False,
    }


def test_a_row_fits_the_table() -> None:
    for recording, stats in ((GAME, _stats()), (replace(GAME, ports=(1, 2, 3)), None)):
        row = {
            "replay_id": "a",
            **quality_row(replace(recording, end_stocks=(2,) * len(recording.ports)), stats),
        }
        assert set(row) == set(schema.QUALITY.names)
        table = pa.Table.from_pylist([row], schema=schema.arrow_schema(schema.QUALITY))
        assert table.to_pylist() == [row]


def test_an_ordinary_game_has_no_flag() -> None:
    row = quality_row(GAME, _stats())
    assert (row["score"], row["excluded"], row["flags"]) == (1.0, False, "")


def test_a_game_that_ends_before_play_divides_by_nothing() -> None:
    never = _stats(stocks=(), conversions=(), overall=(_overall(1, 0.0, 0, 0.0), _overall(3, 0.0, 0, 0.0)))
    found = measures(replace(GAME, last_frame=-80), never)
    assert (found["seconds"], found["damage_per_minute"], found["inputs_per_minute"]) == (0.0, None, None)
    assert found["self_destruct_share"] is None


@pytest.mark.parametrize(
    ("end_method", "lras_port", "stocks"),
    [
        ("no-contest", 1, 4),
        ("no-contest", 3, 2),
        ("no-contest", None, 2),
        ("unresolved", None, 2),
        ("game", None, None),
        ("time", None, None),
        (None, None, None),
    ],
)
def test_the_stocks_of_the_one_who_quit(
    end_method: str | None, lras_port: int | None, stocks: int | None
) -> None:
    recording = replace(GAME, end_method=end_method, lras_port=lras_port, end_stocks=(4, 2))
    assert measures(recording, _stats())["quit_stocks"] == stocks


def test_players_without_a_last_state_have_no_stocks_to_count() -> None:
    recording = replace(GAME, end_method="no-contest", end_stocks=(None, None))
    assert measures(recording, _stats())["quit_stocks"] is None


FLAGGED: list[tuple[str, dict[str, Any], dict[str, Any], str, bool]] = [
    ("against the computer", {"types": ("human", "cpu")}, {}, "cpu", True),
    ("a demo plays", {"types": ("demo", "human")}, {}, "cpu", True),
    ("one stands there", {}, {"overall": (_overall(1, 300.0, 600), _overall(3, 0.0, 4))}, "inactive", True),
    ("one leaves for half a minute", {}, {"idle_frames": (30, 1800)}, "inactive", True),
    (
        "they do not fight",
        {},
        {"overall": (_overall(1, 9.0, 600), _overall(3, 3.0, 800))},
        "low_damage",
        True,
    ),
    ("most stocks are thrown away", {}, {"conversions": (_kill(1, 500),)}, "handwarmer", True),
    (
        "called off at once",
        {"end_method": "no-contest", "lras_port": 1, "end_stocks": (4, 4)},
        {"stocks": (), "overall": (_overall(1, 60.0, 600), _overall(3, 50.0, 800))},
        "handwarmer early_quit",
        True,
    ),
    (
        "quit behind",
        {"end_method": "no-contest", "lras_port": 3, "end_stocks": (3, 2)},
        {},
        "early_quit",
        False,
    ),
    (
        "quit on the last stock",
        {"end_method": "no-contest", "lras_port": 3, "end_stocks": (3, 1)},
        {},
        "",
        False,
    ),
    ("nobody won", {"winner_port": None}, {}, "unresolved", False),
    ("half a minute of fight", {"last_frame": 25 * 60}, {}, "short", False),
    ("frozen Stadium", {"frozen_stadium": True}, {}, "frozen_stadium", False),
    ("cut off", {"complete": False}, {}, "incomplete", True),
    ("home-run contest", {"mode": "home-run-contest"}, {}, "not_1v1", True),
    ("the version does not tell", {"mode": None}, {}, "not_1v1", True),
]


@pytest.mark.parametrize(
    ("recording", "stats", "flags", "excluded"),
    [case[1:] for case in FLAGGED],
    ids=[case[0] for case in FLAGGED],
)
def test_what_is_flagged(
    recording: dict[str, Any], stats: dict[str, Any], flags: str, excluded: bool
) -> None:
    row = quality_row(replace(GAME, **recording), _stats(**stats))
    assert (row["flags"], row["excluded"]) == (flags, excluded)


REAL: list[tuple[str, str, bool]] = [
    ("full_v1.7.1_falcon-zelda_battlefield_cc5ba3", "low_damage handwarmer unresolved", True),
    ("full_v3.19.1_mewtwo-fox_fd_267d45", "inactive", True),
    ("full_v0.1.0_falco-fox_fd_8084c7", "cpu", True),
    ("full_v3.7.0_falco-marth_fod_e801dc", "early_quit", False),
    ("full_v1.7.1_puff-marth_dreamland_6d6671", "", False),
    ("full_v3.14.0_falco-falco_yoshis_12c194", "", False),
    ("full_v3.17.0_fox-gnw_fod_270561", "", False),
    ("test_v3.14.0_wavedash_181ba8", "inactive low_damage handwarmer short early_quit", True),
    ("test_v3.7.0_nessvfox-absorb_f7b481", "handwarmer short early_quit", True),
    ("test_v3.19.0_fox-ms-float_beb6c8", "inactive low_damage handwarmer short", True),
    ("test_v3.13.0_ffa-1p2p3p-winner-3p_5c1383", "not_1v1 short", True),
    ("test_v3.13.0_geckocodes_1d1b53", "incomplete cpu low_damage short unresolved", True),
]
"""Somebody looked at each of them: four stocks thrown away, a Fox that stands there for a minute and a half, ..."""


def _real(file: Path) -> dict[str, object]:
    game = read_game(file.read_bytes(), file)
    tables = frame_tables(game)
    replay, players = replay_row(game, tables), player_rows(game, tables)
    ports = tuple(player["port"] for player in players)
    stats = None
    if game.num_players == 2:
        stats = game_stats(tables.frames, (ports[0], ports[1]), replay["last_frame"])
    recording = Recording(
        **{name: replay[name] for name in ("last_frame", "mode", "complete", "end_method", "lras_port")},
        winner_port=replay["winner_port"],
        frozen_stadium=bool(replay["is_frozen_stadium"]) and replay["stage_name"] == "POKEMON_STADIUM",
        ports=ports,
        types=tuple(player["type"] for player in players),
        end_stocks=tuple(player["end_stocks"] for player in players),
    )
    return quality_row(recording, stats)


@pytest.mark.parametrize(("name", "flags", "excluded"), REAL, ids=[name for name, _, _ in REAL])
def test_real_games_are_flagged_as_a_person_would(
    replay_dir: Path, name: str, flags: str, excluded: bool
) -> None:
    file = replay_dir / f"{name}.slp"
    if not file.exists():
        pytest.skip("not among these replays")
    row = _real(file)
    assert (row["flags"], row["excluded"]) == (flags, excluded)
