"""A conversion's words, and the rows of situations in a game."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from exphil import schema
from exphil.melee.attacks import move_name
from exphil.replays.frames import frame_tables
from exphil.replays.reader import read_game
from exphil.stats.game import GameStats, game_stats
from exphil.stats.situations.rows import situations
from exphil.stats.slippi_json import stats_of
from exphil.stats.walk import COLUMNS, FIRST_FRAME, FLOATS, INTEGERS
from tests.stats.fighters import fighter

WAIT, HURT, FLYING, HELD, DEAD, CATCH, HANG, TECH, DOWN = 14, 75, 88, 223, 0, 252, 253, 199, 183
FINAL_DESTINATION, HYRULE = 32, 14


def _game(*players: dict[str, Any]) -> GameStats:
    """Statistics of two made-up players."""
    rows: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for port, given in enumerate(players, 1):
        made = fighter(given["states"], port=port, **{k: v for k, v in given.items() if k != "states"})
        length = len(made.state)
        rows["frame"] += range(FIRST_FRAME, FIRST_FRAME + length)
        rows["port"] += [port] * length
        rows["follower"] += [False] * length
        for name, column in (FLOATS | INTEGERS).items():
            rows[column] += getattr(made, name).tolist()
    frames = pa.table({name: pa.array(values) for name, values in rows.items()})
    return game_stats(frames, (1, 2), FIRST_FRAME + length - 1)


def _states(*stretches: tuple[int, int]) -> list[int]:
    return [state for state, frames in stretches for _ in range(frames)]


def _sequences(*stretches: tuple[int, int], hits: dict[int, int], **columns: Any) -> list[str]:
    """Sequences against a victim who goes through `stretches`; `hits` are attack ids by frame."""
    states = _states(*stretches)
    percent, attack = np.zeros(len(states)), np.zeros(len(states), np.uint8)
    for frame, move in hits.items():
        percent[frame:] += 5
        attack[frame:] = move
    # The attacker's action changes on every frame: each hit is a move of its own.
    stats = _game(
        {"states": [65 + t % 2 for t in range(len(states))], "attack": attack},
        {"states": states, "percent": percent, **columns},
    )
    return list(situations(stats, FINAL_DESTINATION).sequences)


def test_words_come_in_order_of_time_and_a_stock_ends_them() -> None:
    stretches = ((WAIT, 5), (HELD, 20), (FLYING, 30), (DEAD, 10))
    stocks = np.repeat([4, 3], [55, 10])
    hits = {10: 52, 24: 55, 40: 16}
    assert _sequences(*stretches, hits=hits, stocks=stocks) == ["grab pummel up-throw uair kill"]


@pytest.mark.parametrize(
    ("state", "word"),
    [(TECH, "tech-in-place"), (200, "tech-in"), (201, "tech-away"), (DOWN, "missed-tech"), (202, "wall-tech-in-place"),
     (203, "wall-tech-jump"), (247, "wall-missed-tech"), (204, "ceiling-tech-in-place"), (CATCH, "ledge-grab")],
)  # fmt: skip
def test_the_victims_answers_are_among_them(state: int, word: str) -> None:
    found = _sequences((WAIT, 5), (HURT, 20), (state, 20), (HURT, 9), hits={5: 9, 45: 11}, x=0.0)
    assert found == [f"down-tilt {word} up-smash"]


def test_what_lies_before_or_after_a_conversion_is_not_in_it() -> None:
    found = _sequences((TECH, 5), (HURT, 5), (WAIT, 60), (TECH, 20), hits={5: 9})
    assert found == ["down-tilt"]


def test_a_move_without_a_name_has_its_number() -> None:
    assert _sequences((WAIT, 5), (HURT, 5), hits={5: 250}) == ["move-250"]


def test_conversions_that_never_ended_hold_what_comes_to_the_last_frame() -> None:
    assert _sequences((WAIT, 5), (HURT, 20), (CATCH, 5), hits={5: 14}) == ["fair ledge-grab"]


def test_rows_have_every_column_and_name_the_conversion() -> None:
    states = _states((WAIT, 9), (FLYING, 30), (TECH, 20), (FLYING, 20), (CATCH, 7), (255, 30), (WAIT, 20))
    x = np.repeat([0.0, 70.0, 100.0, 80.0], [30, 29, 60, 17])
    percent = np.repeat([0.0, 12.0, 20.0], [9, 50, 77])
    stats = _game(
        {"states": [WAIT] * len(states), "attack": 11}, {"states": states, "percent": percent, "x": x}
    )
    found = situations(stats, FINAL_DESTINATION).rows
    tables = {table.name: table for table in schema.STATS_TABLES}
    assert {name for name, _ in found} == {"techs", "ledge_options", "recoveries"}
    for name, row in found:
        assert {"replay_id", *row} == set(tables[name].names)
        assert row["port"] == 2
        assert row["conversion"] == 0
    assert [name for name, _ in situations(stats, HYRULE).rows] == ["techs", "ledge_options"]


@pytest.mark.parametrize("length", [0, 1])
def test_a_game_of_hardly_a_frame_has_hardly_a_situation(length: int) -> None:
    stats = _game({"states": [CATCH] * length}, {"states": [TECH] * length, "x": 100.0})
    found = situations(stats, FINAL_DESTINATION)
    assert [name for name, _ in found.rows] == ["ledge_options", "techs"] * length
    assert found.sequences == ()


def test_a_mended_frame_without_positions_has_null_for_them() -> None:
    stats = _game({"states": [WAIT] * 9, "x": np.nan}, {"states": [TECH] * 9, "x": np.nan})
    ((_, tech),) = situations(stats, FINAL_DESTINATION).rows
    assert (tech["x"], tech["opponent_x"], tech["opponent_distance"]) == (None, None, None)


def test_a_death_is_a_kill_where_its_conversion_is() -> None:
    states = _states((WAIT, 9), (FLYING, 30), (DEAD, 200))
    columns = {
        "percent": np.repeat([0.0, 12.0], [9, 230]),
        "x": np.repeat([0.0, 100.0], [20, 219]),
        # A fall from the sky: the count goes down a while after the death begins.
        "stocks": np.repeat([4, 3], [139, 100]),
    }
    attacker = {"states": [WAIT] * len(states), "attack": 11}
    ((_, died),) = situations(_game(attacker, {"states": states, **columns}), FINAL_DESTINATION).rows
    assert (died["outcome"], died["cause"], died["killed"]) == ("died", "hit", True)
    states = _states((20, 9), (29, 30), (DEAD, 200))
    ((_, fell),) = situations(_game(attacker, {"states": states, **columns}), FINAL_DESTINATION).rows
    assert (fell["outcome"], fell["cause"], fell["killed"]) == ("died", "own", False)


def test_edge_guarded_is_who_was_hit_off_or_hit_in_it_and_could_act() -> None:
    def edge_guarded(first: int, hit: int | None, last: int = CATCH) -> bool:
        states = _states((WAIT, 9), (first, 60), (FLYING, 9), (last, 7))
        percent = np.zeros(len(states))
        percent[9:] += 12 * (first == FLYING)
        if hit is not None:
            percent[hit:] += 3
        x = np.repeat([80.0, 100.0], [20, 65])
        opponent = {"states": [29] * len(states), "x": 100.0}
        rows = situations(
            _game(opponent, {"states": states, "percent": percent, "x": x}), FINAL_DESTINATION
        ).rows
        (found,) = [row for name, row in rows if name == "recoveries" and row["port"] == 2]
        return bool(found["edge_guarded"])

    assert edge_guarded(FLYING, None)
    assert not edge_guarded(29, None)
    assert edge_guarded(29, 70)
    assert not edge_guarded(FLYING, 70, DEAD)


@pytest.fixture(scope="module")
def real_games(full_replays: list[Path]) -> list[tuple[GameStats, int]]:
    """Statistics and stage of a few real games of two."""
    found = []
    for file in full_replays[::8]:
        game = read_game(file.read_bytes())
        stats = stats_of(game, frame_tables(game))
        if stats is not None:
            found.append((stats, int(game.start["stage"])))
    return found


def test_techs_and_ledge_grabs_of_real_games_are_those_that_are_counted(
    real_games: list[tuple[GameStats, int]],
) -> None:
    for stats, stage in real_games:
        rows = situations(stats, stage).rows
        for port, counted in zip(stats.ports, stats.actions, strict=True):
            techs = Counter(
                f"{row['kind']}-{row['choice']}"
                for name, row in rows
                if name == "techs" and row["port"] == port
            )
            assert techs["ground-in"] == counted["ground_tech_in"]
            assert techs["ground-away"] == counted["ground_tech_away"]
            assert techs["ground-in-place"] == counted["ground_tech_neutral"]
            assert techs["ground-missed"] == counted["ground_tech_fail"]
            assert techs["wall-in-place"] == counted["wall_tech_success"]
            assert techs["wall-missed"] == counted["wall_tech_fail"]
            grabs = [row for name, row in rows if name == "ledge_options" and row["port"] == port]
            assert len(grabs) == counted["ledgegrab"]


def test_the_slow_ledge_options_of_real_games_are_those_from_100_percent_on(
    real_games: list[tuple[GameStats, int]],
) -> None:
    grabs = [row for game in real_games for name, row in situations(*game).rows if name == "ledge_options"]
    chosen = [row for row in grabs if row["slow"] is not None]
    assert chosen
    assert all(row["slow"] == (row["percent"] >= 100) for row in chosen)


def test_who_dies_off_the_stage_in_a_real_game_lost_a_stock_there(
    real_games: list[tuple[GameStats, int]],
) -> None:
    """The rest were knocked out over the stage, through the top."""
    for stats, stage in real_games:
        rows = [row for name, row in situations(stats, stage).rows if name == "recoveries"]
        died = {(row["port"], row["end_frame"]) for row in rows if row["outcome"] == "died"}
        lost = [stock for stock in stats.stocks if stock.end is not None]
        # The count falls on the frame of the death, or a while later for a fall from the sky.
        recovered = [s for s in lost if any(p == s.port and 0 <= s.end - end <= 140 for p, end in died)]
        over_the_stage = [s for s in lost if s not in recovered]
        assert len(recovered) == len(died)
        assert all(s.death in range(3, 11) for s in over_the_stage)


def test_every_conversion_of_a_real_game_has_words_and_kills_end_with_one(
    real_games: list[tuple[GameStats, int]],
) -> None:
    for stats, stage in real_games:
        for conversion, words in zip(stats.conversions, situations(stats, stage).sequences, strict=True):
            assert words.endswith("kill") == conversion.killed
            moves = [move_name(move.attack) for move in conversion.moves]
            assert [word for word in words.split(" ") if word in moves] == moves
