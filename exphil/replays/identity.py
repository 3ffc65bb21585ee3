"""What makes two recordings one game, and two games one set."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

GAME_ID_COLUMNS: Final = (
    "frame",
    "pre_joystick_x",
    "pre_joystick_y",
    "pre_cstick_x",
    "pre_cstick_y",
    "pre_triggers",
    "pre_buttons_physical",
    "post_character",
    "post_state",
    "post_position_x",
    "post_position_y",
    "post_direction",
    "post_percent",
    "post_shield",
    "post_stocks",
)
"""The columns that a game id covers, in this order: what was pressed and what came of it, in every version.

Left out is what two recordings of one game may tell differently: random seeds past the first frame, raw and
physical analog values of a remote controller, frame bookends, and every field of a later version.
"""


def game_id(start: dict[str, Any], sides: Iterable[dict[str, Any]]) -> str:
    """128 bits of a hash of the resolved frames, as 32 hex digits.

    Args:
        start: the game start, for the stage and the random seed, which tell two short idle games apart.
        sides: columns of each character, by port, the leader before the follower.
    """
    digest = hashlib.blake2b(digest_size=16)
    digest.update(f"game 1 {start['stage']} {start['random_seed']}".encode())
    for columns in sides:
        frames = columns["frame"]
        digest.update(f" {columns['port'][0]} {columns['follower'][0]} {len(frames)} ".encode())
        for name in GAME_ID_COLUMNS:
            digest.update(np.ascontiguousarray(columns[name]).data)
    return digest.hexdigest()


def set_key(names: Iterable[tuple[str | None, str | None]], started_at: str | None, game: str) -> str:
    """Who met whom, and when: one key for all games of a set, which the split then keeps on one side.

    Args:
        names: connect code and netplay name of each player. Codes count if all players have one, else names
            if all have one; where neither holds, every game is a set of its own.
        started_at: start of the game in ISO 8601, or None. The set's day is UTC's where the zone is known.
        game: the game id.
    """
    players = list(names)
    day = utc_day(started_at)
    for known in ([code for code, _ in players if code], [name for _, name in players if name]):
        if known and len(known) == len(players):
            return "|".join(sorted(known) + ([day] if day else []))
    return game


def utc_day(started_at: str | None) -> str | None:
    """The day as `2022-12-28`, in UTC where the time names its zone, else as written; None if unreadable."""
    try:
        time = datetime.fromisoformat(started_at or "")
        return (time.astimezone(UTC) if time.tzinfo else time).date().isoformat()
    except (ValueError, OverflowError):
        return None
