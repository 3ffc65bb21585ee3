"""Frame by frame against libmelee, which reads the file with a parser of its own.

Compared are ten full games of version 2.0 and later, those with the most rollbacks among them: what libmelee and
the tables both tell of a character, the last row of each frame id counting on both sides. Not compared is what
libmelee derives (action frames, on-stage flags), and a follower's inputs, which it loses: it makes a new
follower for the state after the frame.
"""

from pathlib import Path

import melee
import numpy as np
import pytest

from exphil.replays.frames import FrameTables, frame_tables
from exphil.replays.reader import read_game

NUM_GAMES = 10

BUTTONS = {
    melee.Button.BUTTON_D_LEFT: 0x0001,
    melee.Button.BUTTON_D_RIGHT: 0x0002,
    melee.Button.BUTTON_D_DOWN: 0x0004,
    melee.Button.BUTTON_D_UP: 0x0008,
    melee.Button.BUTTON_Z: 0x0010,
    melee.Button.BUTTON_R: 0x0020,
    melee.Button.BUTTON_L: 0x0040,
    melee.Button.BUTTON_A: 0x0100,
    melee.Button.BUTTON_B: 0x0200,
    melee.Button.BUTTON_X: 0x0400,
    melee.Button.BUTTON_Y: 0x0800,
    melee.Button.BUTTON_START: 0x1000,
}

NUM_STATES = 7
"""The first fields are states, the others inputs."""

FIELDS = (
    "post_position_x",
    "post_position_y",
    "post_percent",
    "post_stocks",
    "post_state",
    "post_shield",
    "facing right",
    "main stick x",
    "main stick y",
    "c-stick x",
    "c-stick y",
    "pre_buttons_physical",
    "pre_triggers",
)


def _row(player: melee.PlayerState) -> tuple[float, ...]:
    pad = player.controller_state
    return (
        player.position.x,
        player.position.y,
        player.percent,
        player.stock,
        player.action.value,
        player.shield_strength,
        player.facing,
        *pad.main_stick,
        *pad.c_stick,
        sum(bit for button, bit in BUTTONS.items() if pad.button[button]),
        pad.l_shoulder,
    )


def _by_libmelee(path: Path) -> dict[tuple[int, bool], dict[int, tuple[float, ...]]]:
    """Rows by frame id for each (port, follower)."""
    console = melee.Console(
        is_dolphin=False, allow_old_version=True, skip_rollback_frames=False, path=str(path)
    )
    assert console.connect()
    found: dict[tuple[int, bool], dict[int, tuple[float, ...]]] = {}
    while (state := console.step()) is not None:
        frame = int(state.frame)
        for port, player in state.players.items():
            found.setdefault((port, False), {})[frame] = _row(player)
            follower = found.setdefault((port, True), {})
            follower.pop(frame, None)
            if player.nana is not None:
                follower[frame] = _row(player.nana)
    return {key: rows for key, rows in found.items() if rows}


def _by_tables(tables: FrameTables) -> dict[tuple[int, bool], dict[int, tuple[float, ...]]]:
    frames = tables.frames
    columns = {name: frames[name].to_numpy() for name in frames.column_names if name != "replay_id"}
    columns["facing right"] = columns["post_direction"] > 0
    for stick, column in (("main stick", "pre_joystick"), ("c-stick", "pre_cstick")):
        for axis in ("x", "y"):
            columns[f"{stick} {axis}"] = columns[f"{column}_{axis}"] / 2 + 0.5
    rows = zip(*(columns[name].tolist() for name in FIELDS), strict=True)
    found: dict[tuple[int, bool], dict[int, tuple[float, ...]]] = {}
    keys = (columns[name].tolist() for name in ("port", "follower", "frame"))
    for port, follower, frame, row in zip(*keys, rows, strict=True):
        found.setdefault((port, follower), {})[frame] = row
    return found


@pytest.fixture(scope="module")
def games(full_replays: list[Path]) -> list[tuple[Path, FrameTables]]:
    """Half with the most rollback rows, half the shortest of the others."""
    read = [(path, read_game(path.read_bytes(), path)) for path in full_replays]
    known = [(path, frame_tables(game)) for path, game in read if game.version >= (2, 0, 0)]
    known.sort(key=lambda entry: -entry[1].num_rollback_rows)
    half = NUM_GAMES // 2
    rest = sorted(known[half:], key=lambda entry: entry[1].frames.num_rows)
    return known[:half] + rest[: NUM_GAMES - half]


@pytest.mark.slow
def test_frames_equal_libmelee_s(games: list[tuple[Path, FrameTables]]) -> None:
    assert len(games) == NUM_GAMES
    assert sum(tables.num_rollback_rows > 100 for _, tables in games) >= 3, "too few games with rollbacks"
    for path, tables in games:
        theirs, ours = _by_libmelee(path), _by_tables(tables)
        assert ours.keys() == theirs.keys(), path.name
        for character, rows in theirs.items():
            mine = ours[character]
            assert mine.keys() == rows.keys(), f"{path.name} {character}: other frames"
            got = np.array([mine[frame] for frame in sorted(rows)])
            expected = np.array([rows[frame] for frame in sorted(rows)], dtype=np.float64)
            compared = FIELDS[:NUM_STATES] if character[1] else FIELDS
            for column, name in enumerate(compared):
                np.testing.assert_array_equal(
                    got[:, column], expected[:, column], err_msg=f"{path.name} {character}: {name}"
                )
