"""What has to hold of any simulated game, whoever plays it."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exphil.melee.actions import LAST_ACTION
from exphil.synth.actions import ACTIONS, FIRST_SPECIAL, KIND, Kind
from exphil.synth.arenas import ARENAS
from exphil.synth.fighters import FIGHTERS
from exphil.synth.match import Match, change_match, draw_match
from exphil.synth.simulate import simulate
from exphil.synth.track import FighterTrack, Track

DEAD = (0, 1, 2, 4)


def games(count: int, max_frames: int = 1200, seed: int = 3) -> list[tuple[Match, Track]]:
    matches = [draw_match(seed, index, max_frames=max_frames) for index in range(count)]
    return list(zip(matches, simulate(matches), strict=True))


@pytest.fixture(scope="module")
def played() -> list[tuple[Match, Track]]:
    return games(24, 2400)


def leaders(track: Track) -> list[FighterTrack]:
    return [fighter for fighter in track.fighters if not fighter.follower]


def test_stocks_fall_one_at_a_time_and_only_by_dying(played: list[tuple[Match, Track]]) -> None:
    deaths = 0
    for match, track in played:
        for fighter in leaders(track):
            stocks = fighter.post["stocks"].astype(int)
            falls = np.diff(stocks)
            assert set(falls.tolist()) <= {0, -1}
            assert stocks[0] == match.players[fighter.side].stocks
            died = np.flatnonzero(falls) + 1
            assert np.isin(fighter.post["state"][died], DEAD).all()
            assert not np.isin(fighter.post["state"][died - 1], DEAD).any()
            deaths += len(died)
    assert deaths > 10


def test_percent_only_rises_within_a_life_and_revival_clears_it(played: list[tuple[Match, Track]]) -> None:
    revivals = 0
    for _, track in played:
        for fighter in leaders(track):
            percent, state = fighter.post["percent"], fighter.post["state"]
            fell = np.flatnonzero(np.diff(percent) < 0) + 1
            assert (state[fell] == ACTIONS["REBIRTH"].id).all()
            assert (percent[state == ACTIONS["REBIRTH"].id] == 0).all()
            revivals += len(fell)
    assert revivals > 5


def test_games_end_for_the_reason_they_give(played: list[tuple[Match, Track]]) -> None:
    methods = set()
    for match, track in played:
        lowest = min(int(fighter.post["stocks"][-1]) for fighter in leaders(track))
        assert (lowest == 0) == (track.method == 2)
        if track.method == 1:
            assert track.num_frames == match.timer_seconds * 60 + 124
        assert (track.lras_side is not None) == (track.method == 7)
        methods.add(track.method)
        if track.method == 2:
            winner = track.placements.index(0)
            assert int(leaders(track)[winner].post["stocks"][-1]) > 0
    assert {1, 2} <= methods


def test_states_are_ones_the_fighter_has(played: list[tuple[Match, Track]]) -> None:
    known = {action.id for action in ACTIONS.values()}
    for match, track in played:
        for fighter in track.fighters:
            traits = FIGHTERS[match.players[fighter.side].character]
            specials = {traits.neutral_state, traits.neutral_air_state, traits.side_state, traits.up_state}
            found = set(np.unique(fighter.post["state"]).tolist())
            assert found <= known | specials
            assert max(found) <= LAST_ACTION
            assert all(state >= FIRST_SPECIAL for state in specials)


def test_a_frame_begins_where_the_one_before_ended(played: list[tuple[Match, Track]]) -> None:
    for _, track in played:
        for fighter in track.fighters:
            for name in ("position_x", "position_y", "percent", "state"):
                there = fighter.present[1:] & fighter.present[:-1]
                before, after = fighter.post[name][:-1][there], fighter.pre[name][1:][there]
                np.testing.assert_array_equal(before, after, err_msg=name)


def test_sticks_are_legal_and_buttons_agree(played: list[tuple[Match, Track]]) -> None:
    for match, track in played:
        for fighter in track.fighters:
            pre = fighter.pre
            for x, y in (("joystick_x", "joystick_y"), ("cstick_x", "cstick_y")):
                notches = np.stack([pre[x], pre[y]]) * 80
                np.testing.assert_array_equal(notches, np.round(notches))
                assert (np.square(notches).sum(axis=0) <= 80 * 80).all()
                assert ((np.abs(notches) >= 23) | (notches == 0)).all()
            physical, processed = pre["buttons_physical"].astype(np.uint32), pre["buttons"]
            if match.players[fighter.side].cpu_level is not None:
                assert not physical.any()
                continue
            assert ((processed & physical) == physical).all()
            digital = (physical & 0x60) > 0
            assert (pre["triggers"][digital] == 1).all()
            assert ((processed & 0x100) > 0)[(physical & 0x10) > 0].all()
            assert ((pre["triggers"] > 0) == ((processed & 0x80000000) > 0)).all()


def test_grounded_fighters_stand_on_something(played: list[tuple[Match, Track]]) -> None:
    for match, track in played:
        arena = ARENAS[match.stage]
        for fighter in leaders(track):
            grounded = ~fighter.post["airborne"] & ~np.isin(
                KIND[fighter.post["state"]], (Kind.OUT, Kind.GRABBED)
            )
            assert grounded.any()
            x, y = (fighter.post[f"position_{axis}"][grounded] for axis in "xy")
            assert (y >= 0).all()
            assert (np.abs(x[y == 0]) <= arena.edge + 0.01).all()
            outmost = max(
                (abs(end) for platform in arena.platforms for end in platform[:2]), default=arena.edge
            )
            assert (np.abs(x[y > 0]) <= outmost + 0.01).all()


def test_sticks_are_held_for_runs_of_frames(played: list[tuple[Match, Track]]) -> None:
    for _, track in played:
        for fighter in leaders(track):
            x = fighter.pre["joystick_x"][84:]
            assert np.mean(x[1:] == x[:-1]) > 0.7


def test_items_count_up_and_belong_to_a_player(played: list[tuple[Match, Track]]) -> None:
    seen = 0
    for match, track in played:
        present = track.item_present
        if not present.any():
            continue
        assert set(np.unique(track.items["owner"][present]).tolist()) <= {
            player.port - 1 for player in match.players
        }
        ids = track.items["id"][present]
        assert set(np.unique(ids).tolist()) == set(range(int(ids.max()) + 1))
        seen += 1
    assert seen > 5


def test_fighters_meet(played: list[tuple[Match, Track]]) -> None:
    """Every kind of event that features and statistics look at happens somewhere."""
    states = np.concatenate([fighter.post["state"] for _, track in played for fighter in leaders(track)])
    for name in (
        "GUARD",
        "CATCH_WAIT",
        "THROW_LW",
        "CLIFF_CATCH",
        "DOWN_BOUND_U",
        "ESCAPE_F",
        "DAMAGE_FLY_TOP",
    ):
        assert (states == ACTIONS[name].id).any(), name
    cancels = np.concatenate([fighter.post["l_cancel"] for _, track in played for fighter in leaders(track)])
    assert set(np.unique(cancels).tolist()) == {0, 1, 2}


def _fingerprint(track: Track) -> list[bytes]:
    parts = [part for fighter in track.fighters for part in (fighter.pre, fighter.post)]
    columns = [array.tobytes() for part in parts for array in part.values()]
    return [*columns, track.items["position_x"].tobytes(), track.random_seed.tobytes()]


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**40), st.integers(0, 1000), st.integers(1, 4))
def test_a_game_is_the_same_whoever_plays_beside_it(seed: int, first: int, beside: int) -> None:
    alone = draw_match(seed, first, max_frames=300)
    others = [draw_match(seed, first + 1 + number, max_frames=360) for number in range(beside)]
    together = simulate([*others, alone])[-1]
    assert _fingerprint(simulate([alone])[0]) == _fingerprint(together)


def test_other_seeds_are_other_games() -> None:
    first, second = (simulate([draw_match(seed, 0, max_frames=300)])[0] for seed in (0, 1))
    assert _fingerprint(first) != _fingerprint(second)


def test_followers_follow_and_can_be_lost() -> None:
    matches = [
        change_match(draw_match(11, number, max_frames=2400), characters=("ICE_CLIMBERS", "FALCO"))
        for number in range(5)
    ]
    tracks = simulate(matches)
    for track in tracks:
        nana = next(fighter for fighter in track.fighters if fighter.follower)
        assert nana.side == 0
        assert set(np.unique(nana.post["character"]).tolist()) == {11}
        assert nana.present[0]
    assert any(
        not fighter.present.all() for track in tracks for fighter in track.fighters if fighter.follower
    )
