"""Who won, case by case."""

import pytest

from exphil.replays.frames import frame_tables
from exphil.replays.reader import read_game
from exphil.stats.slippi_json import document
from exphil.stats.winners import GameEnd, Standing, winners
from tests.replays import slp

NOBODY: tuple[tuple[int, int], ...] = ()
PLACED = ((0, 1), (1, 0), (2, -1), (3, -1))
TWO = {0: 0, 1: 0}
UNRESOLVED, TIME, GAME, NO_CONTEST = 0, 1, 2, 7


def standing(index: int, stocks: int, percent: float = 0.0) -> Standing:
    return Standing(index, stocks, percent)


def told(
    end: GameEnd | None, *standings: Standing, players: dict[int, int] = TWO, teams: bool = False
) -> list[int]:
    return [found["playerIndex"] for found in winners(end, standings, players, teams=teams)]


@pytest.mark.parametrize("method", [UNRESOLVED, NO_CONTEST])
def test_who_quits_loses(method: int) -> None:
    assert told(GameEnd(method, 0, PLACED), standing(0, 4), standing(1, 1)) == [1]
    assert told(GameEnd(method, 1, NOBODY), standing(0, 1), standing(1, 4)) == [0]


def test_a_no_contest_that_nobody_started_goes_to_the_lower_port() -> None:
    """-1 is nobody's number, and the first player who does not bear it is taken."""
    assert told(GameEnd(NO_CONTEST, -1, NOBODY), standing(0, 1), standing(1, 4)) == [0]
    assert told(GameEnd(NO_CONTEST, None, NOBODY), standing(0, 1), standing(1, 4)) == []


def test_among_more_than_two_a_quit_has_no_winner() -> None:
    assert told(GameEnd(NO_CONTEST, 0, PLACED), standing(0, 1), players={0: 0, 1: 0, 2: 0}) == []


def test_a_time_out_goes_to_more_stocks_then_to_less_damage() -> None:
    end = GameEnd(TIME, -1, PLACED)
    assert told(end, standing(0, 2, 150), standing(1, 1, 0)) == [0]
    assert told(end, standing(0, 2, 50.5), standing(1, 2, 50.25)) == [1]


def test_a_tie_has_two_winners() -> None:
    assert told(GameEnd(TIME, -1, PLACED), standing(0, 2, 50), standing(1, 2, 50)) == [0, 1]


@pytest.mark.parametrize("method", [TIME, GAME])
def test_nobody_wins_where_all_are_out(method: int) -> None:
    assert told(GameEnd(method, -1, PLACED), standing(0, 0), standing(1, 0)) == []


def test_otherwise_the_placements_tell() -> None:
    assert told(GameEnd(GAME, -1, PLACED), standing(0, 0), standing(1, 2)) == [1]
    assert told(GameEnd(GAME, -1, NOBODY), standing(0, 0), standing(1, 2)) == []


def test_a_team_wins_with_those_who_are_out_already() -> None:
    """Player 2 has no row on the last frame any more, and stands on the winners' side."""
    players = {0: 1, 1: 0, 2: 1, 3: 0}
    placed = ((0, 0), (1, 2), (2, 1), (3, 3))
    left = (standing(0, 1), standing(1, 0), standing(3, 0))
    assert told(GameEnd(GAME, -1, placed), *left, players=players, teams=True) == [0, 2]


def test_a_team_time_out_adds_up_stocks_and_ranks_the_team() -> None:
    players = {0: 1, 1: 0, 2: 1, 3: 0}
    left = (standing(0, 1, 90), standing(1, 1, 10), standing(2, 2, 0), standing(3, 2, 50))
    found = winners(GameEnd(TIME, -1, NOBODY), left, players, teams=True)
    assert found == [{"playerIndex": 1, "position": 1}, {"playerIndex": 3, "position": 0}]


def test_a_recording_without_an_end_has_no_winner() -> None:
    assert told(None, standing(0, 4), standing(1, 1)) == []


@pytest.mark.parametrize("version", slp.EVERY_VERSION)
def test_a_quit_is_told_by_every_version_that_names_who_quit(version: slp.Version) -> None:
    recording = slp.recording(version, frames=4, end=False)
    recording.events.append(slp.game_end(version, method=NO_CONTEST, quitter=0))
    game = read_game(recording.to_bytes())
    found = document(game, frame_tables(game))
    assert found["winners"] == ([{"playerIndex": 1, "position": 0}] if version >= (2, 0, 0) else [])
    assert found["gameEnd"]["gameEndMethod"] == NO_CONTEST
