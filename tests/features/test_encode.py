"""What the encoder must get right, above all where earlier systems got it wrong."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.features import V1
from exphil.features.encode import to_blocks
from exphil.features.encodings import Number
from exphil.features.numbers import store_number
from exphil.melee.actions import NO_ACTION
from exphil.melee.characters import INTERNAL_NAMES
from exphil.melee.geometry import GEOMETRY

HITSTUN = 0x02


def test_hitstun_is_not_hitlag(build):
    """Hitstun is the action-state variable, and only while the hitstun bit is set."""
    game = build(
        3,
        {
            1: {"post_misc_as": [30, 30, 0], "post_state_flags_3": [HITSTUN, 0, HITSTUN], "post_hitlag": 5},
            2: {},
        },
    )
    dims = game.dims()
    np.testing.assert_allclose(dims["self.hitstun"], [0.5, 0, 0])
    np.testing.assert_array_equal(dims["self.in_hitstun"], [1, 0, 1])
    np.testing.assert_allclose(dims["self.hitlag"], 0.5)


def test_facing_left_is_minus_one(build):
    """-1 is not 0, and not "true" either."""
    dims = build(2, {1: {"post_direction": [-1.0, 1.0]}, 2: {"post_direction": [1.0, -1.0]}}).dims()
    np.testing.assert_array_equal(dims["self.facing"], [-1, 1])
    np.testing.assert_array_equal(dims["opponent.facing"], [1, -1])


@pytest.mark.parametrize("stage", sorted(GEOMETRY))
def test_ledge_is_each_stages_own(build, stage):
    ledge = GEOMETRY[stage].ledge_x
    dims = build(3, {1: {"post_position_x": [ledge, -ledge - 10, ledge - 10]}, 2: {}}, stage=stage).dims()
    np.testing.assert_allclose(dims["self.ledge_dx"] * 100, [0, 10, -10], atol=0.01)
    np.testing.assert_array_equal(dims["self.offstage"][1:], [1, 0])
    np.testing.assert_allclose(dims["stage.geometry.ledge_x"] * 100, ledge, rtol=1e-6)


def test_blast_zones_are_the_stages_own(build):
    """Yoshi's Story is not even symmetric."""
    dims = build(1, {1: {"post_position_x": 10.0, "post_position_y": 8.0}, 2: {}}, stage=8).dims()
    seen = [float(dims[f"self.blast_{side}"][0]) * 100 for side in ("left", "right", "top", "bottom")]
    np.testing.assert_allclose(seen, [185.7, 163.6, 160.0, 99.0], atol=0.01)


def test_unknown_stages_have_no_geometry(build):
    dims = build(1, {1: {"post_position_x": 500.0}, 2: {}}, stage=12).dims()
    geometry = [name for name in V1.names if ".blast_" in name or ".ledge_d" in name or "geometry" in name]
    assert len(geometry) == 2 * 6 + 6
    assert all(dims[name][0] == 0 for name in [*geometry, "self.offstage", "self.floor_dy"])
    assert all(dims[name][0] == 0 for name in V1.names if name.startswith("stage.is_"))


@pytest.mark.parametrize("action", [0, 13, 341, 390, 399, 511, 525])
def test_action_ids_up_to_525_fit(build, action):
    assert build(1, {1: {"post_state": action}, 2: {}}).dims()["self.action"][0] == action


def test_action_ids_beyond_the_game_are_no_action(build):
    assert build(1, {1: {"post_state": 60000}, 2: {}}).dims()["self.action"][0] == NO_ACTION


def test_zelda_becomes_sheik(build):
    zelda, sheik = (next(i for i, n in INTERNAL_NAMES.items() if n == name) for name in ("ZELDA", "SHEIK"))
    dims = build(3, {1: {"post_character": [zelda, sheik, zelda]}, 2: {}}).dims()
    np.testing.assert_array_equal(dims["self.character"], [zelda, sheik, zelda])


@pytest.mark.parametrize("ports", [(1, 2), (2, 4), (3, 1)])
def test_self_comes_first_for_both_viewpoints(build, ports):
    """Whatever the ports, a viewpoint's own player is self."""
    low, high = ports
    game = build(2, {low: {"post_percent": 10.0}, high: {"post_percent": 90.0}}, ports=ports)
    for viewpoint, (own, other) in enumerate(((0.1, 0.9), (0.9, 0.1))):
        dims = game.dims(viewpoint)
        np.testing.assert_allclose(dims["self.percent"], own)
        np.testing.assert_allclose(dims["opponent.percent"], other)
        np.testing.assert_allclose(dims["self.relation.percent_lead"], other - own)


def test_both_viewpoints_mirror_each_other(real_encoded):
    """Player dims of one viewpoint are those of the other, swapped; shared ones agree but for ownership."""
    blocks = next(iter(real_encoded.values())).blocks
    first, second = V1.decode(blocks, 0), V1.decode(blocks, 1)
    for index, name in enumerate(V1.names):
        if name.startswith("opponent."):
            twin = V1.names.index(name.replace("opponent.", "self."))
            np.testing.assert_array_equal(first[:, index], second[:, twin])
        elif name.endswith(".owner"):
            np.testing.assert_array_equal(first[:, index], -second[:, index])
        elif not name.startswith("self."):
            np.testing.assert_array_equal(first[:, index], second[:, index])


def test_row_holds_state_and_input_of_its_own_frame(build):
    """The target of row t is the input in row t + 1, so row t must show its own frame's input and no later one."""
    game = build(3, {1: {"pre_joystick_x": [0.0, 1.0, -1.0], "post_position_x": [1.0, 2.0, 3.0]}, 2: {}})
    dims = game.dims()
    np.testing.assert_array_equal(dims["self.input.main_x"], [0, 1, -1])
    np.testing.assert_allclose(dims["self.x"] * 100, [1, 2, 3], atol=1 / 64)
    assert not any(name.startswith("opponent.input") for name in V1.names)


def test_no_dim_of_a_frame_knows_a_later_frame(real_games):
    """No leak: rows up to t stay the same when everything after t is cut off."""
    game = real_games["test_v3.7.0_itemexport_db9295.slp"]
    whole = game.encode()
    cut = int(whole.frame[len(whole) // 2])

    def until(table):
        return table.filter(np.asarray(table["frame"].to_numpy() <= cut))

    part = type(game)(
        until(game.frames), until(game.items), until(game.stage_frames), game.stage, game.ports
    ).encode()
    assert part.frame[-1] == cut
    for viewpoint in (0, 1):
        np.testing.assert_array_equal(
            V1.decode(part.blocks, viewpoint), V1.decode(whole.blocks, viewpoint)[: len(part)]
        )


def test_digital_press_is_a_class_of_its_own(build):
    """A clicked L or R stands beside the analog value: without it there is no wavedash and no tech."""
    held = {"pre_buttons_physical": [0, 0x40, 0x20, 0x60], "pre_triggers_physical_l": [1.0, 1.0, 0.0, 0.3]}
    game = build(4, {1: held, 2: {}})
    dims = game.dims()
    np.testing.assert_array_equal(dims["self.input.button_l"], [0, 1, 0, 1])
    np.testing.assert_array_equal(dims["self.input.button_r"], [0, 0, 1, 1])
    np.testing.assert_allclose(dims["self.input.shoulder"], [1, 1, 0, 0.3], atol=1e-6)
    actions = V1.actions(game.encode().blocks, 0)
    np.testing.assert_array_equal(actions[:, 5:7], [[0, 0], [1, 0], [0, 1], [1, 1]])
    np.testing.assert_array_equal(actions[:, 12], [4, 4, 0, 1])


def test_garbage_triggers_of_old_recorders_count_as_nothing(build):
    triggers = {
        "pre_triggers_physical_l": [0.5, np.nan, 0.25],
        "pre_triggers_physical_r": [3.8e22, 0.75, -1.0],
    }
    np.testing.assert_allclose(
        build(3, {1: triggers, 2: {}}).dims()["self.input.shoulder"], [0.5, 0.75, 0.25], atol=1e-6
    )


def test_only_frames_with_both_players_are_encoded(build):
    first, second = (
        {"frame": [0, 1, 2, 5, 6]},
        {"frame": [1, 2, 3, 5], "post_percent": [10.0, 20.0, 30.0, 50.0]},
    )
    game = build(7, {1: first, 2: second}, first=0)
    np.testing.assert_array_equal(game.encode().frame, [1, 2, 5])
    np.testing.assert_allclose(game.dims()["opponent.percent"], [0.1, 0.2, 0.5])


@pytest.mark.parametrize("lost", ["pre_joystick_x", "post_state"])
def test_rows_that_lost_an_event_are_left_out(build, lost):
    """A mended recording may lack a fighter's pre or post event: that frame is no observation."""
    game = build(5, {1: {}, 2: {"post_percent": [1.0, 2.0, 3.0, 4.0, 5.0]}}, first=0)
    place = game.frames.schema.get_field_index(lost)
    values = game.frames[lost].to_pylist()
    values[6] = None
    frames = game.frames.set_column(place, lost, pa.array(values, game.frames.schema.field(lost).type))
    mended = type(game)(frames, game.items, game.stage_frames)
    np.testing.assert_array_equal(mended.encode().frame, [0, 2, 3, 4])
    np.testing.assert_allclose(mended.dims()["opponent.percent"] * 100, [1, 3, 4, 5], atol=1e-4)


def test_game_without_common_frames_encodes_to_nothing(build):
    game = build(3, {1: {"frame": [0, 1]}, 2: {"frame": [7, 8]}}, first=0)
    assert len(game.encode()) == 0
    assert V1.decode(game.encode().blocks, 0).shape == (0, V1.width)
    assert len(V1.to_rows(game.encode().blocks)) == 0


def test_fields_that_the_version_lacks_read_as_zero(build):
    """Nothing is invented for an old recording; the ids say that there is none."""
    old = build(2, since=(0, 1, 0))
    encoded = old.encode()
    assert "post_hitlag" not in encoded.observed
    assert "post_position_x" in encoded.observed
    dims = old.dims()
    for index, (name, feature) in enumerate(V1.dims):
        if feature.since > (0, 1, 0) and feature.who == "leader" and index not in V1.id_dims:
            assert not dims[name].any(), name


def test_absent_follower_reads_as_nobody(build):
    dims = build(2).dims()
    assert (dims["self.follower.action"] == NO_ACTION).all()
    numbers = [n for n in V1.names if ".follower." in n and not n.endswith(".action")]
    assert len(numbers) == 2 * 13
    assert all(not dims[name].any() for name in numbers)


def test_follower_that_dies_and_returns_keeps_its_frames(build):
    nana = {"frame": [0, 1, 4], "post_position_x": [10.0, 11.0, 14.0], "post_direction": -1.0}
    dims = build(5, {1: {}, 2: {}, (1, True): nana}, first=0).dims()
    np.testing.assert_array_equal(dims["self.follower.exists"], [1, 1, 0, 0, 1])
    np.testing.assert_allclose(dims["self.follower.x"] * 100, [10, 11, 0, 0, 14], atol=1 / 64)
    np.testing.assert_array_equal(dims["self.follower.facing"], [-1, -1, 0, 0, -1])
    np.testing.assert_array_equal(dims["self.follower.action"], [14, 14, NO_ACTION, NO_ACTION, 14])


def test_item_keeps_its_slot_for_life(build):
    """Slot = spawn id modulo 5: an item does not hop when an older one disappears."""
    life = [{"frame": 0, "id": 6}, {"frame": 1, "id": 6}, {"frame": 2, "id": 6}]
    items = [{"frame": 0, "index": 0, "id": 5}, *life]
    items = [{**item, "type": 54, "position_x": 20.0 + item["frame"], "owner": 1} for item in items]
    items.sort(key=lambda item: (item["frame"], item["id"]))
    game = build(3, items=items, first=0)
    dims = game.dims()
    np.testing.assert_array_equal(dims["item1.exists"], [1, 1, 1])
    np.testing.assert_array_equal(dims["item0.exists"], [1, 0, 0])
    np.testing.assert_allclose(dims["item1.x"] * 100, [20, 21, 22], atol=1 / 64)
    np.testing.assert_array_equal(dims["item1.is_projectile"], 1)
    np.testing.assert_allclose(dims["items.count"] * 5, [2, 1, 1])
    # Owner 1 is the player of port 2: the opponent of the first viewpoint.
    np.testing.assert_array_equal(dims["item1.owner"], -1)
    np.testing.assert_array_equal(game.dims(1)["item1.owner"], 1)


def test_newest_item_wins_its_slot(build):
    items = [
        {"frame": 0, "id": 12, "type": 54, "position_x": 1.0},
        {"frame": 0, "id": 7, "type": 99, "position_x": 2.0},
    ]
    dims = build(1, items=items, first=0).dims()
    np.testing.assert_allclose(dims["item2.x"] * 100, 1, atol=1 / 64)
    assert dims["item2.is_projectile"][0] == 1
    assert dims["item2.is_throwable"][0] == 0


def test_items_outside_the_encoded_frames_are_left_out(build):
    items = [{"frame": frame, "id": 0, "type": 54} for frame in (-5, 1, 99)]
    dims = build(3, items=items, first=0).dims()
    np.testing.assert_array_equal(dims["item0.exists"], [0, 1, 0])


def test_stage_events_read_from_stage_frames(build):
    shared = {
        "fod_platform_left": 20.0, "fod_platform_right": [28.0, 0.0], "whispy_direction": [1, 2],
        "stadium_type": [3, 9], "stadium_event": [0, 5],
    }  # fmt: skip
    dims = build(2, shared=shared, stage=2).dims()
    np.testing.assert_allclose(dims["fountain.left_height"] * 100, 20, atol=1e-5)
    np.testing.assert_array_equal(dims["whispy.left"], [1, 0])
    np.testing.assert_array_equal(dims["whispy.right"], [0, 1])
    np.testing.assert_array_equal(dims["stadium.fire"], [1, 0])
    np.testing.assert_array_equal(dims["stadium.water"], [0, 1])
    np.testing.assert_array_equal(dims["stadium.transforming"], [0, 1])


def test_clock_counts_down_to_the_first_playable_frame(build):
    dims = build(3, first=-41).dims()
    np.testing.assert_allclose(dims["clock.countdown"] * 84, [2, 1, 0], atol=1e-5)
    np.testing.assert_array_equal(dims["clock.started"], [0, 0, 1])
    np.testing.assert_allclose(dims["clock.time"] * 3600, [-41, -40, -39], atol=1e-3)


def test_unsorted_frames_are_refused(build):
    game = build(2)
    turned = type(game)(game.frames.take([2, 3, 0, 1]), game.items, game.stage_frames)
    with pytest.raises(ValueError, match="sorted"):
        turned.encode()


def test_sticks_beyond_their_reach_are_clipped(build):
    game = build(2, {1: {"pre_joystick_x": [1.5, -2.0]}, 2: {}})
    np.testing.assert_array_equal(game.dims()["self.input.main_x"], [1, -1])
    np.testing.assert_array_equal(V1.actions(game.encode().blocks, 0)[:, 8], [16, 0])


def test_numbers_that_are_none_count_as_zero(build):
    wild = {"post_position_x": [np.nan, np.inf, -np.inf, 1e30]}
    np.testing.assert_allclose(build(4, {1: wild, 2: {}}).dims()["self.x"][:3], 0)


NUMBERS = [feature for feature in V1.features if isinstance(feature.encoding, Number)]


@pytest.mark.parametrize("feature", NUMBERS, ids=[feature.name for feature in NUMBERS])
@given(values=st.lists(st.floats(-2e4, 2e4, width=32), min_size=1, max_size=20))
def test_every_number_loses_at_most_half_a_step(feature, values):
    """Within its type's range a stored number is the nearest step; beyond, it is the range's end."""
    encoding = feature.encoding
    info = np.iinfo(encoding.dtype)
    stored = np.empty(len(values), encoding.dtype)
    store_number(np.array(values, np.float32), encoding, stored)
    low, high = ((limit - encoding.offset) * encoding.step for limit in (info.min, info.max))
    low = low if encoding.low is None else max(low, encoding.low)
    high = high if encoding.high is None else min(high, encoding.high)
    wanted = np.clip(values, low, high)
    back = (stored.astype(np.float64) - encoding.offset) * encoding.step
    assert (
        np.abs(back - wanted).max() <= encoding.step / 2 + 1e-3 * encoding.step + np.abs(wanted).max() * 1e-6
    )


def test_rows_and_blocks_hold_the_same(real_encoded):
    blocks = next(iter(real_encoded.values())).blocks
    rows = V1.to_rows(blocks)
    assert rows.dtype == V1.row_dtype
    back = to_blocks(V1, rows)
    for name, block in blocks.items():
        np.testing.assert_array_equal(back[name], block)
    np.testing.assert_array_equal(V1.decode(rows, 1), V1.decode(blocks, 1))
    np.testing.assert_array_equal(V1.actions(rows, 1), V1.actions(blocks, 1))
    # numpy drops implicit padding when it joins arrays: there must be none.
    assert np.concatenate([rows, rows]).dtype.itemsize == V1.row_dtype.itemsize


def test_columns_lie_contiguous(build):
    for name, block in build(5).encode().blocks.items():
        assert np.moveaxis(block, 0, -1).flags.c_contiguous, name


def test_sources_and_keys_are_all_that_encoding_reads(build):
    """Who reads from files may leave every other column there."""
    game = build(3, {1: {}, 2: {}, (1, True): {}}, items=[{"frame": 1, "type": 54, "id": 3}], first=0)
    sources = {name for feature in V1.features for name in feature.source}
    keys = {"port", "follower", "frame", "id"}

    def pruned(table, prefix=""):
        return table.select([name for name in table.column_names if prefix + name in sources or name in keys])

    lean = type(game)(pruned(game.frames), pruned(game.items, "item_"), pruned(game.stage_frames))
    for name, block in game.encode().blocks.items():
        np.testing.assert_array_equal(lean.encode().blocks[name], block)
