"""Nana: she does what Popo did a few frames ago, a little behind him, and sometimes dies alone."""

from typing import Final

import numpy as np

from exphil.synth.actions import ACTIONS, KIND, Kind
from exphil.synth.match import Match
from exphil.synth.track import FighterTrack

_DELAY: Final = 6
_BEHIND: Final = 5.0
_NANA: Final = 11
_DEATH_ODDS: Final = 0.05
_STREAM: Final = 5
_SHARE_OF_PERCENT: Final = 0.7
_FOLLOWER_FLAG: Final = 8


def follower_track(match: Match, leader: FighterTrack) -> FighterTrack:
    """The follower of a leader's track. Rows are absent from her death to the next life of her leader."""
    num_frames = len(leader.present)
    delayed = np.maximum(np.arange(num_frames) - _DELAY, 0)
    pre = {name: column[delayed].copy() for name, column in leader.pre.items()}
    post = {name: column[delayed].copy() for name, column in leader.post.items()}
    post["character"] = np.full(num_frames, _NANA, dtype=np.uint8)
    for columns in (pre, post):
        columns["position_x"] = columns["position_x"] - columns["direction"] * _BEHIND
        columns["percent"] = np.floor(columns["percent"] * _SHARE_OF_PERCENT)
    # The percent that she starts a frame with is the one that she ended the last with.
    for name in ("position_x", "percent"):
        pre[name] = np.concatenate([pre[name][:1], post[name][:-1]])
    post["stocks"] = leader.post["stocks"]
    post["state_flags_4"] = post["state_flags_4"] | _FOLLOWER_FLAG
    present = np.ones(num_frames, dtype=bool)
    dying = ACTIONS["DEAD_DOWN"]
    for start, end in _lonely_ends(match, leader):
        stop = min(start + dying.frames, num_frames)
        post["state"][start:stop] = dying.id
        post["state_age"][start:stop] = dying.first_age
        post["animation_index"][start:stop] = np.uint32(dying.animation)
        pre["state"][start + 1 : stop] = dying.id
        present[stop:end] = False
    return FighterTrack(leader.side, True, pre, post, present)


def _lonely_ends(match: Match, leader: FighterTrack) -> list[tuple[int, int]]:
    """Rows (first of her death, first of the leader's next life) of the lives that she leaves before he does."""
    rng = np.random.Generator(
        np.random.Philox(key=[match.seed, (match.index << 1) | 1]).jumped(_STREAM + leader.side)
    )
    num_frames = len(leader.present)
    out = KIND[leader.post["state"]] == Kind.OUT
    births = np.flatnonzero(out[1:] & ~out[:-1]) + 1  # where the leader dies: she comes back with him
    hits = np.flatnonzero(np.diff(leader.post["percent"], prepend=0) > 0)
    ends: list[tuple[int, int]] = []
    for row in hits:
        if rng.random() < _DEATH_ODDS and (not ends or row >= ends[-1][1]) and not out[row]:
            later = births[births > row]
            start = row + _DELAY
            end = int(later[0]) + ACTIONS["DEAD_DOWN"].frames + _DELAY if len(later) else num_frames
            if start < num_frames:
                ends.append((int(start), min(end, num_frames)))
    return ends
