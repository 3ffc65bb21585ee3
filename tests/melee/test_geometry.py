"""Geometry against where real players stood."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.melee.geometry import GEOMETRY, RANDALL_HALF_WIDTH, RANDALL_PERIOD, YOSHIS_STORY, randall_path
from exphil.melee.stages import LEGAL_STAGES
from exphil.replays.frames import frame_tables
from exphil.replays.reader import read_game

TEETERING = (245, 246)


@pytest.fixture(scope="module")
def standing(full_replays):
    """By stage: state, x, y, airborne and frame of every leader's row of the full games."""
    found = {}
    for path in full_replays:
        game = read_game(path.read_bytes())
        frames = frame_tables(game).frames
        frames = frames.filter(frames["follower"].combine_chunks().cast("uint8").to_numpy() == 0)
        names = ("post_state", "post_position_x", "post_position_y", "post_airborne", "frame")
        columns = [frames[name].fill_null(1).to_numpy() for name in names]
        found.setdefault(game.start["stage"], []).append(columns)
    return {
        stage: [np.concatenate(parts) for parts in zip(*games, strict=True)] for stage, games in found.items()
    }


def test_the_six_legal_stages_have_geometry():
    assert tuple(sorted(GEOMETRY)) == LEGAL_STAGES


def test_teetering_players_stand_on_an_edge_we_know(standing):
    """The teeter animation plays exactly at the end of a surface: floor, side platform or top platform."""
    seen = set()
    for stage, (state, x, y, _, _) in standing.items():
        geometry = GEOMETRY[stage]
        edges = [(geometry.ledge_x, geometry.ledge_y)]
        for height in (geometry.left_height, geometry.right_height):
            if height is not None:
                edges += [(geometry.side_inner, height), (geometry.side_outer, height)]
        if geometry.top_height is not None:
            edges.append((geometry.top_half_width, geometry.top_height))
        at = np.isin(state, TEETERING)
        for place_x, place_y in zip(np.abs(x[at]), y[at], strict=True):
            distances = [max(abs(place_x - edge_x), abs(place_y - edge_y)) for edge_x, edge_y in edges]
            if min(distances) < 0.1:
                seen.add((stage, int(np.argmin(distances))))
    assert {(stage, 0) for stage in LEGAL_STAGES} <= seen


def test_blast_zones_enclose_the_living(standing):
    """Sideways and downwards nobody lives beyond them, and somebody came within two units of one."""
    closest = []
    for stage, (state, x, y, _, _) in standing.items():
        geometry, alive = GEOMETRY[stage], state > 13
        gaps = (
            x[alive].min() - geometry.blast_left,
            geometry.blast_right - x[alive].max(),
            y[alive].min() - geometry.blast_bottom,
        )
        assert min(gaps) > -0.01, stage
        closest.append(min(gaps))
    assert max(closest) < 2


def test_randall_carries_those_who_stand_on_him(standing):
    state, x, y, airborne, frame = standing[YOSHIS_STORY]
    riding = (airborne == 0) & (np.abs(x) > 60) & (y < -10) & (state > 13)
    assert riding.sum() > 50
    centre, height = randall_path(frame[riding])
    assert np.abs(x[riding] - centre).max() <= RANDALL_HALF_WIDTH + 0.5
    assert np.abs(y[riding] - height).max() < 0.3


@given(frame=st.integers(-123, 30_000))
def test_randall_laps_without_jumps(frame):
    frames = np.array([frame, frame + 1, frame + RANDALL_PERIOD], np.int32)
    x, y = randall_path(frames)
    assert x[0] == x[2]
    assert y[0] == y[2]
    assert np.hypot(x[1] - x[0], y[1] - y[0]) < 0.6
    assert abs(x[0]) < 98
    assert -34 < y[0] < -13
