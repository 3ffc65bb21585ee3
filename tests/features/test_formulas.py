"""Derived dims against plain geometry, written out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.features import V1
from exphil.melee.geometry import randall_path


def test_floor_is_the_highest_surface_beneath(build):
    """Battlefield: main floor, side platform, top platform, void."""
    places = [(0.0, 5.0), (30.0, 40.0), (30.0, 20.0), (0.0, 60.0), (150.0, -30.0)]
    x, y = zip(*places, strict=True)
    dims = build(5, {1: {"post_position_x": x, "post_position_y": y}, 2: {}}, stage=31).dims()
    np.testing.assert_allclose(dims["self.floor_dy"] * 100, [5, 12.8, 20, 5.6, 78.8], atol=0.02)


def test_fountain_platforms_count_where_they_are(build):
    where = {"post_position_x": 30.0, "post_position_y": 30.0}
    shared = {"fod_platform_left": 20.0, "fod_platform_right": [10.0, 25.0, 35.0]}
    dims = build(3, {1: where, 2: {}}, stage=2, shared=shared).dims()
    np.testing.assert_allclose(dims["self.floor_dy"] * 100, [20, 5, 29.38], atol=0.02)


def test_randall_is_a_floor(build):
    """Where the cloud is overhead of the void, it is the floor; half a lap later it is not."""
    lap = np.arange(1200, dtype=np.int32)
    x, y = randall_path(lap)
    under = int(lap[(np.abs(x + 75) < 1) & (y > -14)][0])
    where = {"post_position_x": -75.0, "post_position_y": -13.0}
    dims = build(1, {1: where, 2: {}}, stage=8, first=under).dims()
    np.testing.assert_allclose(dims["self.floor_dy"] * 100, 0.65, atol=0.05)
    away = build(1, {1: where, 2: {}}, stage=8, first=under + 600).dims()
    np.testing.assert_allclose(away["self.floor_dy"] * 100, 78, atol=0.05)


@given(
    own=st.tuples(st.floats(-200, 200), st.floats(-100, 200), st.sampled_from([-1.0, 1.0])),
    other=st.tuples(st.floats(-200, 200), st.floats(-100, 200), st.sampled_from([-1.0, 1.0])),
)
def test_relation_is_antisymmetric_and_plain(build, own, other):
    def fighter(x, y, facing):
        return {"post_position_x": x, "post_position_y": y, "post_direction": facing}

    game = build(1, {1: fighter(*own), 2: fighter(*other)})
    mine, theirs = game.dims(0), game.dims(1)
    dx, dy = other[0] - own[0], other[1] - own[1]
    np.testing.assert_allclose(mine["self.relation.dx"] * 100, dx, atol=0.04)
    np.testing.assert_allclose(mine["self.relation.dy"] * 100, dy, atol=0.04)
    np.testing.assert_allclose(mine["self.relation.distance"] * 100, np.hypot(dx, dy), atol=0.06)
    for name in ("dx", "dy", "velocity_x", "velocity_y", "percent_lead", "stock_lead"):
        np.testing.assert_array_equal(mine[f"self.relation.{name}"], -theirs[f"self.relation.{name}"])
    assert mine["self.relation.opponent_in_front"] == theirs["self.relation.opponent_faces_me"]
    if abs(dx) > 0.1:
        assert mine["self.relation.opponent_in_front"] == (dx * own[2] > 0)


def test_closing_speed_is_positive_when_they_meet(build):
    left = {"post_position_x": -10.0, "post_airborne": 1, "post_velocities_self_x_air": 2.0}
    right = {"post_position_x": 10.0, "post_airborne": 0, "post_velocities_self_x_ground": -1.0}
    dims = build(1, {1: left, 2: right}).dims()
    np.testing.assert_allclose(dims["self.relation.velocity_x"], -3.0)
    np.testing.assert_allclose(dims["self.relation.closing_speed"], 3.0)


def test_fighters_in_one_place_close_at_no_speed(build):
    dims = build(1, {1: {"post_velocities_knockback_x": 3.0}, 2: {}}).dims()
    assert dims["self.relation.distance"][0] == 0
    assert dims["self.relation.closing_speed"][0] == 0


@pytest.mark.parametrize("viewpoint", [0, 1])
def test_every_real_dim_is_finite_and_modest(real_encoded, viewpoint):
    """Nothing that a network would choke on: dims other than ids stay within a few tens."""
    dense = list(V1.dense_dims)
    for name, game in real_encoded.items():
        values = V1.decode(game.blocks, viewpoint)[:, dense]
        assert np.isfinite(values).all(), name
        assert np.abs(values).max() <= 40, name
