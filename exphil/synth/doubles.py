"""Games of four: two duels on one stage, told as one game, for what must tell such games from 1v1."""

from dataclasses import replace
from typing import Final

import numpy as np

from exphil.synth.match import Match, change_match, draw_match
from exphil.synth.simulate import simulate
from exphil.synth.track import Columns, Track

# Nobody is out before the time is up: a duel that ends would leave two idle.
_STOCKS: Final = 99
_SECOND_DUEL: Final = 1 << 40


def four_players(
    seed: int, index: int, *, max_frames: int, version: tuple[int, int, int], is_teams: bool
) -> tuple[Match, Track]:
    """A doubles game, or a free-for-all; ports 1 and 3 fight 2 and 4."""
    first = draw_match(seed, index, max_frames=max_frames, versions=(version,))
    first = change_match(first, ports=(1, 2), stocks=_STOCKS, rollbacks=False, quits=False)
    second = change_match(
        draw_match(seed, index + _SECOND_DUEL, max_frames=max_frames, versions=(version,)),
        ports=(3, 4),
        stocks=_STOCKS,
        stage=first.stage,
        timer_seconds=first.timer_seconds,
        rollbacks=False,
        quits=False,
    )
    tracks = simulate([first, second])
    players = tuple(
        replace(player, team=number % 2 if is_teams else None)
        for number, player in enumerate((*first.players, *second.players))
    )
    match = replace(first, players=players, is_teams=is_teams)
    return match, _join(*tracks, is_teams=is_teams)


def _join(first: Track, second: Track, *, is_teams: bool) -> Track:
    assert first.num_frames == second.num_frames
    later = tuple(replace(fighter, side=fighter.side + 2) for fighter in second.fighters)
    after = int(first.items["id"].max(initial=0)) + 1
    items: Columns = {
        name: np.concatenate([column, second.items[name] + (after if name == "id" else 0)], axis=1)
        for name, column in first.items.items()
    }
    leaders = [fighter for fighter in (*first.fighters, *later) if not fighter.follower]
    left = np.array([(int(f.post["stocks"][-1]), -float(f.post["percent"][-1])) for f in leaders])
    if is_teams:
        left = np.tile(left[:2] + left[2:], (2, 1))
    # Best first: more stocks, then less damage.
    order = np.lexsort((-left[:, 1], -left[:, 0]))
    placements = np.zeros(4, dtype=int)
    placements[order] = np.arange(4)
    if is_teams:
        placements //= 2
    return replace(
        first,
        fighters=(*first.fighters, *later),
        items=items,
        item_present=np.concatenate([first.item_present, second.item_present], axis=1),
        placements=tuple(placements.tolist()),
    )
