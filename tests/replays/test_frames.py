"""Frame tables against slippi-js on real games, and against a naive loop on games of any shape."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exphil import schema
from exphil.replays.frames import frame_tables, last_rows
from exphil.replays.game import Game
from exphil.replays.identity import GAME_ID_COLUMNS
from tests.replays import recorded

SUMS = {
    "positionX": "post_position_x",
    "positionY": "post_position_y",
    "percent": "post_percent",
    "shieldSize": "post_shield",
    "facingDirection": "post_direction",
    "pre.joystickX": "pre_joystick_x",
    "pre.joystickY": "pre_joystick_y",
    "pre.cStickX": "pre_cstick_x",
    "pre.cStickY": "pre_cstick_y",
    "pre.trigger": "pre_triggers",
}
DIGESTS = {
    "actionStateId": "post_state",
    "stocksRemaining": "post_stocks",
    "pre.physicalButtons": "pre_buttons_physical",
}

TABLES = (schema.FRAMES, schema.ITEMS, schema.STAGE_FRAMES)


def _sha1(values: np.ndarray) -> str:
    return hashlib.sha1(values.astype("<i4").tobytes()).hexdigest()


def _digest(frames: pa.Table) -> dict[str, Any]:
    """slippi-js's digest: whole frames only, those that every player has a row in; sums in the order of frames."""
    columns = {name: frames[name].to_numpy() for name in {*SUMS.values(), *DIGESTS.values(), "port", "frame"}}
    leaders = ~frames["follower"].to_numpy()
    ports = np.unique(columns["port"][leaders])
    ids, counts = np.unique(columns["frame"][leaders], return_counts=True)
    whole = ids[counts == len(ports)]
    players = []
    for port in ports:
        chosen = leaders & (columns["port"] == port) & np.isin(columns["frame"], whole)
        # cumsum adds one by one, as JavaScript does; sum() would pair
        sums = {key: columns[name][chosen].astype(np.float64).cumsum()[-1] for key, name in SUMS.items()}
        digests = {key: _sha1(columns[name][chosen]) for key, name in DIGESTS.items()}
        players.append({"playerIndex": int(port) - 1, "sum": sums, "sha1": digests})
    return {
        "count": len(whole),
        "first": int(whole[0]),
        "last": int(whole[-1]),
        "ids": _sha1(whole),
        "players": players,
    }


def test_whole_frames_are_slippi_js_s(replay_dir: Path, truth_dir: Path) -> None:
    games = recorded.readable(replay_dir)
    compared = 0
    for truth_path in sorted(truth_dir.rglob("*.json")):
        truth = json.loads(truth_path.read_text(encoding="utf-8"))
        if not truth["frames"]["count"]:
            continue
        name = truth_path.relative_to(truth_dir).with_suffix(".slp").as_posix()
        assert _digest(games[name][1].frames) == truth["frames"], name
        compared += 1
    assert compared > 100


def test_columns_are_null_exactly_where_the_version_lacks_them(replay_dir: Path) -> None:
    seen: dict[str, set[bool]] = {}
    for name, (game, tables) in recorded.readable(replay_dir).items():
        for table in TABLES:
            rows = getattr(tables, table.name)
            for column in table.columns:
                known = column.since is None or column.since <= game.version
                nulls = rows[column.name].null_count
                if not known:
                    assert nulls == rows.num_rows, f"{name} {table.name}.{column.name} before {column.since}"
                elif column.since != (3, 18, 0) and not name.startswith("broken/"):
                    # Stage events are null until the first one; broken files may lack single events.
                    assert nulls == 0, f"{name} {table.name}.{column.name}: {nulls} nulls"
                seen.setdefault(column.name, set()).add(known)
    unseen = {name for name, known in seen.items() if True not in known}
    assert not unseen, "no real replay is new enough for these columns"


def test_no_field_of_the_parser_is_dropped(replay_dir: Path) -> None:
    def leaves(type: pa.DataType, prefix: str) -> set[str]:
        found: set[str] = set()
        for field in type:
            name = f"{prefix}{field.name}"
            found |= leaves(field.type, f"{name}_") if pa.types.is_struct(field.type) else {name}
        return found

    newest = max((game for game, _ in recorded.readable(replay_dir).values()), key=lambda game: game.version)
    frames = newest.frames.type
    port = frames.field("ports").type.field(0).type
    assert leaves(port.field("leader").type, "") <= set(schema.FRAMES.names)
    assert leaves(frames.field("item").type.value_type, "") <= set(schema.ITEMS.names)
    assert leaves(frames.field("start").type, "start_") <= set(schema.STAGE_FRAMES.names)
    assert leaves(frames.field("end").type, "end_") <= set(schema.STAGE_FRAMES.names)
    rest = set(leaves(frames, "")) - {
        name for name in leaves(frames, "") if name.startswith(("ports_", "start_", "end_"))
    }
    assert rest == {"id", "item", "fod_platform", "dreamland_whispy", "stadium_transformation"}


def test_tables_have_the_schema_and_are_sorted_by_a_unique_key(replay_dir: Path) -> None:
    for name, (game, tables) in recorded.readable(replay_dir).items():
        for table in TABLES:
            rows = getattr(tables, table.name)
            assert rows.schema.equals(schema.arrow_schema(table, encoded=True), check_metadata=True)
            assert rows["replay_id"].unique().to_pylist() in ([game.content_id], [])
            keys = pl.DataFrame(rows.select(list(table.key)[1:]))
            assert keys.equals(keys.unique().sort(keys.columns)), f"{name} {table.name}"


def test_followers_have_rows_only_while_they_live(replay_dir: Path) -> None:
    game, tables = recorded.readable(replay_dir)["full_v3.12.0_ics-falco_dreamland_d2ba1a.slp"]
    rows = tables.frames.to_pandas()
    followers = rows[rows.follower]
    assert set(followers.port) == {1}
    assert set(followers.post_character) == {11}  # Nana
    assert set(rows[~rows.follower & (rows.port == 1)].post_character) == {10}  # Popo
    assert (~rows.follower & (rows.port == 1)).sum() == 9519
    nana = game.frames.field("ports").field("P1").field("follower")
    kept = last_rows(np.asarray(game.frames.field("id")))
    assert len(followers) == int(np.asarray(nana.is_valid())[kept].sum()) < 9519


def test_an_eliminated_player_has_no_rows_afterwards(replay_dir: Path) -> None:
    name = "test_v3.13.0_teams-time-p3-redvsp1p2-bluevsp4-green-winner-blue_1d4188.slp"
    _, tables = recorded.readable(replay_dir)[name]
    counts = tables.frames["port"].value_counts().to_pylist()
    assert {entry["values"]: entry["counts"] for entry in counts} == {1: 3724, 2: 3724, 3: 1001, 4: 3724}


def test_a_frame_id_that_never_advances_keeps_its_last_row(replay_dir: Path) -> None:
    name = "broken/training-mode_frame-id-never-advances_96c68a.slp"
    _, tables = recorded.readable(replay_dir)[name]
    assert tables.frames["frame"].to_pylist() == [65793, 65793]
    assert tables.num_rollback_rows == 1342


def test_fountain_platforms_move_from_their_first_event_on(replay_dir: Path) -> None:
    _, tables = recorded.readable(replay_dir)["test_v3.18.0_v3.18_a5757e.slp"]
    rows = tables.stage_frames.to_pandas().set_index("frame")
    left = rows.fod_platform_left
    assert left[:699].isna().all()
    assert left[700] == pytest.approx(20.15)
    assert left[712] == pytest.approx(21.95)
    assert rows.whispy_direction.isna().all()


def test_two_recordings_of_one_game_share_its_game_id(replay_dir: Path) -> None:
    games = recorded.readable(replay_dir)
    first = games["full_v2.0.1_pikachu-falco_battlefield_518a86.slp"]
    second = games["full_v2.0.1_pikachu-falco_battlefield_b5c188.slp"]
    assert first[0].content_id != second[0].content_id
    assert first[1].game_id == second[1].game_id
    ids = [tables.game_id for _, tables in games.values()]
    assert len(set(ids)) == len(ids) - 1


@st.composite
def any_games(draw: st.DrawFn) -> Game:
    """Frame ids in any order and number, players and followers that come and go, items and stage events."""
    ids = draw(st.lists(st.integers(-4, 4), min_size=1, max_size=20))
    num_rows = len(ids)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    follower = rng.random(num_rows) < draw(st.sampled_from([0.0, 0.5, 1.0]))
    second = rng.random(num_rows) < draw(st.sampled_from([0.0, 0.5]))
    unfinished = rng.random(num_rows) < draw(st.sampled_from([0.0, 0.5]))
    unstarted = rng.random(num_rows) < draw(st.sampled_from([0.0, 0.5]))
    ports = {
        "P2": pa.StructArray.from_arrays(
            [recorded.character(rng, num_rows), recorded.character(rng, num_rows, follower)],
            names=["leader", "follower"],
        ),
        "P4": pa.StructArray.from_arrays(
            [recorded.character(rng, num_rows, second, unfinished)], names=["leader"]
        ),
    }
    item = {column.name: pa.type_for_alias(column.type) for column in schema.ITEMS.columns[3:]}
    return recorded.game(
        {
            "id": pa.array(ids, pa.int32()),
            "ports": pa.StructArray.from_arrays(list(ports.values()), names=list(ports)),
            "start": pa.StructArray.from_arrays(
                [pa.array(rng.integers(0, 9, num_rows), pa.uint32())],
                names=["random_seed"],
                mask=pa.array(unstarted),
            ),
            "item": recorded.lists(rng, num_rows, 3, **item),
            "fod_platform": recorded.lists(rng, num_rows, 2, platform=pa.uint8(), height=pa.float32()),
            "dreamland_whispy": recorded.lists(rng, num_rows, 1, direction=pa.uint8()),
        }
    )


def _naive(game: Game) -> dict[str, list[dict[str, Any]]]:
    """The three tables by plain loops over plain dicts."""
    last = {row["id"]: row for row in game.frames.to_pylist()}
    frames, items, stage_frames = [], [], []
    for port in ("P2", "P4"):
        for role in ("leader", "follower"):
            for frame in sorted(last):
                data = last[frame]["ports"][port].get(role)
                if data is not None:
                    key = {"port": int(port[1:]), "follower": role == "follower", "frame": frame}
                    values = {f"{part}_{name}": v for part in data for name, v in (data[part] or {}).items()}
                    frames.append(key | values)
    state = dict.fromkeys(("fod_platform_left", "fod_platform_right", "whispy_direction"))
    for frame in sorted(last):
        row = last[frame]
        items += [{"frame": frame, "index": index} | item for index, item in enumerate(row["item"])]
        for event in row["fod_platform"]:
            state["fod_platform_left" if event["platform"] else "fod_platform_right"] = event["height"]
        for event in row["dreamland_whispy"]:
            state["whispy_direction"] = event["direction"]
        start = {"start_random_seed": row["start"] and row["start"]["random_seed"]}
        stage_frames.append({"frame": frame} | start | state)
    return {"frames": frames, "items": items, "stage_frames": stage_frames}


@settings(deadline=None)
@given(any_games())
def test_tables_equal_a_naive_loop(game: Game) -> None:
    tables = frame_tables(game)
    expected = _naive(game)
    for table in TABLES:
        rows = getattr(tables, table.name).to_pylist()
        blank = dict.fromkeys(table.names) | {"replay_id": game.content_id}
        assert rows == [blank | row for row in expected[table.name]], table.name
    assert tables.num_rollback_rows == len(game.frames) - len(expected["stage_frames"])


@settings(deadline=None)
@given(any_games())
def test_game_id_does_not_know_of_rollbacks(game: Game) -> None:
    order = last_rows(np.asarray(game.frames.field("id")))
    if order is not None:
        taken = [game.frames.field(name).take(pa.array(order)) for name in game.frames.type.names]
        resolved = recorded.game(dict(zip(game.frames.type.names, taken, strict=True)))
        assert frame_tables(resolved).game_id == frame_tables(game).game_id


@pytest.mark.parametrize("name", GAME_ID_COLUMNS[1:])
def test_game_id_covers_every_column_it_names(name: str) -> None:
    def changed(amount: int) -> str:
        rng = np.random.default_rng(0)
        data = recorded.character(rng, 4)
        part, column = name.split("_", 1)
        parts = {
            key: {c: data.field(key).field(c) for c in data.field(key).type.names} for key in ("pre", "post")
        }
        values = parts[part][column].to_pylist()
        values[2] += amount
        parts[part][column] = pa.array(values, parts[part][column].type)
        structs = [pa.StructArray.from_arrays(list(p.values()), names=list(p)) for p in parts.values()]
        leader = pa.StructArray.from_arrays(structs, names=list(parts))
        port = pa.StructArray.from_arrays([leader], names=["leader"])
        ports = pa.StructArray.from_arrays([port], names=["P1"])
        return frame_tables(recorded.game({"id": pa.array([0, 1, 2, 3], pa.int32()), "ports": ports})).game_id

    assert changed(0) == changed(0) != changed(1)


def test_last_rows_copies_nothing_where_nothing_repeats() -> None:
    assert last_rows(np.arange(-123, 50, dtype=np.int32)) is None
    rows = last_rows(np.array([0, 1, 2, 1, 2, 3], dtype=np.int32))
    assert rows is not None
    assert rows.tolist() == [0, 3, 4, 5]
