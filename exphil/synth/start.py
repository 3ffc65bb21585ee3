"""The game start and game end events, and the metadata object: what a file says of a match besides its frames."""

import struct
from collections.abc import Sequence
from typing import Final

from exphil.synth.events import FIRST_FRAME, GAME_END, GAME_START, payload_sizes
from exphil.synth.match import Match, Player
from exphil.synth.ubjson import Value

# Offsets within the payload, that is after the command byte.
_INFO: Final = 4
_PLAYERS: Final = _INFO + 0x60
_PLAYER_BYTES: Final = 0x24
_RANDOM_SEED: Final = 0x13C
_FIXES: Final = 0x140
_TAGS: Final = 0x160
_PAL: Final = 0x1A0
_FROZEN: Final = 0x1A1
_SCENE: Final = 0x1A2
_NAMES: Final = 0x1A4
_CODES: Final = 0x220
_UIDS: Final = 0x248
_LANGUAGE: Final = 0x2BC
_MATCH: Final = 0x2BD

# Stock match, countdown, pause and score settings as recorders leave them.
_OFFLINE_BITS: Final = bytes.fromhex("3201864c")
_ONLINE_BITS: Final = bytes.fromhex("32018e4c")
_EMPTY_CHARACTER: Final = 0x1A
_HUMAN, _CPU, _EMPTY = 0, 1, 3
_UCF: Final = 1
_VERSUS_SCENE, _ONLINE_SCENE = 2, 8


def game_start(match: Match) -> bytes:
    """The game start event, command byte first, as long as the version has it."""
    version = match.version
    data = bytearray(dict(payload_sizes(version))[GAME_START])
    data[0:3] = bytes(version)
    data[_INFO : _INFO + 4] = _ONLINE_BITS if match.is_online else _OFFLINE_BITS
    data[_INFO + 4] = 0xC3
    data[_INFO + 8] = match.is_teams
    data[_INFO + 0x0B : _INFO + 0x0D] = b"\xff\xff"  # no items, a self-destruct costs one point
    data[_INFO + 0x0D] = 0x6E
    struct.pack_into(">HI", data, _INFO + 0x0E, match.stage_id, match.timer_seconds)
    data[_INFO + 0x20 : _INFO + 0x28] = b"\xff" * 8
    struct.pack_into(">fff", data, _INFO + 0x2C, 1.0, 1.0, 1.0)
    by_port = {player.port: player for player in match.players}
    for slot in range(6):
        at = _PLAYERS + slot * _PLAYER_BYTES
        data[at : at + _PLAYER_BYTES] = _player_block(by_port.get(slot + 1), match)
    struct.pack_into(">I", data, _RANDOM_SEED, match.random_seed)
    if version >= (1, 0, 0):
        data[_FIXES : _FIXES + 32] = struct.pack(">II", _UCF, _UCF) * 4
    for player in match.players:
        _write_names(data, player, match)
    if version >= (1, 5, 0):
        data[_PAL] = match.is_pal
    if version >= (2, 0, 0):
        data[_FROZEN] = match.is_frozen_stadium
    if version >= (3, 7, 0):
        data[_SCENE : _SCENE + 2] = bytes([2, _ONLINE_SCENE if match.is_online else _VERSUS_SCENE])
    if version >= (3, 12, 0):
        data[_LANGUAGE] = 1
    if version >= (3, 14, 0):
        identity = match.match_id.encode()[:50]
        data[_MATCH : _MATCH + len(identity)] = identity
        struct.pack_into(">II", data, _MATCH + 51, match.game_number if identity else 0, match.tiebreaker)
    return bytes([GAME_START]) + bytes(data)


def _player_block(player: Player | None, match: Match) -> bytes:
    block = bytearray(_PLAYER_BYTES)
    block[0] = _EMPTY_CHARACTER if player is None else player.external
    block[1] = _EMPTY if player is None else _HUMAN if player.cpu_level is None else _CPU
    block[2] = 4 if player is None else player.stocks
    block[3] = 0 if player is None else player.costume
    block[5] = 0xFF
    block[8] = 9  # handicap
    block[9] = 0 if player is None or player.team is None else player.team
    block[10] = 0x78
    block[12] = 0xC0 if match.is_online else 0x40
    block[14] = 4
    block[15] = 1 if player is None or player.cpu_level is None else player.cpu_level
    struct.pack_into(">fff", block, 0x18, 1.0, 1.0, 1.0)
    return bytes(block)


def _write_names(data: bytearray, player: Player, match: Match) -> None:
    slot = player.port - 1
    if match.version >= (1, 3, 0) and player.tag:
        # In-game tags are full-width.
        tag = "".join(chr(ord(letter) - 0x20 + 0xFF00) for letter in player.tag).encode("shift_jis")[:14]
        data[_TAGS + 16 * slot : _TAGS + 16 * slot + len(tag)] = tag
    if not match.is_online:
        return
    name = player.name.encode("shift_jis")[:30]
    data[_NAMES + 31 * slot : _NAMES + 31 * slot + len(name)] = name
    code = player.code.replace("#", "＃").encode("shift_jis")[:9]
    data[_CODES + 10 * slot : _CODES + 10 * slot + len(code)] = code
    if match.version >= (3, 11, 0) and player.code:
        uid = f"synth{player.code.replace('#', '')}".ljust(28, "0").encode()[:28]
        data[_UIDS + 29 * slot : _UIDS + 29 * slot + len(uid)] = uid


def game_end(match: Match, method: int, lras_player: int | None, placements: Sequence[int]) -> bytes:
    """The game end event.

    Args:
        method: 1 time, 2 game, 7 no contest; before 2.0 the game only says 3, resolved.
        lras_player: index of the port that quit, None for nobody.
        placements: of the four ports, -1 for an empty one.
    """
    size = dict(payload_sizes(match.version))[GAME_END]
    initiator = -1 if lras_player is None else lras_player
    if match.version < (2, 0, 0):
        method = 0 if method == 7 else 3
    full = struct.pack(">BBb4b", GAME_END, method, initiator, *placements)
    return full[: 1 + size]


def metadata(match: Match, last_frame: int, character_frames: Sequence[dict[int, int]]) -> dict[str, Value]:
    """The metadata object; `character_frames` counts, for each player, the frames of each fighter id."""
    players: dict[str, Value] = {}
    if match.platform == "dolphin":
        for player, counts in zip(match.players, character_frames, strict=True):
            names: dict[str, Value] = {}
            if player.code:
                names = {"netplay": player.name, "code": player.code}
            characters: dict[str, Value] = {str(fighter): frames for fighter, frames in counts.items()}
            players[str(player.port - 1)] = {"names": names, "characters": characters}
    found: dict[str, Value] = {"startAt": match.started_at, "lastFrame": max(last_frame, FIRST_FRAME)}
    if match.console:
        found["consoleNick"] = match.console
    found["players"] = players
    found["playedOn"] = match.platform
    return found
