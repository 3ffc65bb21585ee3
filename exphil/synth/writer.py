"""From a simulated game to the bytes of a `.slp` file.

A frame's events are laid side by side in one packed struct a row, optional ones in slots of their own; the bytes of
the slots that a frame does not use are dropped by one boolean mask. No event is packed on its own.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from exphil.errors import UsageError
from exphil.synth import events
from exphil.synth.events import FIRST_FRAME, FRAME_FIELDS, event_dtype
from exphil.synth.match import Match
from exphil.synth.start import game_end, game_start, metadata
from exphil.synth.timeline import Timeline, draw_timeline, plain_timeline
from exphil.synth.track import FighterTrack, Track
from exphil.synth.ubjson import wrap_replay

# Before this version a repeated frame id cannot be told from damage.
FIRST_ROLLBACK_VERSION: Final = (3, 0, 0)
# How far off a mispredicted frame shows the remote player.
_MISPREDICTED_X: Final = 1.5

Slot = tuple[str, np.dtype[np.void], NDArray[np.bool_] | None]


def replay_bytes(match: Match, track: Track, *, cut: str = "none") -> bytes:
    """The whole file.

    Args:
        cut: `none`; `in-progress` leaves what a recorder has on disk while the game runs (length 0, no end, no
            metadata); `truncated` is that with the last frame cut in the middle; `no-end` lacks the end event only.
    """
    timeline = draw_timeline(match, track.num_frames) if match.rollbacks else plain_timeline(track.num_frames)
    if match.rollbacks and match.version < FIRST_ROLLBACK_VERSION:
        raise UsageError(
            f"rollbacks need replay version 3.0 or later, not {'.'.join(map(str, match.version))}"
        )
    head = events.payloads_event(match.version) + game_start(match)
    body = _frame_bytes(match, track, timeline)
    last = FIRST_FRAME + track.num_frames - 1
    counts = [_character_frames(track, side) for side in range(len(match.players))]
    about = metadata(match, last, counts)
    if cut == "in-progress":
        return wrap_replay(head + body, None, raw_length=0)
    if cut == "truncated":
        return wrap_replay((head + body)[: -(event_size(events.POST, match) + 20)], None, raw_length=0)
    if cut == "no-end":
        return wrap_replay(head + body, about)
    if cut != "none":
        raise UsageError(f"cut {cut!r} is unknown: none, in-progress, truncated or no-end")
    placements = [-1, -1, -1, -1]
    for player, place in zip(match.players, track.placements, strict=True):
        placements[player.port - 1] = place
    quitter = None if track.lras_side is None else match.players[track.lras_side].port - 1
    return wrap_replay(head + body + game_end(match, track.method, quitter, placements), about)


def event_size(code: int, match: Match) -> int:
    """Bytes of a frame event after its command byte; 0 where the version lacks it."""
    dtype = event_dtype(code, match.version)
    return 0 if dtype is None else dtype.itemsize - 1


def _character_frames(track: Track, side: int) -> dict[int, int]:
    found: dict[int, int] = {}
    for fighter in track.fighters:
        if fighter.side == side:
            ids, counts = np.unique(fighter.post["character"][fighter.present], return_counts=True)
            found |= dict(zip(ids.tolist(), counts.tolist(), strict=True))
    return found


def _frame_bytes(match: Match, track: Track, timeline: Timeline) -> bytes:
    slots = _slots(match, track, timeline)
    rows = np.zeros(len(timeline.order), dtype=np.dtype([(name, dtype) for name, dtype, _ in slots]))
    frame = (timeline.order + FIRST_FRAME).astype(np.int32)
    for name, _, _ in slots:
        rows[name]["code"] = _CODES[name.split("_")[0]]
        rows[name]["frame"] = frame
    names = {name for name, _, _ in slots}
    order = timeline.order
    if "start" in names:
        _fill(
            rows["start"],
            {"random_seed": track.random_seed[order], "scene_frame_counter": np.arange(len(order))},
        )
    if "end" in names:
        _fill(rows["end"], {"latest_finalized_frame": timeline.finalized + FIRST_FRAME})
    for index, fighter in enumerate(track.fighters):
        _fill_fighter(rows, index, fighter, match, track, timeline)
    for slot in range(track.item_present.shape[1]):
        if f"item_{slot}" in names:
            _fill(rows[f"item_{slot}"], {name: column[order, slot] for name, column in track.items.items()})
    if "fod_0" in names:
        for platform in range(2):  # the event counts the right one as 0
            side = 1 - platform
            _fill(
                rows[f"fod_{platform}"], {"platform": platform, "height": track.stage.fod_height[order, side]}
            )
        _fill(rows["whispy"], {"direction": track.stage.whispy[order]})
        _fill(
            rows["stadium"], {"event": track.stage.stadium[order, 0], "type": track.stage.stadium[order, 1]}
        )
    return _drop_unused(rows, slots)


_CODES: Final = {
    "start": events.FRAME_START,
    "pre": events.PRE,
    "item": events.ITEM,
    "fod": events.FOD_PLATFORM,
    "whispy": events.WHISPY,
    "stadium": events.STADIUM,
    "post": events.POST,
    "end": events.FRAME_END,
}


def _slots(match: Match, track: Track, timeline: Timeline) -> list[Slot]:
    """The events of a row in the order that recorders send them; a mask says where an optional one is sent."""
    order, version = timeline.order, match.version
    wanted: list[tuple[str, NDArray[np.bool_] | None]] = [("start", None)]
    wanted += [(f"pre_{index}", fighter.present[order]) for index, fighter in enumerate(track.fighters)]
    wanted += [
        (f"item_{slot}", track.item_present[order, slot]) for slot in range(track.item_present.shape[1])
    ]
    stage = track.stage
    wanted += [(f"fod_{platform}", stage.fod_moved[order, 1 - platform]) for platform in range(2)]
    wanted += [("whispy", stage.whispy_changed[order]), ("stadium", stage.stadium_changed[order])]
    wanted += [(f"post_{index}", fighter.present[order]) for index, fighter in enumerate(track.fighters)]
    wanted += [("end", None)]
    slots: list[Slot] = []
    for name, mask in wanted:
        dtype = event_dtype(_CODES[name.split("_")[0]], version)
        if dtype is not None:
            slots.append((name, dtype, None if mask is None or bool(mask.all()) else mask))
    return slots


def _fill(target: NDArray[np.void], columns: dict[str, Any]) -> None:
    """Set the fields that this version of the event has."""
    fields = target.dtype.names or ()
    for name, column in columns.items():
        if name in fields:
            target[name] = column


def _fill_fighter(
    rows: NDArray[np.void], index: int, fighter: FighterTrack, match: Match, track: Track, timeline: Timeline
) -> None:
    player = match.players[fighter.side].port - 1
    order = timeline.order
    remote = fighter.side == timeline.remote_side
    # Until the remote player's input arrives, the last one known is assumed to be held.
    inputs = timeline.known if remote else order
    pre, post = rows[f"pre_{index}"], rows[f"post_{index}"]
    held = {name for name, _, _ in FRAME_FIELDS[events.PRE][9:17]} | {
        "raw_analog_x", "raw_analog_y", "raw_analog_cstick_x", "raw_analog_cstick_y",
    }  # fmt: skip
    _fill(pre, {"player": player, "follower": fighter.follower, "random_seed": track.random_seed[order]})
    _fill(pre, {name: column[inputs if name in held else order] for name, column in fighter.pre.items()})
    _fill(post, {"player": player, "follower": fighter.follower})
    _fill(post, {name: column[order] for name, column in fighter.post.items()})
    if remote and timeline.speculative.any():
        late = timeline.speculative
        post["position_x"][late] += np.float32(_MISPREDICTED_X)


def _drop_unused(rows: NDArray[np.void], slots: list[Slot]) -> bytes:
    raw = rows.view(np.uint8).reshape(len(rows), rows.dtype.itemsize)
    if all(mask is None for _, _, mask in slots):
        return raw.tobytes()
    everywhere = np.ones(len(rows), dtype=bool)
    present = np.stack([everywhere if mask is None else mask for _, _, mask in slots], axis=1)
    keep = np.repeat(present, [dtype.itemsize for _, dtype, _ in slots], axis=1)
    kept: NDArray[np.uint8] = raw[keep]
    return kept.tobytes()
