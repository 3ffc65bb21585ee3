"""The real recordings, sound and broken, against what slippi-js answers for them.

A *whole frame* of slippi-js's digest is a frame id, its last row counting, in which every player that the game
start names has a pre and a post event. Digest conventions: ids and integer columns are the SHA-1 of int32
little-endian; float columns are summed as doubles in order of frame. In a game that goes on after a player is
out (doubles), later frames are not whole: the digest stops there, and our frames hold the rest besides.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exphil.errors import ReplayError
from exphil.replays import events, reader
from exphil.replays.reader import read_game
from tests.conftest import _replays
from tests.replays.leaves import assert_same_frames, leaves

FLOATS = {
    "positionX": "post.position.x",
    "positionY": "post.position.y",
    "percent": "post.percent",
    "shieldSize": "post.shield",
    "facingDirection": "post.direction",
    "pre.joystickX": "pre.joystick.x",
    "pre.joystickY": "pre.joystick.y",
    "pre.cStickX": "pre.cstick.x",
    "pre.cStickY": "pre.cstick.y",
    "pre.trigger": "pre.triggers",
}
INTEGERS = {
    "actionStateId": "post.state",
    "stocksRemaining": "post.stocks",
    "pre.physicalButtons": "pre.buttons_physical",
}
QUARANTINED = {
    "bad-payload-size-table": ("the table of event sizes is damaged: its length 231 is no multiple of 3", 16),
    "corrupt_raw-length-0_no-end": ("no whole frame: the recording stops at byte 28383 of 28672", 28383),
    "html-page-renamed": ("not a Slippi file: an HTML page", 0),
    "plain-text-renamed": ("not a Slippi file: plain text", 0),
}


def _names() -> list[str]:
    root = _replays()
    return [] if root is None else sorted(path.relative_to(root).as_posix() for path in root.rglob("*.slp"))


NAMES = _names() or ["no real replays"]
SOUND = [name for name in NAMES if not name.startswith("broken/")] or NAMES
WITH_GAPS = {"full_v0.1.0_zelda-ics_yoshis_f5e4cd.slp"}
"""Nana comes and goes, and there are no frame starts: peppi by itself loses her place."""


def digest(game: Any) -> dict[str, Any]:
    """The game's whole frames as slippi-js's digest tells them, for ports 1 to 4."""
    ids = np.asarray(game.frames.field("id"))
    distinct, places = np.unique(ids[::-1], return_index=True)
    last = game.frames.take(len(ids) - 1 - places)
    ports = [int(player["port"][1]) for player in game.start["players"]]
    sides = {port: last.field("ports").field(f"P{port}").field("leader") for port in ports}
    whole = np.ones(len(distinct), np.bool_)
    for side in sides.values():
        whole &= side.is_valid().to_numpy(zero_copy_only=False)
    distinct = distinct[whole]
    return {
        "count": len(distinct),
        "first": int(distinct[0]),
        "last": int(distinct[-1]),
        "ids": _sha1(distinct),
        "players": [_player_digest(port, sides[port], whole) for port in ports],
    }


def _player_digest(port: int, side: Any, whole: np.ndarray) -> dict[str, Any]:
    columns = {name: column.to_numpy(zero_copy_only=False)[whole] for name, column in leaves(side).items()}
    return {
        "playerIndex": port - 1,
        "sum": {name: sum(columns[ours].astype(np.float64).tolist()) for name, ours in FLOATS.items()},
        "sha1": {name: _sha1(columns[ours]) for name, ours in INTEGERS.items()},
    }


def _sha1(values: np.ndarray) -> str:
    return hashlib.sha1(values.astype("<i4").tobytes()).hexdigest()


@pytest.mark.parametrize("name", NAMES)
def test_whole_frames_are_those_of_slippi_js(replay_dir: Path, truth_dir: Path, name: str) -> None:
    truth = json.loads((truth_dir / name).with_suffix(".json").read_text())["frames"]
    path = replay_dir / name
    if truth["count"] == 0:
        with pytest.raises(ReplayError) as raised:
            read_game(path.read_bytes(), path)
        reason, offset = QUARANTINED[path.stem.rsplit("_", 1)[0]]
        assert reason in raised.value.reason
        assert raised.value.offset == offset
    else:
        assert digest(read_game(path.read_bytes(), path)) == truth


@pytest.mark.parametrize("name", [name for name in SOUND if name not in WITH_GAPS])
def test_the_rewrite_loses_nothing_that_peppi_reads(replay_dir: Path, name: str) -> None:
    data = (replay_dir / name).read_bytes()
    direct = reader._direct(data, events.read_header(data), None)
    mended = reader._mended(data, events.read_header(data))
    assert_same_frames(mended.frames, direct.frames)
    for part in ("version", "start", "end", "metadata", "num_players", "notes", "content_id"):
        assert getattr(mended, part) == getattr(direct, part), part


def test_players_beyond_port_4_of_a_real_multi_man_game(replay_dir: Path) -> None:
    (path,) = replay_dir.glob("broken/multi-man-3-minute*.slp")
    game = read_game(path.read_bytes(), path)
    assert game.num_players == 6
    assert game.end is not None
    assert game.end["method"] == "unknown(4)"


def test_in_a_doubles_game_frames_go_on_after_a_player_is_out(replay_dir: Path, truth_dir: Path) -> None:
    (path,) = replay_dir.glob("test_v3.13.0_teams-time*.slp")
    game = read_game(path.read_bytes(), path)
    truth = json.loads((truth_dir / path.name).with_suffix(".json").read_text())["frames"]
    assert (truth["last"], int(np.asarray(game.frames.field("id"))[-1])) == (877, 3600)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_lesson_4_a_real_game_cut_short_gives_its_first_frames(replay_dir: Path, share: float) -> None:
    (path,) = replay_dir.glob("test_v3.7.0_itemexport*.slp")
    data = path.read_bytes()
    whole = leaves(read_game(data).frames)
    cut = read_game(data[: int(share * len(data))])
    ours = leaves(cut.frames)
    for column in ("id", "ports.P1.leader.post.position.x", "ports.P2.leader.pre.joystick.x", "item.count"):
        assert ours[column].equals(whole[column].slice(0, len(cut.frames))), column
    assert abs(len(cut.frames) / len(whole["id"]) - share) < 0.1
    assert cut.end is None
