"""Takes what a rewrite invented out of peppi's answer: a field that the file lacks is absent, no default."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from exphil import schema
from exphil.replays import blocks, events
from exphil.replays.events import Version
from exphil.replays.normalise import Rewrite

_START_KEYS: Final[dict[str, Version]] = {
    "is_pal": (1, 5, 0),
    "is_frozen_ps": (2, 0, 0),
    "scene": (3, 7, 0),
    "language": (3, 12, 0),
    "match": (3, 14, 0),
}
_PLAYER_KEYS: Final[dict[str, Version]] = {"ucf": (1, 0, 0), "name_tag": (1, 3, 0), "netplay": (3, 9, 0)}
_UID_SINCE: Final[Version] = (3, 11, 0)

_STAGE_LISTS: Final = {
    "fod_platform": events.FOD,
    "dreamland_whispy": events.WHISPY,
    "stadium_transformation": events.STADIUM,
}


def start_block(start: dict[str, Any], rewrite: Rewrite) -> dict[str, Any]:
    """The game start as the file has it: its own version, bytes and characters, no padded fields."""
    held = rewrite.fields[events.GAME_START]
    assert held is not None, "a header's game start has at least the first version's size"
    result = {key: value for key, value in start.items() if _START_KEYS.get(key, held) <= held}
    result["slippi"] = {**start["slippi"], "version": list(rewrite.header.version)}
    result["bytes"] = blocks.encoded(rewrite.start.original)
    result["players"] = [_player(player, rewrite, held) for player in start["players"]]
    return result


def _player(player: dict[str, Any], rewrite: Rewrite, held: Version) -> dict[str, Any]:
    result = {key: value for key, value in player.items() if _PLAYER_KEYS.get(key, held) <= held}
    if result.get("netplay") is not None and held < _UID_SINCE:
        result["netplay"] = {key: value for key, value in result["netplay"].items() if key != "suid"}
    result["character"] = rewrite.start.character(int(player["port"][1]) - 1)
    return result


def frames(native: pa.StructArray, rewrite: Rewrite) -> pa.StructArray:
    """peppi's frames without the fields, frame starts and frame ends that the file does not hold."""
    columns: dict[str, pa.Array] = {}
    for field in native.type:
        column = native.field(field.name)
        if field.name == "ports":
            columns["ports"] = _ports(column, rewrite)
        elif field.name == "start":
            _keep(columns, "start", _event(column, events.FRAME_START, rewrite, rewrite.invented_starts))
        elif field.name == "end":
            _keep(columns, "end", _event(column, events.FRAME_END, rewrite, rewrite.invented_ends))
        elif field.name == "item":
            if rewrite.fields[events.ITEM] is not None:
                columns["item"] = _items(column, rewrite.fields[events.ITEM])
        elif field.name not in _STAGE_LISTS or rewrite.fields[_STAGE_LISTS[field.name]] is not None:
            columns[field.name] = column
    return pa.StructArray.from_arrays(list(columns.values()), names=list(columns))


def _keep(columns: dict[str, pa.Array], name: str, column: pa.StructArray | None) -> None:
    if column is not None:
        columns[name] = column


def _ports(ports: pa.StructArray, rewrite: Rewrite) -> pa.StructArray:
    result = {}
    for port in ports.type:
        characters = {}
        for character in port.type:
            data = ports.field(port.name).field(character.name)
            pre = _struct(data.field("pre"), schema.PRE_COLUMNS, "pre_", rewrite.fields[events.PRE])
            post = _struct(data.field("post"), schema.POST_COLUMNS, "post_", rewrite.fields[events.POST])
            absent = pa.array(~_valid(data)) if data.null_count else None
            characters[character.name] = pa.StructArray.from_arrays(
                [pre, post], names=["pre", "post"], mask=absent
            )
        result[port.name] = pa.StructArray.from_arrays(list(characters.values()), names=list(characters))
    return pa.StructArray.from_arrays(list(result.values()), names=list(result))


def _event(
    column: pa.StructArray, code: int, rewrite: Rewrite, invented: npt.NDArray[np.bool_]
) -> pa.StructArray | None:
    """A frame-start or frame-end column, null where invented; None when nothing of it is the file's."""
    prefix = "start_" if code == events.FRAME_START else "end_"
    if rewrite.fields[code] is None or invented.all():
        return None
    kept = _struct(column, schema.STAGE_FRAMES.columns, prefix, rewrite.fields[code])
    if kept is None or not invented.any():
        return kept
    mask = pa.array(invented)
    return pa.StructArray.from_arrays(
        [kept.field(i) for i in range(kept.type.num_fields)], names=kept.type.names, mask=mask
    )


def _items(column: pa.ListArray, held: Version | None) -> pa.ListArray:
    values = _struct(column.values, schema.ITEMS.columns, "", held)
    return pa.ListArray.from_arrays(column.offsets, values)


def _struct(
    column: pa.StructArray, known: tuple[schema.Column, ...], prefix: str, held: Version | None
) -> pa.StructArray | None:
    """The struct without fields newer than `held`; None when none is left."""
    kept = {}
    for field in column.type:
        since = _since(known, prefix + field.name)
        if since is None or (held is not None and since <= held):
            kept[field.name] = column.field(field.name)
    if not kept:
        return None
    mask = pa.array(~_valid(column)) if column.null_count else None
    return pa.StructArray.from_arrays(list(kept.values()), names=list(kept), mask=mask)


def _since(known: tuple[schema.Column, ...], name: str) -> Version | None:
    for column in known:
        if column.name == name or column.name.startswith(f"{name}_"):
            return column.since
    return None


def _valid(column: pa.Array) -> npt.NDArray[np.bool_]:
    return np.asarray(column.is_valid().to_numpy(zero_copy_only=False), np.bool_)
