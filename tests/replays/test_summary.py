"""What a game tells in `replays` and `players`: against slippi-js on real games, rule by rule on made ones."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exphil import schema
from exphil.replays.identity import set_key, utc_day
from exphil.replays.mode import mode
from exphil.replays.outcome import LastState, Winner, end_method, is_complete, lras_port, winner
from exphil.replays.summary import player_rows, replay_row
from tests.replays import recorded

METHOD_NUMBERS = {
    0: "unresolved",
    1: "time",
    2: "game",
    3: "resolved",
    4: "stage-failed",
    6: "new-record",
    7: "no-contest",
    9: "game-cleared",
}


@pytest.fixture(scope="module")
def told(
    replay_dir: Path, truth_dir: Path
) -> list[tuple[str, dict[str, Any], list[dict[str, Any]], dict[str, Any]]]:
    """(name, row of `replays`, rows of `players`, slippi-js's answer) of every readable file."""
    return [
        (
            name,
            replay_row(game, tables),
            player_rows(game, tables),
            json.loads((truth_dir / name).with_suffix(".json").read_text(encoding="utf-8")),
        )
        for name, (game, tables) in recorded.readable(replay_dir).items()
    ]


def _row(told: list[Any], start: str) -> dict[str, Any]:
    return next(row for name, row, _, _ in told if name.startswith(start))


def test_rows_fit_their_tables(told: list[Any]) -> None:
    rows = [row for _, row, _, _ in told]
    assert all(list(row) == list(schema.REPLAYS.names) for row in rows)
    written = pa.Table.from_pylist(rows, schema=schema.arrow_schema(schema.REPLAYS))
    assert written.to_pylist() == rows
    players = [player for _, _, found, _ in told for player in found]
    assert all(list(player) == list(schema.PLAYERS.names) for player in players)
    written = pa.Table.from_pylist(players, schema=schema.arrow_schema(schema.PLAYERS))
    assert written.to_pylist() == players


def test_settings_are_slippi_js_s(told: list[Any]) -> None:
    for name, row, players, truth in told:
        settings = truth["settings"]
        assert row["version"] == settings["slpVersion"], name
        assert row["stage"] == settings["stageId"], name
        assert row["is_teams"] == settings["isTeams"], name
        assert row["is_pal"] == settings.get("isPAL"), name
        mine = [
            (
                p["port"],
                p["character"],
                p["costume"],
                p["start_stocks"],
                ("human", "cpu", "demo").index(p["type"]),
            )
            for p in players
        ]
        theirs = [
            (p["port"], p["characterId"], p["characterColor"], p["startStocks"], p["type"])
            for p in settings["players"]
        ]
        assert mine == theirs, name


def test_game_end_is_slippi_js_s(told: list[Any]) -> None:
    for name, row, _, truth in told:
        ended = truth.get("gameEnd")
        if ended is None:
            assert row["end_method"] is None, name
            assert row["lras_port"] is None, name
            assert not row["complete"], name
            continue
        assert row["end_method"] == METHOD_NUMBERS[ended["gameEndMethod"]], name
        quitter = ended.get("lrasInitiatorIndex", -1)
        assert row["lras_port"] == (quitter + 1 if quitter >= 0 else None), name
        assert row["complete"], name


def test_winners_are_slippi_js_s_and_stocks_fill_the_gaps(told: list[Any]) -> None:
    compared = filled = 0
    for name, row, players, truth in told:
        if row["num_players"] != 2:
            assert row["winner_port"] is None, name
            continue
        theirs = [entry["playerIndex"] + 1 for entry in truth["winners"]]
        if theirs:
            assert [row["winner_port"]] == theirs, name
            assert row["winner_by"] in ("quit", "time", "placement"), name
            compared += 1
        elif row["winner_port"] is not None:
            # slippi-js asks placements alone, which are there from 3.13 on.
            assert row["winner_by"] == "stocks", name
            assert tuple(map(int, row["version"].split("."))) < (3, 13, 0), name
            assert [p["port"] for p in players if p["end_stocks"] > 0] == [row["winner_port"]], name
            filled += 1
        assert [p["won"] for p in players] == [
            None if row["winner_port"] is None else p["port"] == row["winner_port"] for p in players
        ], name
    assert compared >= 40
    assert filled >= 20


def test_full_games_are_complete_1v1s(told: list[Any]) -> None:
    full = [row for name, row, _, _ in told if name.startswith("full_")]
    assert len(full) == 50
    assert {(row["mode"], row["complete"], row["num_players"]) for row in full} == {("1v1", True, 2)}
    assert sum(row["num_frames"] for row in full) == 471_173


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("test_v3.13.0_ffa-1p2p3p", "free-for-all"),
        ("test_v1.7.1_controllerfixes", "free-for-all"),
        ("test_v3.13.0_teams-p1p2", "teams"),
        ("broken/named-severed-frame", "doubles"),
        ("test_v3.9.1_giant", "giant"),
        ("test_v3.9.1_super-sudden-death", "super-sudden-death"),
        ("broken/training-mode", "training"),
        ("broken/break-the-targets", "target-test"),
        ("broken/home-run-contest", "home-run-contest"),
        ("broken/multi-man", "multi-man"),
    ],
)
def test_modes_of_real_games(told: list[Any], start: str, expected: str) -> None:
    assert _row(told, start)["mode"] == expected


def test_the_rules_alone_tell_versus_from_other_modes(replay_dir: Path) -> None:
    """A game of today, shown without its scene as an old version would, is versus or nothing."""
    for name, (game, _) in recorded.readable(replay_dir).items():
        known = mode(game.start, game.num_players)
        without = {key: value for key, value in game.start.items() if key != "scene"}
        versus = known in ("1v1", "doubles", "teams", "free-for-all")
        assert mode(without, game.num_players) == (known if versus else None), name


def test_sudden_death_and_a_lone_player_are_no_1v1() -> None:
    start = recorded.START | {"players": [recorded.player(1), recorded.player(2)]}
    assert mode(start, 2) == "1v1"
    assert mode(start | {"scene": {"major": 2, "minor": 3}}, 2) == "sudden-death"
    assert mode(start | {"scene": {"major": 99, "minor": 0}}, 2) is None
    assert mode(start | {"players": [recorded.player(1)]}, 1) == "solo"


def test_unranked_and_offline_match_ids(told: list[Any]) -> None:
    ranked = _row(told, "test_v3.14.0_ranked-game1-tiebreak")
    assert ranked["match_id"].startswith("mode.ranked-2022-12-20")
    assert (ranked["match_game"], ranked["match_tiebreaker"]) == (1, 1)
    offline = _row(told, "test_v3.14.0_wavedash")
    assert (offline["match_id"], offline["match_game"], offline["match_tiebreaker"]) == (None, None, None)


def test_names_come_from_the_start_or_the_metadata(told: list[Any]) -> None:
    def players(start: str) -> list[dict[str, Any]]:
        return next(found for name, _, found, _ in told if name.startswith(start))

    for start in ("full_v3.7.0_falco-marth_fod", "full_v3.14.0_falco-falco_fod"):
        for player in players(start):
            assert player["netplay_name"]
            code, number = player["connect_code"].split("#")
            assert code.isascii()
            assert number.isdigit()
    tags = [player["name_tag"] for player in players("test_v1.7.1_nametags2")]
    assert tags == ["A1=$", "か、9@"]
    local = players("full_v1.7.1_falcon-falcon")
    assert [(p["name_tag"], p["netplay_name"], p["connect_code"]) for p in local] == [(None, None, None)] * 2


def test_controller_fixes(told: list[Any]) -> None:
    fixes = {
        start: {
            (p["ucf_dash_back"], p["ucf_shield_drop"])
            for name, _, ps, _ in told
            if name.startswith(start)
            for p in ps
        }
        for start in ("full_v0.1.0", "test_v1.0.0_ics", "full_v3.14.0")
    }
    assert fixes == {
        "full_v0.1.0": {(None, None)},
        "test_v1.0.0_ics": {("off", "off")},
        "full_v3.14.0": {("ucf", "ucf")},
    }


def test_games_of_one_evening_make_a_set(told: list[Any]) -> None:
    games = [row for name, row, _, _ in told if name.startswith("full_")]
    ranked = [row for row in games if row["match_id"] == "mode.ranked-2022-12-28T01:51:09.18-1"]
    assert len(ranked) == 3
    assert len({row["set_key"] for row in ranked}) == 1
    console = [row for row in games if row["console_name"] == "Station 1"]
    assert all(row["set_key"] == row["game_id"] for row in console)
    assert len(console) == 3


FIRST, SECOND = LastState(1, 2, 80.9), LastState(4, 2, 80.1)


@pytest.mark.parametrize(
    ("end", "players", "expected"),
    [
        (None, (FIRST, SECOND), None),
        ({"method": "NoContest", "lras_initiator": "P4"}, (FIRST, SECOND), Winner(1, "quit")),
        ({"method": "NoContest", "lras_initiator": "P1"}, (FIRST, SECOND), Winner(4, "quit")),
        ({"method": "NoContest", "lras_initiator": "P2"}, (FIRST, SECOND), None),
        ({"method": "NoContest", "lras_initiator": None}, (FIRST, SECOND), None),
        ({"method": "Unresolved"}, (LastState(1, 0, 0.0), SECOND), None),
        # A whole percent decides, not its fraction; more stocks beat less damage.
        ({"method": "Time", "lras_initiator": None}, (FIRST, SECOND), None),
        ({"method": "Time"}, (FIRST, LastState(4, 2, 79.9)), Winner(4, "time")),
        ({"method": "Time"}, (LastState(1, 3, 150.0), SECOND), Winner(1, "time")),
        ({"method": "Time"}, (LastState(1, 1, 0.0), SECOND), Winner(4, "time")),
        # Placements beat stocks; without them the one who is left has won, and nobody where both are.
        (
            {"method": "Game", "players": [{"port": "P1", "placement": 1}, {"port": "P4", "placement": 0}]},
            (FIRST, LastState(4, 0, 0.0)),
            Winner(4, "placement"),
        ),
        ({"method": "Game"}, (LastState(1, 0, 0.0), SECOND), Winner(4, "stocks")),
        ({"method": "Resolved"}, (FIRST, LastState(4, 0, 3.0)), Winner(1, "stocks")),
        ({"method": "Game"}, (FIRST, SECOND), None),
        ({"method": "unknown(6)"}, (FIRST, LastState(4, 0, 0.0)), None),
        ({"method": "Game"}, (FIRST,), None),
        ({"method": "Game"}, (FIRST, SECOND, LastState(2, 0, 0.0)), None),
    ],
)
def test_winner(end: dict[str, Any] | None, players: tuple[LastState, ...], expected: Winner | None) -> None:
    assert winner(end, players) == expected


def test_end_methods_keep_what_they_do_not_know() -> None:
    assert end_method(None) is None
    assert end_method({"method": "NoContest"}) == "no-contest"
    assert end_method({"method": "unknown(77)"}) == "unknown(77)"
    assert lras_port({"method": "NoContest", "lras_initiator": "P3"}) == 3
    assert lras_port({"method": "Resolved"}) is None


@pytest.mark.parametrize(
    ("ids", "end", "expected"),
    [
        (range(-123, 10), {"method": "Game"}, True),
        (range(-123, 10), {"method": "NoContest"}, True),
        (range(-123, 10), None, False),
        (range(-122, 10), {"method": "Game"}, False),
        ([*range(-123, 5), *range(6, 10)], {"method": "Game"}, False),
    ],
)
def test_complete_needs_every_frame_and_the_end(ids: Any, end: dict[str, Any] | None, expected: bool) -> None:
    assert is_complete(np.array(list(ids), dtype=np.int32), end) is expected


@pytest.mark.parametrize(
    ("names", "started_at", "expected"),
    [
        ([("B#2", "b"), ("A#1", "a")], "2022-12-28T01:51:39Z", "A#1|B#2|2022-12-28"),
        ([("A#1", "a"), ("B#2", "b")], None, "A#1|B#2"),
        ([("A#1", "a"), (None, "b")], "2022-12-28T01:51:39Z", "a|b|2022-12-28"),
        ([("A#1", None), (None, "b")], "2022-12-28T01:51:39Z", "the game"),
        ([(None, None), (None, None)], "2022-12-28T01:51:39Z", "the game"),
        ([], None, "the game"),
    ],
)
def test_set_key(names: list[tuple[str | None, str | None]], started_at: str | None, expected: str) -> None:
    assert set_key(names, started_at, "the game") == expected


@settings(deadline=None)
@given(st.permutations([("A#1", "a"), ("B#2", "b"), ("C#3", "c")]))
def test_set_key_does_not_know_who_sat_where(names: list[tuple[str, str]]) -> None:
    assert set_key(names, "2020-01-01T00:00:00Z", "g") == "A#1|B#2|C#3|2020-01-01"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2022-12-28T23:30:00-05:00", "2022-12-29"),
        ("2022-12-28T23:30:00Z", "2022-12-28"),
        ("2022-05-16T04:18:02.446Z", "2022-05-16"),
        ("2019-03-24T11:39:42", "2019-03-24"),
        ("0001-01-01T00:00:00+05:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_utc_day(text: str | None, day: str | None) -> None:
    assert utc_day(text) == day


@settings(deadline=None)
@given(st.text())
def test_utc_day_of_any_text_is_a_day_or_nothing(text: str) -> None:
    day = utc_day(text)
    assert day is None or len(day) == 10
