"""Views: what they take in, whom they name, and that no row comes twice."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from exphil import schema
from exphil.errors import StoreError
from exphil.sql.database import Database
from exphil.sql.listing import LISTED
from exphil.sql.names import Row
from exphil.sql.tables import FIXED_ROWS
from exphil.sql.views import VIEWS
from exphil.store.store import Store
from tests.sql.part_files import PartFiles, Rows


def replay(replay_id: str, **values: object) -> dict[str, object]:
    return {
        "replay_id": replay_id,
        "path": f"{replay_id}.slp",
        "status": "ok",
        "num_players": 2,
        "stage_name": "BATTLEFIELD",
        "mode": "1v1",
        "started_at": "2024-05-01T20:00:00Z",
        "last_frame": -39 + 3600,
        "winner_port": 1,
        **values,
    }


def player(replay_id: str, port: int, code: str | None, **values: object) -> dict[str, object]:
    return {
        "replay_id": replay_id,
        "port": port,
        "connect_code": code,
        "character_name": "FOX" if port == 1 else "MARTH",
        "type": "human",
        "won": port == 1,
        **values,
    }


def pair(replay_id: str, one: str | None = "ONE#1", two: str | None = "TWO#2") -> Rows:
    return [player(replay_id, 1, one), player(replay_id, 3, two)]


def ask(folder: Path, tables: dict[str, Rows], query: str, people: str = "") -> list[tuple[object, ...]]:
    store = PartFiles(folder, tables)
    if people:
        (folder / "people.csv").write_text(people)
        store.root = folder  # type: ignore[attr-defined]
    with Database(store) as database:
        return [tuple(row.values()) for row in database.query(query).read_all().to_pylist()]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with Database(PartFiles(tmp_path_factory.mktemp("empty"), {})) as database:
        yield database


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_view_has_its_typed_columns_on_an_empty_store(empty: Database, view) -> None:
    answer = empty.query(f"FROM {view.name}").read_all()
    assert answer.num_rows == 0
    expected = [(made.column.name, pa.type_for_alias(made.column.type)) for made in view.columns]
    assert [(field.name, field.type) for field in answer.schema] == expected


def test_every_column_and_function_says_what_it_is(empty: Database) -> None:
    query = "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE comment IS NOT NULL"
    told = {(row["table_name"], row["column_name"]) for row in empty.query(query).read_all().to_pylist()}
    assert {(table.name, column.name) for table in LISTED for column in table.columns} <= told
    query = "SELECT count(*) AS n FROM duckdb_functions() WHERE function_name = 'in_order' AND comment <> ''"
    assert empty.query(query).read_all()["n"].to_pylist() == [1]


@pytest.mark.parametrize(("table", "rows"), FIXED_ROWS, ids=lambda value: getattr(value, "name", ""))
def test_tables_that_the_code_fills_hold_its_rows(
    empty: Database, table: schema.Table, rows: Callable[[], Iterator[Row]]
) -> None:
    found = empty.query(f"FROM {table.name}").read_all().to_pylist()
    assert [tuple(row.values()) for row in found] == list(rows())
    assert found


def test_a_game_counts_once_and_only_between_two(tmp_path: Path) -> None:
    games = [
        replay("aa"),
        {**replay("aa"), "path": "copy.slp", "status": "duplicate"},
        {"path": "broken.slp", "status": "quarantined"},
        replay("bb", num_players=4, mode="doubles"),
        replay("cc", mode=None, winner_port=None, started_at="no date"),
    ]
    found = ask(
        tmp_path, {"replays": games}, "SELECT replay_id, seconds, started_at, day FROM games ORDER BY ALL"
    )
    assert found == [("aa", 60.0, datetime(2024, 5, 1, 20), date(2024, 5, 1)), ("cc", 60.0, None, None)]


def test_a_match_id_tells_the_kind(tmp_path: Path) -> None:
    games = [
        replay("aa", match_id="mode.ranked-2024-05-01T20:00:00.00-1"),
        replay("bb", match_id="mode.direct-2024-05-01T20:00:00.00-1"),
        replay("cc"),
    ]
    found = ask(tmp_path, {"replays": games}, "SELECT match_kind FROM games ORDER BY replay_id")
    assert found == [("ranked",), ("direct",), (None,)]


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"connect_code": "ME#1", "netplay_name": "Me", "name_tag": "ME"}, "ME#1"),
        ({"connect_code": "", "netplay_name": "Me", "name_tag": "ME"}, "Me"),
        ({"netplay_name": "", "name_tag": "ME"}, "ME"),
        ({}, None),
        ({"connect_code": "OTHER#2", "netplay_name": "Me"}, "Some Body"),
    ],
)
def test_a_player_is_the_person_else_the_code_else_a_name(
    tmp_path: Path, values: dict[str, object], name: str | None
) -> None:
    tables: dict[str, Rows] = {
        "replays": [replay("aa")],
        "players": [player("aa", 1, None, **values), player("aa", 2, "X#9")],
    }
    people = "person,connect_code\nSome Body,OTHER#2\nSome Body,THIRD#3\n"
    query = "SELECT player, opponent FROM sides ORDER BY port"
    assert ask(tmp_path, tables, query, people) == [(name, "X#9"), ("X#9", name)]


def test_two_codes_of_a_person_are_one_player(tmp_path: Path) -> None:
    tables: dict[str, Rows] = {
        "replays": [replay("aa"), replay("bb", started_at="2024-05-01T20:05:00Z")],
        "players": [*pair("aa"), *pair("bb", one="ALT#1")],
    }
    people = "person,connect_code\nSome Body,ONE#1\nSome Body,ALT#1\n"
    query = "SELECT player, opponent, games, wins FROM sets ORDER BY player"
    found = ask(tmp_path, tables, query, people)
    assert found == [("Some Body", "TWO#2", 2, 2), ("TWO#2", "Some Body", 2, 0)]


def test_sides_stand_opposite_and_carry_ratios(tmp_path: Path) -> None:
    overall = [
        {"replay_id": "aa", "port": 1, "openings_per_kill_count": 6.0, "openings_per_kill_total": 4.0},
        {"replay_id": "aa", "port": 3, "openings_per_kill_count": 6.0, "openings_per_kill_total": 0.0},
    ]
    counts = [{"replay_id": "aa", "port": 1, "l_cancel_success": 3, "l_cancel_fail": 1}]
    tables: dict[str, Rows] = {
        "replays": [replay("aa")],
        "players": pair("aa"),
        "overall": overall,
        "action_counts": counts,
    }
    query = """SELECT port, opponent_port, character, opponent_character, won, openings_per_kill, l_cancel
        FROM sides ORDER BY port"""
    assert ask(tmp_path, tables, query) == [
        (1, 3, "FOX", "MARTH", True, 1.5, 0.75),
        (3, 1, "MARTH", "FOX", False, None, None),
    ]


def test_a_punish_has_names_and_a_direction_only_if_it_killed(tmp_path: Path) -> None:
    def punish(number: int, **values: object) -> dict[str, object]:
        return {
            "replay_id": "aa", "conversion": number, "attacker_port": 3, "victim_port": 1, "start_frame": 100,
            "end_frame": 160, "first_move": 55, "last_move": 16, "killed": True, "sequence": "grab up-throw uair kill",
            **values,
        }  # fmt: skip

    tables: dict[str, Rows] = {
        "replays": [replay("aa")],
        "players": pair("aa"),
        "conversions": [
            punish(0),
            punish(1, killed=False),
            punish(2, end_frame=None, killed=False, first_move=None, last_move=99),
        ],
        "stocks": [{"replay_id": "aa", "port": 1, "start_frame": -123, "end_frame": 160, "death_state": 4}],
    }
    query = """SELECT attacker, attacker_character, victim, first_move, last_move, frames, seconds, kill_direction
        FROM punishes ORDER BY conversion"""
    assert ask(tmp_path, tables, query) == [
        ("TWO#2", "MARTH", "ONE#1", "up-throw", "uair", 60, 1.0, "up"),
        ("TWO#2", "MARTH", "ONE#1", "up-throw", "uair", 60, 1.0, None),
        ("TWO#2", "MARTH", "ONE#1", None, "move-99", None, None, None),
    ]


def test_a_stock_that_no_punish_took_is_a_self_destruct(tmp_path: Path) -> None:
    def stock(start: int, end: int | None, count: int) -> dict[str, object]:
        return {
            "replay_id": "aa", "port": 1, "start_frame": start, "end_frame": end, "count": count,
            "end_percent": 50.0, "death_state": 0,
        }  # fmt: skip

    kill = {
        "replay_id": "aa", "conversion": 5, "attacker_port": 3, "victim_port": 1, "end_frame": 1161, "killed": True,
        "last_move": 17, "opening": "trade",
    }  # fmt: skip
    tables: dict[str, Rows] = {
        "replays": [replay("aa")],
        "players": pair("aa"),
        "stocks": [stock(-39, 1161, 4), stock(1221, 2000, 3), stock(2060, None, 2)],
        "conversions": [kill, {**kill, "conversion": 6, "end_frame": 2000, "killed": False}],
    }
    query = """SELECT frame, clock, lived_seconds, stocks_before, percent, kill_direction, killed_by, opening,
        self_destruct FROM stock_losses ORDER BY frame"""
    assert ask(tmp_path, tables, query) == [
        (1161, "7:40", 20.0, 4, 50.0, "down", "dair", "trade", False),
        (2000, "7:27", pytest.approx(779 / 60), 3, 50.0, "down", None, None, True),
    ]


def at(minute: int, second: int = 0) -> str:
    return f"2024-05-01T20:{minute:02}:{second:02}Z"


@pytest.mark.parametrize(
    ("second_game", "sets"),
    [
        ({"started_at": at(1)}, 1),
        ({"started_at": at(16)}, 1),  # fifteen minutes after the end of the first, which takes one
        ({"started_at": at(16, 1)}, 2),
        ({"started_at": None}, 1),  # nobody knows when: in no set
        ({"started_at": at(2), "match_id": "mode.ranked-x-2"}, 2),
        ({"started_at": at(2), "match_id": "mode.direct-x-2"}, 1),
    ],
)
def test_a_pause_or_another_ranked_match_begins_a_set(
    tmp_path: Path, second_game: dict[str, object], sets: int
) -> None:
    tables: dict[str, Rows] = {
        "replays": [replay("aa", started_at=at(0)), replay("bb", **second_game)],
        "players": [*pair("aa"), *pair("bb")],
    }
    found = ask(tmp_path, tables, "SELECT DISTINCT set_id FROM sets")
    assert len(found) == sets


def test_a_ranked_match_is_one_set_whatever_the_pause_within(tmp_path: Path) -> None:
    match = "mode.ranked-x-1"
    tables: dict[str, Rows] = {
        "replays": [
            replay("aa", started_at=at(0), match_id=match),
            replay("bb", started_at=at(5), match_id=match),
        ],
        "players": [*pair("aa"), *pair("bb")],
    }
    assert ask(tmp_path, tables, "SELECT games FROM sets") == [(2,), (2,)]


def test_both_players_see_the_same_set(tmp_path: Path) -> None:
    winners = {"aa": 3, "bb": 1, "cc": 1}
    tables: dict[str, Rows] = {
        "replays": [
            replay(name, started_at=at(5 * i), winner_port=winners[name]) for i, name in enumerate(winners)
        ],
        "players": [
            player(name, port, code, won=port == winners[name])
            for name in winners
            for port, code in ((1, "ONE#1"), (3, "TWO#2"))
        ],
    }
    query = "SELECT set_id, player, games, wins, losses, won, won_first, stages FROM sets ORDER BY player"
    stages = "BATTLEFIELD BATTLEFIELD BATTLEFIELD"
    assert ask(tmp_path, tables, query) == [
        ("aa", "ONE#1", 3, 2, 1, True, False, stages),
        ("aa", "TWO#2", 3, 1, 2, False, True, stages),
    ]
    query = (
        "SELECT game, wins_before, losses_before, won_previous FROM set_games WHERE port = 1 ORDER BY game"
    )
    assert ask(tmp_path, tables, query) == [(1, 0, 0, None), (2, 0, 1, False), (3, 1, 1, True)]


def test_an_hour_without_a_game_ends_a_session(tmp_path: Path) -> None:
    starts = ["2024-05-01T20:00:00Z", "2024-05-01T21:01:00Z", "2024-05-01T22:02:01Z"]
    tables: dict[str, Rows] = {
        "replays": [replay(name, started_at=start) for name, start in zip("abc", starts, strict=True)],
        "players": [
            row
            for name, other in zip("abc", ("X#1", "Y#2", "X#1"), strict=True)
            for row in pair(name, two=other)
        ],
    }
    query = "SELECT session, games, wins, opponents, minutes_played FROM sessions WHERE player = 'ONE#1' ORDER BY 1"
    assert ask(tmp_path, tables, query) == [(1, 2, 2, 2, 2.0), (2, 1, 1, 1, 1.0)]
    query = "SELECT replay_id, session, game FROM session_games WHERE player = 'ONE#1' ORDER BY 1"
    assert ask(tmp_path, tables, query) == [("a", 1, 1), ("b", 1, 2), ("c", 2, 1)]


def test_who_played_against_themselves_or_is_unknown_has_no_set(tmp_path: Path) -> None:
    tables: dict[str, Rows] = {
        "replays": [replay("aa"), replay("bb")],
        "players": [*pair("aa", two=None), *pair("bb", two="ONE#1")],
    }
    assert ask(tmp_path, tables, "FROM sets") == []
    assert ask(tmp_path, tables, "SELECT count(*) FROM sides") == [(4,)]


def test_an_edge_guard_is_told_from_the_guards_side(tmp_path: Path) -> None:
    recovery = {
        "replay_id": "aa",
        "port": 1,
        "start_frame": 100,
        "outcome": "died",
        "edge_guarded": True,
        "conversion": 7,
    }
    tables: dict[str, Rows] = {
        "replays": [replay("aa")],
        "players": pair("aa"),
        "recoveries": [recovery, {**recovery, "start_frame": 500, "edge_guarded": False}],
        "conversions": [
            {"replay_id": "aa", "conversion": 7, "attacker_port": 3, "victim_port": 1, "last_move": 14}
        ],
    }
    query = "SELECT attacker, victim, victim_port, start_frame, outcome, last_move FROM edge_guards"
    assert ask(tmp_path, tables, query) == [("TWO#2", "ONE#1", 1, 100, "died", "fair")]
    query = "SELECT player, opponent, start_frame FROM recovery_situations ORDER BY start_frame"
    assert ask(tmp_path, tables, query) == [("ONE#1", "TWO#2", 100), ("ONE#1", "TWO#2", 500)]


def test_a_store_without_statistics_has_its_games_and_sides(tmp_path: Path) -> None:
    tables: dict[str, Rows] = {"replays": [replay("aa")], "players": pair("aa")}
    query = "SELECT player, won, conversion_count, l_cancel FROM sides ORDER BY port"
    assert ask(tmp_path, tables, query) == [("ONE#1", True, None, None), ("TWO#2", False, None, None)]
    assert ask(tmp_path, tables, "FROM punishes") == []
    assert ask(tmp_path, tables, "SELECT replay_id, score, flags FROM games") == [("aa", None, None)]


OLD = pa.table({"replay_id": ["old"], "conversion": pa.array([0], pa.uint16()), "damage": [12.5]})
"""What an earlier version wrote: a part of `conversions` without `sequence`, for one."""


def with_old_part(folder: Path, *places: int) -> PartFiles:
    """A store of three parts of `conversions`, of which those at the places are old."""
    rows: Rows = [{"replay_id": "new", "conversion": 0, "damage": 7.5, "sequence": "grab"}]
    store = PartFiles(folder, {"conversions": rows})
    new = store.paths["conversions"][0]
    pq.write_table(OLD, folder / "old.parquet")
    store.paths["conversions"] = [str(folder / "old.parquet") if i in places else new for i in range(3)]
    return store


@pytest.mark.parametrize("places", [(0, 1, 2), (0,), (2,), (0, 1)])
def test_columns_that_older_parts_lack_are_null(tmp_path: Path, places: tuple[int, ...]) -> None:
    with Database(with_old_part(tmp_path, *places)) as database:
        answer = database.query(
            "SELECT replay_id, damage, sequence FROM conversions ORDER BY replay_id"
        ).read_all()
    new = {"replay_id": "new", "damage": 7.5, "sequence": "grab"}
    old = {"replay_id": "old", "damage": 12.5, "sequence": None}
    assert answer.to_pylist() == [new] * (3 - len(places)) + [old] * len(places)
    assert answer.schema.field("sequence").type == pa.string()


def test_an_older_part_in_the_middle_is_told(tmp_path: Path) -> None:
    with (
        Database(with_old_part(tmp_path, 1)) as database,
        pytest.raises(StoreError, match="exphil materialize all"),
    ):
        database.query("SELECT sequence FROM conversions").read_all()


@pytest.fixture(scope="module")
def real(real_store: Path) -> Iterator[Database]:
    with Database(Store.open(real_store)) as database:
        yield database


@pytest.mark.parametrize(
    "table", [*(view.table for view in VIEWS), *schema.STATS_TABLES], ids=lambda table: table.name
)
def test_no_row_comes_twice_on_real_games(real: Database, table: schema.Table) -> None:
    key = ", ".join(table.key)
    query = f"SELECT count(*) AS rows, count(DISTINCT ({key})) AS keys FROM {table.name}"
    [found] = real.query(query).read_all().to_pylist()
    assert found["rows"] == found["keys"] > 0


@pytest.mark.parametrize(
    ("view", "table"),
    [
        ("punishes", "conversions"),
        ("punish_moves", "moves"),
        ("player_combos", "combos"),
        ("player_frames", "frames"),
        ("stock_losses", "stocks WHERE end_frame IS NOT NULL"),
        ("sides", "overall"),
        ("tech_situations", "techs"),
        ("ledge_situations", "ledge_options"),
        ("recovery_situations", "recoveries"),
        ("edge_guards", "recoveries WHERE edge_guarded"),
    ],
)
def test_no_row_is_lost_on_real_games(real: Database, view: str, table: str) -> None:
    query = f"SELECT (SELECT count(*) FROM {view}) AS named, (SELECT count(*) FROM {table}) AS plain"
    [found] = real.query(query).read_all().to_pylist()
    assert found["named"] == found["plain"] > 0


def test_every_kill_has_a_direction_and_is_a_lost_stock_on_real_games(real: Database) -> None:
    query = """SELECT count(*) AS kills, count(kill_direction) AS directions,
        (SELECT count(*) FROM stock_losses WHERE NOT self_destruct) AS taken FROM punishes WHERE killed"""
    [found] = real.query(query).read_all().to_pylist()
    assert found["kills"] == found["directions"] == found["taken"] > 0


def test_ratios_of_sides_are_those_of_the_counts_on_real_games(real: Database) -> None:
    query = """SELECT count(*) AS n FROM sides
        WHERE openings_per_kill IS DISTINCT FROM openings_per_kill_count / nullif(openings_per_kill_total, 0)
        OR openings_per_kill_count <> conversion_count OR openings_per_kill_total <> kill_count"""
    assert real.query(query).read_all()["n"].to_pylist() == [0]


def test_the_search_knows_every_word_of_real_sequences(real: Database) -> None:
    query = "SELECT DISTINCT unnest(string_split(sequence, ' ')) AS word FROM punishes WHERE sequence <> ''"
    words = real.query(query).read_all()["word"].to_pylist()
    assert {"grab", "missed-tech", "ledge-grab", "kill"} <= set(words)
    for word in words:
        query = f"SELECT count(*) AS n FROM punishes WHERE in_order(sequence, '{word}')"
        assert real.query(query).read_all()["n"].to_pylist()[0] > 0
