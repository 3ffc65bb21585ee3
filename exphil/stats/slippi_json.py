"""A game in the shape that slippi-js gives it: `settings`, `gameEnd`, `winners`, `stats`, names in camel case.

What slippi-js leaves undefined is left out. Games that are not of two players have empty lists, and an `overall`
row a player without inputs, as there.
"""

import base64
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow.compute as pc

from exphil.replays.frames import FrameTables
from exphil.replays.game import Game
from exphil.replays.outcome import port_number
from exphil.stats.actions import Counts
from exphil.stats.finality import final_frame
from exphil.stats.game import FRAMES_A_MINUTE, GameStats, Move, Overall, Punish, Ratio, Stock, game_stats
from exphil.stats.game_start import settings
from exphil.stats.walk import FIRST_FRAME, PLAY_STARTS
from exphil.stats.winners import GameEnd, Standing, winners

Json = dict[str, Any]

_GAME_START: Final = 0x36
_GAME_END: Final = 0x39

COUNT_GROUPS: Final = ("edge_cancel", "l_cancel", "attack", "grab", "throw", "ground_tech", "wall_tech")
"""Counts that stand together under one name."""


def document(game: Game, tables: FrameTables) -> Json:
    """Everything that slippi-js tells about a recording, frames and metadata aside."""
    start = bytes([_GAME_START]) + _raw(game.start)
    found: Json = {"settings": settings(start, _first_fighters(tables))}
    end = _game_end(game)
    if end is not None:
        found["gameEnd"] = end
    players = found["settings"]["players"]
    found["winners"] = winners(
        None if end is None else _end(end),
        _standings(game, tables),
        {player["playerIndex"]: player["teamId"] for player in players},
        teams=bool(found["settings"].get("isTeams")),
    )
    found["stats"] = _stats(game, tables, players)
    return found


def stats_of(game: Game, tables: FrameTables) -> GameStats | None:
    """Statistics of a game just read; None where it is not of two players."""
    players = game.start["players"]
    ports = sorted(port_number(player["port"]) for player in players)
    if len(ports) != 2:
        return None
    last = int(np.asarray(tables.stage_frames.column("frame")).max())
    latest = game.latest_frame
    scene = game.start.get("scene") or {}
    finalized = pc.max(tables.stage_frames.column("end_latest_finalized_frame")).as_py()
    until = final_frame(
        game.version,
        last,
        ended=game.end is not None,
        scene_major=scene.get("major"),
        latest_finalized=finalized,
        latest_frame=latest,
    )
    allied = bool(game.start["is_teams"]) and len({player["team"]["color"] for player in players}) == 1
    return game_stats(tables.frames, (ports[0], ports[1]), latest, until, allied=allied)


def _stats(game: Game, tables: FrameTables, players: list[Json]) -> Json:
    stats = stats_of(game, tables)
    last = game.latest_frame
    common = {
        "gameComplete": game.end is not None,
        "lastFrame": last,
        "playableFrameCount": max(0, last - PLAY_STARTS),
    }
    if stats is None:
        empty: Json = {name: [] for name in ("stocks", "conversions", "combos", "actionCounts")}
        overall = [_empty_overall(player["playerIndex"], last) for player in players]
        return common | empty | {"overall": overall}
    return common | {
        "stocks": [_stock(stock) for stock in stats.stocks],
        "conversions": [_punish(found) | {"openingType": found.opening} for found in stats.conversions],
        "combos": [_punish(found) for found in stats.combos],
        "actionCounts": [
            _actions(port, counts) for port, counts in zip(stats.ports, stats.actions, strict=True)
        ],
        "overall": [_overall(overall) for overall in stats.overall],
    }


def camel(name: str) -> str:
    """`l_cancel` as `lCancel`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _stock(stock: Stock) -> Json:
    return _known(
        {
            "playerIndex": stock.port - 1,
            "startFrame": stock.start,
            "endFrame": stock.end,
            "startPercent": 0,
            "endPercent": stock.end_percent,
            "currentPercent": stock.current_percent,
            "count": stock.count,
            "deathAnimation": stock.death,
        }
    )


def _punish(found: Punish) -> Json:
    return _known(
        {
            "playerIndex": found.victim - 1,
            "lastHitBy": found.attacker - 1,
            "startFrame": found.start,
            "endFrame": found.end,
            "startPercent": found.start_percent,
            "currentPercent": found.current_percent,
            "endPercent": found.end_percent,
            "moves": [_move(move) for move in found.moves],
            "didKill": found.killed,
        }
    )


def _move(move: Move) -> Json:
    return {
        "playerIndex": move.port - 1,
        "frame": move.frame,
        "moveId": move.attack,
        "hitCount": move.hits,
        "damage": move.damage,
    }


def _actions(port: int, counts: Counts) -> Json:
    found: Json = {"playerIndex": port - 1}
    for name, count in counts.items():
        group = next((group for group in COUNT_GROUPS if name.startswith(f"{group}_")), None)
        if group is None:
            found[f"{camel(name)}Count"] = count
        else:
            found.setdefault(f"{camel(group)}Count", {})[name.removeprefix(f"{group}_")] = count
    return found


def _overall(overall: Overall) -> Json:
    counted = overall.inputs
    return {
        "playerIndex": overall.port - 1,
        "inputCounts": {
            "buttons": counted.buttons,
            "triggers": counted.triggers,
            "cstick": counted.cstick,
            "joystick": counted.joystick,
            "total": counted.total,
        },
        "conversionCount": overall.conversion_count,
        "totalDamage": overall.total_damage,
        "killCount": overall.kill_count,
        **{camel(name): _ratio(ratio) for name, ratio in overall.ratios.items()},
    }


def _empty_overall(index: int, last_frame: int) -> Json:
    minutes = max(0, last_frame - PLAY_STARTS) / FRAMES_A_MINUTE
    zero = {"count": 0, "total": 0}
    rate = {"total": minutes} | ({"ratio": None} if minutes else {})
    return {
        "playerIndex": index,
        "inputCounts": {},
        "conversionCount": 0,
        "totalDamage": 0,
        "killCount": 0,
        "successfulConversions": zero,
        "inputsPerMinute": rate,
        "digitalInputsPerMinute": rate,
        "openingsPerKill": zero,
        "damagePerOpening": zero,
        "neutralWinRatio": zero,
        "counterHitRatio": zero,
        "beneficialTradeRatio": zero,
    }


def _ratio(ratio: Ratio) -> Json:
    return _known({"count": ratio.count, "total": ratio.total, "ratio": ratio.value})


def _raw(event: Mapping[str, Any]) -> bytes:
    """An event's bytes after its command, which the parser keeps in base64."""
    raw = event["bytes"]
    return base64.b64decode(raw) if isinstance(raw, str) else bytes(raw)


def _game_end(game: Game) -> Json | None:
    if game.end is None:
        return None
    event = bytes([_GAME_END]) + _raw(game.end)
    signed = np.frombuffer(event, np.int8)
    return _known(
        {
            "gameEndMethod": event[1],
            "lrasInitiatorIndex": int(signed[2]) if len(event) > 2 else None,
            "placements": [
                _known(
                    {
                        "playerIndex": index,
                        "position": int(signed[3 + index]) if len(event) > 3 + index else None,
                    }
                )
                for index in range(4)
            ],
        }
    )


def _end(end: Json) -> GameEnd:
    placed = tuple((p["playerIndex"], p["position"]) for p in end["placements"] if "position" in p)
    return GameEnd(end["gameEndMethod"], end.get("lrasInitiatorIndex"), placed)


def _leaders_at(tables: FrameTables, frame: int) -> list[Json]:
    """The rows of `frames` of all players, followers aside, at one frame."""
    frames = tables.frames
    here = pc.and_(pc.equal(frames.column("frame"), frame), pc.invert(frames.column("follower")))
    names = ["port", "post_character", "post_stocks", "post_percent"]
    rows: list[Json] = frames.select(names).filter(here).to_pylist()
    return rows


def _first_fighters(tables: FrameTables) -> dict[int, int]:
    return {row["port"] - 1: row["post_character"] for row in _leaders_at(tables, FIRST_FRAME)}


def _standings(game: Game, tables: FrameTables) -> list[Standing]:
    return [
        Standing(row["port"] - 1, row["post_stocks"], row["post_percent"])
        for row in _leaders_at(tables, game.latest_frame)
    ]


def _known(values: Json) -> Json:
    return {name: value for name, value in values.items() if value is not None}
