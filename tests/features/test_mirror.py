"""Encoding a mirrored game gives the mirrored rows of the game; and every dim does what a mirror does to it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil import schema
from exphil.features import V1, FeatureSet
from exphil.features.encodings import Flag, Id, Lookup, Number
from exphil.features.feature import Feature
from exphil.features.mirror import KEPT, NEGATED, SWAPPED, is_stored, reflection, rule_of, stem_of
from exphil.melee.controller import HEADS, STICK_BINS
from exphil.melee.sides import MIRRORED_ACTION
from exphil.replays.frames import frame_tables
from exphil.replays.reader import read_game
from tests.features.conftest import Build, GameTables

JIGGLYPUFF, POPO = 15, 10
FOUNTAIN, STADIUM, YOSHIS, DREAM_LAND, BATTLEFIELD, FINAL = 2, 3, 8, 28, 31, 32
REFLECTION = reflection(V1)

# What a mirror does to the columns of a recording, and to action states of Jigglypuff: dying, and Rest.
TURNED_COLUMNS = {
    "pre_joystick_x", "pre_cstick_x", "post_position_x", "post_direction", "post_velocities_self_x_air",
    "post_velocities_self_x_ground", "post_velocities_knockback_x", "item_position_x", "item_velocity_x",
}  # fmt: skip
TURNED_STATES = {1: 2, 2: 1, 369: 371, 371: 369, 370: 372, 372: 370}
TURNED_WINDS = {1: 2, 2: 1}


def random_columns(table: schema.Table, num: int, rng: np.random.Generator) -> dict[str, Any]:
    """Values for every column of a table, of the size that games have."""
    found: dict[str, Any] = {}
    for column in table.columns:
        if column.type in ("float", "double"):
            found[column.name] = rng.normal(0, 5 if "veloc" in column.name else 40, num).astype(np.float32)
        elif column.type == "bool":
            found[column.name] = rng.integers(0, 2, num).astype(bool)
        elif column.type != "string":
            found[column.name] = rng.integers(0, 100, num)
    return found


def fighter(num: int, rng: np.random.Generator, character: int) -> dict[str, Any]:
    found = random_columns(schema.FRAMES, num, rng)
    for name in ("replay_id", "frame", "port", "follower"):
        found.pop(name, None)
    for name in ("pre_joystick_x", "pre_joystick_y", "pre_cstick_x", "pre_cstick_y"):
        found[name] = rng.integers(-80, 81, num) / np.float32(80)
    found["post_direction"] = rng.choice([-1.0, 1.0], num)
    found["post_character"] = character
    found["post_state"] = rng.choice([0, 1, 2, 14, 60, 369, 370, 371, 372, 400], num)
    return found


def game(build: Build, stage: int, seed: int = 5, num: int = 60) -> GameTables:
    """A game of noise in which everything moves: two players, a follower, items, the stage's parts."""
    rng = np.random.default_rng(seed)
    items = []
    for frame in range(-39, -39 + num):
        one = {name: values[0] for name, values in random_columns(schema.ITEMS, 1, rng).items()}
        items.append({**one, "frame": frame, "id": frame + 40, "owner": int(rng.integers(0, 2))})
    shared = random_columns(schema.STAGE_FRAMES, num, rng)
    shared.pop("frame")
    shared["whispy_direction"] = rng.integers(0, 3, num)
    fighters = {
        1: fighter(num, rng, JIGGLYPUFF), 2: fighter(num, rng, POPO), (2, True): fighter(num, rng, POPO),
    }  # fmt: skip
    return build(num, fighters, items=items, shared=shared, stage=stage)


def turned_states(frames: pa.Table) -> list[int]:
    """Action states on the other side, of Jigglypuff and of whoever else only dies."""
    characters = frames["post_character"].to_pylist()
    return [
        TURNED_STATES.get(state, state) if character == JIGGLYPUFF or state < 14 else state
        for character, state in zip(characters, frames["post_state"].to_pylist(), strict=True)
    ]


def mirrored(tables: GameTables) -> GameTables:
    """The game as its recording would be, had all been turned about the middle of the stage."""
    frames = put(turned(tables.frames, ""), "post_state", turned_states(tables.frames))
    stage = tables.stage_frames
    winds = [TURNED_WINDS.get(wind, wind) for wind in stage["whispy_direction"].to_pylist()]
    left, right = stage["fod_platform_left"], stage["fod_platform_right"]
    stage = put(put(stage, "fod_platform_left", right), "fod_platform_right", left)
    return replace(
        tables,
        frames=frames,
        items=turned(tables.items, "item_"),
        stage_frames=put(stage, "whispy_direction", winds),
    )


def turned(table: pa.Table, prefix: str) -> pa.Table:
    for name in table.column_names:
        if prefix + name in TURNED_COLUMNS:
            table = put(table, name, -table[name].to_numpy())
    return table


def put(table: pa.Table, name: str, values: Any) -> pa.Table:
    place = table.column_names.index(name)
    if not isinstance(values, pa.ChunkedArray):
        values = pa.array(values, table.schema.field(name).type)
    return table.set_column(place, name, values)


def packed(tables: GameTables) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """(T, row bytes) uint8."""
    rows = V1.to_rows(tables.encode().blocks)
    return rows.view(np.uint8).reshape(len(rows), -1)


def unpacked(rows: np.ndarray[Any, np.dtype[np.uint8]]) -> np.ndarray[Any, Any]:
    return rows.view(V1.row_dtype)[:, 0]


@pytest.mark.parametrize("stage", [FOUNTAIN, STADIUM, DREAM_LAND, BATTLEFIELD, FINAL, 4])
def test_a_mirrored_recording_has_the_mirrored_rows_to_the_bit(build: Build, stage: int) -> None:
    tables = game(build, stage, seed=stage)
    rows, other = packed(tables), packed(mirrored(tables))
    assert not np.array_equal(rows, other)
    assert np.array_equal(REFLECTION.rows(rows), other)


def test_a_mirrored_real_game_has_the_mirrored_rows_to_the_bit(full_replays: list[Path]) -> None:
    fair = (read for read in map(read_game, (path.read_bytes() for path in full_replays))
            if read.start["stage"] in (FOUNTAIN, DREAM_LAND, BATTLEFIELD, FINAL))  # fmt: skip
    read = next(fair)
    tables = frame_tables(read)
    first, second = sorted(tables.frames["port"].unique().to_pylist())
    stage = read.start["stage"]
    game = GameTables(tables.frames, tables.items, tables.stage_frames, stage, (first, second))
    characters = game.frames["post_character"].to_numpy().astype(int)
    states = MIRRORED_ACTION[characters, game.frames["post_state"].to_numpy()]
    other = mirrored(game)
    other = replace(other, frames=put(other.frames, "post_state", states))
    rows = packed(game)
    assert len(rows) > 1000
    assert np.array_equal(REFLECTION.rows(rows), packed(other))


def test_the_cloud_of_yoshis_story_flies_on_the_other_side(build: Build) -> None:
    rows = packed(game(build, YOSHIS))
    x = V1.names.index("randall.x")
    before, after = V1.decode(unpacked(rows), 0)[:, x], V1.decode(unpacked(REFLECTION.rows(rows)), 0)[:, x]
    assert (before != 0).all()
    assert np.array_equal(after, -before)


# Every dim, by the last part of its name, as a person would say it; not by the rules of the reflection.
OPPOSITE = {
    "x", "velocity_air_x", "velocity_ground_x", "knockback_x", "velocity_x", "facing", "main_x", "c_x", "dx",
}  # fmt: skip
PARTNER = {
    "blast_left": "blast_right", "blast_right": "blast_left", "left": "right", "right": "left",
    "left_height": "right_height", "right_height": "left_height",
}  # fmt: skip


@pytest.mark.parametrize("viewpoint", [0, 1])
@pytest.mark.parametrize("stage", [FOUNTAIN, STADIUM, BATTLEFIELD, FINAL])
def test_every_dim_does_what_a_mirror_does_to_it(build: Build, stage: int, viewpoint: int) -> None:
    rows = packed(game(build, stage, seed=stage, num=200))
    side: Any = viewpoint
    before, after = V1.decode(unpacked(rows), side), V1.decode(unpacked(REFLECTION.rows(rows)), side)
    changed = set()
    for index, name in enumerate(V1.names):
        head, dot, last = name.rpartition(".")
        if index in V1.id_dims:
            expected = after[:, index]  # what becomes of ids is tested by themselves
        elif last in OPPOSITE:
            expected = -before[:, index]
        else:
            expected = before[:, V1.names.index(head + dot + PARTNER.get(last, last))]
        np.testing.assert_allclose(after[:, index], expected, rtol=0, atol=1e-5, err_msg=name)
        if not np.array_equal(after[:, index], before[:, index]):
            changed.add(name)
    assert {"self.x", ("opponent", "self")[viewpoint] + ".follower.x", "self.relation.dx"} <= changed
    assert {"item3.velocity_x", "whispy.left", "self.input.main_x", "opponent.action"} <= changed


def test_sticks_press_the_mirrored_bins_and_buttons_stay(build: Build) -> None:
    rows = packed(game(build, BATTLEFIELD))
    before, after = V1.actions(unpacked(rows), 0), V1.actions(unpacked(REFLECTION.rows(rows)), 0)
    for index, head in enumerate(HEADS):
        expected = before[:, index]
        if head in ("main_x", "c_x"):
            expected = STICK_BINS - 1 - expected
        assert np.array_equal(after[:, index], expected), head


def test_ids_turn_with_the_fighter_whose_they_are(build: Build) -> None:
    tables = build(
        4,
        {
            1: {"post_state": [1, 2, 369, 14], "post_character": JIGGLYPUFF},
            2: {"post_state": [369, 1, 0, 371], "post_character": POPO},
            (2, True): {"post_state": [2, 1, 369, 371], "post_character": POPO + 1},
        },
    )
    found = V1.decode(unpacked(REFLECTION.rows(packed(tables))), 0)[:, list(V1.id_dims)]
    names = [V1.names[index] for index in V1.id_dims]
    ids = dict(zip(names, found.T.astype(int).tolist(), strict=True))
    assert ids["self.action"] == [2, 1, 371, 14]
    assert ids["opponent.action"] == [369, 2, 0, 371]
    assert ids["opponent.follower.action"] == [1, 2, 369, 371]
    assert ids["self.character"] == [JIGGLYPUFF] * 4


@given(st.integers(0, 2**32 - 1), st.sampled_from([FOUNTAIN, YOSHIS, DREAM_LAND]))
def test_two_mirrors_show_what_is_there(seed: int, stage: int) -> None:
    rng = np.random.default_rng(seed)
    row = np.zeros(20, V1.row_dtype)
    for part in ("players", "shared"):
        for name in ("scalars", "codes"):
            limits = (-32767, 32768) if name == "scalars" else (0, 256)
            row[part][name] = rng.integers(*limits, row[part][name].shape)
    row["players"]["ids"] = rng.integers(0, 34, row["players"]["ids"].shape)
    for name in ("facing", "follower.facing"):
        row["players"]["codes"][..., V1.slots[name].column] = rng.integers(0, 3, (20, 2))
    row["shared"]["codes"][..., V1.slots["stage"].column] = stage
    rows = row.view(np.uint8).reshape(20, -1)
    assert np.array_equal(REFLECTION.rows(REFLECTION.rows(rows)), rows)


def test_the_lowest_number_turns_to_the_highest() -> None:
    rows = np.zeros(1, V1.row_dtype)
    rows["players"]["scalars"][..., V1.slots["x"].column] = -32768
    after = REFLECTION.rows(rows.view(np.uint8).reshape(1, -1))
    assert (unpacked(after)["players"]["scalars"][..., V1.slots["x"].column] == 32767).all()


def test_only_stages_that_are_their_own_mirror_image_are_fair(build: Build) -> None:
    for stage in (FOUNTAIN, STADIUM, YOSHIS, DREAM_LAND, BATTLEFIELD, FINAL):
        assert REFLECTION.is_fair(packed(build(3, stage=stage))).all()
    for stage in (4, 9, 18):
        assert not REFLECTION.is_fair(packed(build(3, stage=stage))).any()
    rock = build(5, stage=STADIUM, shared={"stadium_type": [0, 3, 4, 6, 9]})
    assert REFLECTION.is_fair(packed(rock)).tolist() == [True, False, False, False, False]
    moving = build(3, stage=STADIUM, shared={"stadium_event": [0, 2, 6]})
    assert REFLECTION.is_fair(packed(moving)).tolist() == [True, False, False]


def test_every_stored_feature_has_a_rule_and_every_rule_a_feature() -> None:
    stored = [feature for feature in V1.features if is_stored(feature)]
    stems = {stem_of(feature) for feature in stored}
    assert stems == NEGATED | set(SWAPPED) | KEPT | {"action"}
    assert len([feature for feature in stored if rule_of(feature) == "negate"]) == 5 + 3 + 2 + 1 + 10
    assert len([feature for feature in stored if rule_of(feature) == "swap"]) == 4
    assert len([feature for feature in stored if rule_of(feature) == "action"]) == 2


def with_another(feature: Feature) -> FeatureSet:
    return FeatureSet(name="another", features=(*V1.features, feature))


def feature(name: str, encoding: Any) -> Feature:
    return Feature(name=name, scope="shared", encoding=encoding, source=("frame",), doc="")


@pytest.mark.parametrize(
    ("added", "complaint"),
    [
        (feature("wind.strength", Number(step=1.0)), "wind.strength.*no rule for 'strength'"),
        (feature("wind.velocity_x", Flag()), "wind.velocity_x.*no rule"),
        (feature("wind.action", Lookup(table="item_kind")), "wind.action.*no rule"),
        (feature("wind.left", Number(step=1.0)), "wind.left has no wind.right to trade places with"),
        (feature("wind.x", Number(step=1.0, offset=3)), "wind.x.*offset"),
    ],
)
def test_a_feature_without_a_rule_is_refused_by_name(added: Feature, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        reflection(with_another(added))


def test_an_action_of_another_kind_of_id_still_turns() -> None:
    added = Feature(
        name="other.action", scope="player", encoding=Id(size=527, none=526), source=("post_state",), doc=""
    )
    assert len(reflection(with_another(added)).action_columns) == 6
