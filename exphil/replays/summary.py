"""What a game tells for `replays` and `players`: one row of the one, a row a player of the other."""

import unicodedata
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from exphil import schema
from exphil.melee import characters, stages
from exphil.replays.frames import FRAME_POLICY, FrameTables
from exphil.replays.game import Game
from exphil.replays.identity import set_key
from exphil.replays.mode import mode
from exphil.replays.outcome import (
    LastState,
    Winner,
    end_method,
    is_complete,
    lras_port,
    placements,
    port_number,
    winner,
)

UCF_SINCE: Final = (1, 0, 0)

ZELDA_SHEIK_SINCE: Final = (1, 6, 0)
"""Before this version the game start may name the wrong one of the two; the first frame tells."""
STARTED_AS: Final = {7: 19, 19: 18}
"""Sheik's and Zelda's select-screen ids by their fighter ids."""


def replay_row(game: Game, tables: FrameTables) -> dict[str, Any]:
    """The row of `replays` for a game that was read; columns on its file and on other games are null."""
    start, metadata = game.start, game.metadata or {}
    ids = np.asarray(tables.stage_frames["frame"])
    scene, match = start.get("scene") or {}, start.get("match") or {}
    won = _winner(game, _last_states(tables.frames))
    row: dict[str, Any] = dict.fromkeys(schema.REPLAYS.names)
    row |= {
        "replay_id": game.content_id,
        "game_id": tables.game_id,
        "notes": "; ".join(game.notes) or None,
        "mode": mode(start, game.num_players),
        "complete": is_complete(ids, game.end),
        "version": ".".join(map(str, game.version)),
        "stage": start["stage"],
        "stage_name": _named(stages.stage_name(start["stage"]), start["stage"]),
        "is_teams": start["is_teams"],
        "is_pal": start.get("is_pal"),
        "is_frozen_stadium": start.get("is_frozen_ps"),
        "scene_major": scene.get("major"),
        "scene_minor": scene.get("minor"),
        "num_players": game.num_players,
        "num_frames": len(ids),
        "first_frame": int(ids[0]),
        "last_frame": int(ids[-1]),
        "latest_frame": game.latest_frame,
        "num_rollback_rows": tables.num_rollback_rows,
        "frame_policy": FRAME_POLICY,
        "end_method": end_method(game.end),
        "lras_port": lras_port(game.end),
        "winner_port": won.port if won else None,
        "winner_by": won.by if won else None,
        "started_at": metadata.get("startAt"),
        "platform": metadata.get("playedOn"),
        "console_name": metadata.get("consoleNick") or None,
        "set_key": set_key(
            [(_connect_code(game, player), _netplay_name(game, player)) for player in start["players"]],
            metadata.get("startAt"),
            tables.game_id,
        ),
    }
    if match.get("id"):  # offline games carry an empty id and zeros
        row |= {"match_id": match["id"], "match_game": match["game"], "match_tiebreaker": match["tiebreaker"]}
    return row


def player_rows(game: Game, tables: FrameTables) -> list[dict[str, Any]]:
    """A row of `players` for each player of ports 1 to 4, by port."""
    states = _last_states(tables.frames)
    last = {state.port: state for state in states}
    placed = placements(game.end)
    won = _winner(game, states)
    rows = []
    for player in sorted(game.start["players"], key=lambda player: port_number(player["port"])):
        port = port_number(player["port"])
        state = last.get(port)
        character = _started_as(game, tables.frames, player)
        kind = player["type"].lower()
        ucf = player.get("ucf") or {}
        rows.append(
            {
                "replay_id": game.content_id,
                "port": port,
                "character": character,
                "character_name": _named(characters.external_name(character), character),
                "costume": player["costume"],
                "type": kind,
                "cpu_level": player["cpu_level"] if kind == "cpu" else None,
                "team": (player["team"] or {}).get("color") if game.start["is_teams"] else None,
                "start_stocks": player["stocks"],
                "end_stocks": state.stocks if state else None,
                "end_percent": state.percent if state else None,
                "placement": placed.get(port),
                "won": port == won.port if won else None,
                "name_tag": _plain(player.get("name_tag")),
                "netplay_name": _netplay_name(game, player),
                "connect_code": _connect_code(game, player),
                "ucf_dash_back": _ucf(game, ucf.get("dash_back")),
                "ucf_shield_drop": _ucf(game, ucf.get("shield_drop")),
            }
        )
    return rows


def _winner(game: Game, states: list[LastState]) -> Winner | None:
    return winner(game.end, states) if game.num_players == 2 else None


def _last_states(frames: pa.Table) -> list[LastState]:
    """Each leader at their last frame, by port; a player without a row has none."""
    leaders = np.flatnonzero(~np.asarray(frames["follower"]))
    ports = np.asarray(frames["port"])[leaders]
    present = np.unique(ports)
    rows = leaders[np.searchsorted(ports, present, side="right") - 1]  # rows of a port lie together, by frame
    stocks, percents = frames["post_stocks"], frames["post_percent"]
    return [
        LastState(port, stocks[row].as_py(), percents[row].as_py())
        for port, row in zip(present.tolist(), rows.tolist(), strict=True)
    ]


def _started_as(game: Game, frames: pa.Table, player: dict[str, Any]) -> int:
    """The select-screen id of the character that the game began with."""
    chosen: int = player["character"]
    if game.version >= ZELDA_SHEIK_SINCE or chosen not in STARTED_AS.values():
        return chosen
    rows = frames.filter(pc.equal(frames["port"], port_number(player["port"])))
    return STARTED_AS.get(rows["post_character"][0].as_py(), chosen) if rows.num_rows else chosen


def _named(name: str, number: int) -> str:
    return f"UNKNOWN_{number}" if name == "UNKNOWN" else name


def _plain(text: str | None) -> str | None:
    """Full-width letters as their ordinary forms; null for the empty text that stands for none."""
    return unicodedata.normalize("NFKC", text) or None if text else None


def _connect_code(game: Game, player: dict[str, Any]) -> str | None:
    return _plain((player.get("netplay") or {}).get("code") or _metadata_names(game, player).get("code"))


def _netplay_name(game: Game, player: dict[str, Any]) -> str | None:
    return (player.get("netplay") or {}).get("name") or _metadata_names(game, player).get("netplay") or None


def _metadata_names(game: Game, player: dict[str, Any]) -> dict[str, str]:
    """Names that the recorder wrote beside the game: all there is from before format 3.9."""
    index = str(port_number(player["port"]) - 1)
    people = (game.metadata or {}).get("players") or {}
    names: dict[str, str] = (people.get(index) or {}).get("names") or {}
    return names


def _ucf(game: Game, setting: str | None) -> str | None:
    if game.version < UCF_SINCE:
        return None
    return setting.lower() if setting else "off"
