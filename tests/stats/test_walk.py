"""Which frames count: to the first gap, the last row of an id, without followers."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from exphil.replays.frames import frame_tables
from exphil.replays.reader import read_game
from exphil.stats.game import game_stats
from exphil.stats.slippi_json import document, stats_of
from exphil.stats.walk import FIRST_FRAME, walk
from tests.replays import slp
from tests.stats.fighters import fighter
from tests.stats.games import rows, stats, without

WAIT, HURT, CLIFF_CATCH = 0x0E, 0x4B, 0xFC


def test_the_walk_goes_from_the_first_frame_to_the_last() -> None:
    walked = walk(rows(fighter([WAIT] * 9, port=1), fighter([WAIT] * 9, port=2)), (1, 2))
    assert len(walked) == 9


@pytest.mark.parametrize("port", [None, 1, 2])
def test_it_ends_for_good_at_a_frame_that_is_missing_or_that_one_player_lacks(port: int | None) -> None:
    frames = rows(fighter([WAIT] * 9, port=1), fighter([WAIT] * 9, port=2))
    assert len(walk(without(frames, FIRST_FRAME + 5, port), (1, 2))) == 5


def test_nothing_is_walked_where_the_first_frame_is_missing() -> None:
    frames = rows(fighter([WAIT] * 9, port=1), fighter([WAIT] * 9, port=2))
    assert len(walk(without(frames, FIRST_FRAME), (1, 2))) == 0


def test_frames_before_the_first_are_passed_over() -> None:
    frames = rows(fighter([WAIT] * 9, port=1), fighter([WAIT] * 9, port=2))
    early = frames.set_column(0, "frame", pa.array(np.asarray(frames["frame"]) - 2))
    assert len(walk(early, (1, 2))) == 7


def test_a_player_without_a_single_row_leaves_zeros() -> None:
    frames = rows(fighter([CLIFF_CATCH] * 200, port=1))
    found = game_stats(frames, (1, 3), FIRST_FRAME + 199)
    assert found.stocks == found.conversions == found.combos == ()
    assert [counts["ledgegrab"] for counts in found.actions] == [0, 0]
    assert [side.inputs.total for side in found.overall] == [0, 0]


def test_minutes_go_by_the_last_frame_even_where_the_walk_stopped_before() -> None:
    frames = without(rows(fighter([WAIT] * 400, port=1), fighter([WAIT] * 400, port=2)), 0)
    found = game_stats(frames, (1, 2), FIRST_FRAME + 399)
    assert found.playable_frames == FIRST_FRAME + 399 + 39
    assert found.overall[0].ratios["inputs_per_minute"].total == pytest.approx((FIRST_FRAME + 438) / 3600)


@pytest.mark.parametrize(("last", "playable"), [(-123, 0), (-40, 0), (-39, 0), (-38, 1), (3561, 3600)])
def test_playable_frames_are_one_less_than_are_played_and_never_negative(last: int, playable: int) -> None:
    assert stats(fighter([WAIT]), fighter([WAIT], port=2), last_frame=last).playable_frames == playable


def test_nana_is_nobody() -> None:
    """A follower who is hit, grabs ledges and loses stocks changes nothing."""
    popo, other = fighter([WAIT] * 100, port=1), fighter([WAIT] * 100, port=2)
    nana = fighter(
        [HURT, CLIFF_CATCH] * 50, port=1, percent=np.arange(100), stocks=np.arange(100)[::-1], buttons=0xFFF
    )
    alone = rows(popo, other)
    with_nana = pa.concat_tables([rows(nana, follower=True), alone])
    with_her, without_her = (game_stats(frames, (1, 2), 0) for frames in (with_nana, alone))
    assert replace(with_her, walk=without_her.walk) == without_her


def _in_state(state: int, number: int) -> list[bytes]:
    """A frame's events with both players in a state."""
    return [
        event[:8] + state.to_bytes(2, "big") + event[10:] if event[0] == 0x38 else event
        for event in slp.frame_events((3, 14, 0), FIRST_FRAME + number)
    ]


def test_of_a_frame_that_was_rolled_back_the_last_row_counts() -> None:
    """Ledge grabs every seven frames were predicted; none of them came to pass."""
    rolled, plain = slp.recording(frames=0, end=False), slp.recording(frames=0, end=False)
    for number in range(140):
        if number % 7 == 6:
            for back in range(number - 6, number + 1):
                rolled.events += _in_state(CLIFF_CATCH if back % 2 else WAIT, back)
            for back in range(number - 6, number + 1):
                rolled.events += _in_state(WAIT, back)
        plain.events += _in_state(WAIT, number)
    told = []
    for recording in (rolled, plain):
        recording.events.append(slp.game_end((3, 14, 0)))
        game = read_game(recording.to_bytes())
        told.append(document(game, frame_tables(game)))
    assert told[0] == told[1]
    assert [counts["ledgegrabCount"] for counts in told[0]["stats"]["actionCounts"]] == [0, 0]


def test_a_cut_in_the_midst_of_a_frame_counts_that_frame_as_the_last() -> None:
    recording = slp.recording((3, 14, 0), frames=200, end=False)
    recording.events.append(slp.frame_events((3, 14, 0), FIRST_FRAME + 200)[1])
    game = read_game(recording.to_bytes())
    told = document(game, frame_tables(game))["stats"]
    assert told["lastFrame"] == FIRST_FRAME + 200
    assert told["playableFrameCount"] == FIRST_FRAME + 200 + 39


def test_a_cut_in_a_rollback_counts_the_frame_written_last_as_the_last() -> None:
    recording = slp.recording((3, 14, 0), frames=200, end=False)
    for number in (196, 197):
        recording.events += slp.frame_events((3, 14, 0), FIRST_FRAME + number)
    game = read_game(recording.to_bytes())
    assert document(game, frame_tables(game))["stats"]["lastFrame"] == FIRST_FRAME + 197


@pytest.mark.parametrize("num_players", [1, 3, 4])
def test_games_that_are_not_of_two_have_empty_lists_and_rows_without_inputs(num_players: int) -> None:
    recording = slp.recording(players=dict.fromkeys(range(num_players), (2, 0)), frames=200)
    game = read_game(recording.to_bytes())
    told = document(game, frame_tables(game))["stats"]
    assert stats_of(game, frame_tables(game)) is None
    assert told["stocks"] == told["conversions"] == told["combos"] == told["actionCounts"] == []
    minutes = (FIRST_FRAME + 199 + 39) / 3600
    assert [side["inputCounts"] for side in told["overall"]] == [{}] * num_players
    assert told["overall"][0]["inputsPerMinute"] == {"total": minutes, "ratio": None}
    assert told["overall"][0]["openingsPerKill"] == {"count": 0, "total": 0}
