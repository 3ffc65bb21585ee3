"""Nats a frame: by head, by what goes on, and by whose game it is, the policy beside both baselines."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from exphil.evaluation.phases import PHASES
from exphil.evaluation.scored import PREDICTORS, ScoredFrames
from exphil.evaluation.streams import Streams
from exphil.melee.controller import HEADS, NUM_HEADS

TIME_EDGES: Final = (0, 600, 1800, 3600, 7200, 14400)
"""Frames since the start of play at which another row of the time table begins."""
TIME_NAMES: Final = ("0 to 10 s", "10 to 30 s", "30 to 60 s", "1 to 2 min", "2 to 4 min", "from 4 min")
CHANGE_NAMES: Final = ("the input stays", "the input changes")


class Likelihood:
    """Adds up nats, chunk after chunk; memory grows by a few numbers a stream alone."""

    def __init__(self, num_streams: int) -> None:
        shape = (len(PREDICTORS),)
        self._by_head = np.zeros((*shape, NUM_HEADS))
        self._num_frames = 0
        self._streams = np.zeros((num_streams, 1 + len(PREDICTORS)))
        self._phases = np.zeros((len(PHASES), 1 + len(PREDICTORS)))
        self._times = np.zeros((len(TIME_NAMES), 1 + len(PREDICTORS)))
        self._changes = np.zeros((2, 1 + len(PREDICTORS)))

    def add(self, frames: ScoredFrames) -> None:
        """Count frames."""
        self._num_frames += len(frames)
        totals = np.empty((len(frames), 1 + len(PREDICTORS)))
        totals[:, 0] = 1
        for place, name in enumerate(PREDICTORS):
            self._by_head[place] += frames.nats[name].sum(axis=0)
            totals[:, 1 + place] = frames.nats[name].sum(axis=1)
        changed = (frames.held != frames.target).any(axis=1).astype(np.int64)
        time = np.searchsorted(TIME_EDGES, frames.since, side="right") - 1
        for sums, index in (
            (self._streams, frames.stream),
            (self._phases, frames.phase),
            (self._times, time),
            (self._changes, changed),
        ):
            _add_by(sums, index, totals)

    def report(self, streams: Streams) -> dict[str, Any]:
        """Means over all frames, and tables of means over some of them."""
        frames = max(1, self._num_frames)
        means = {
            name: {
                "nats": float(self._by_head[place].sum() / frames),
                "by_head": dict(zip(HEADS, (self._by_head[place] / frames).tolist(), strict=True)),
            }
            for place, name in enumerate(PREDICTORS)
        }
        means["policy"]["standard_error"] = standard_error(
            _by_name(streams.replay_id, self._streams)[1][:, :2]
        )
        return {
            "num_frames": self._num_frames,
            **means,
            "by": {
                "change": table(CHANGE_NAMES, self._changes),
                "phase": table(PHASES, self._phases),
                "time": table(TIME_NAMES, self._times),
                **{
                    title: table(*_by_name(names, self._streams), largest_first=True)
                    for title, names in (
                        ("character", streams.character),
                        ("opponent", streams.opponent),
                        ("stage", streams.stage),
                    )
                },
            },
        }


def table(
    names: Sequence[str], sums: npt.NDArray[np.float64], *, largest_first: bool = False
) -> list[dict[str, Any]]:
    """A row a name that has frames: (frames, nats of each predictor) summed -> means."""
    rows: list[dict[str, Any]] = [
        {
            "name": name,
            "num_frames": int(line[0]),
            **dict(zip(PREDICTORS, (line[1:] / line[0]).tolist(), strict=True)),
        }
        for name, line in zip(names, sums, strict=True)
        if line[0]
    ]
    return sorted(rows, key=lambda row: (-row["num_frames"], row["name"])) if largest_first else rows


def standard_error(games: npt.NDArray[np.float64]) -> float | None:
    """Of the mean nats a frame, as games differ: (games, 2) frames and nats of each; None for fewer than two."""
    games = games[games[:, 0] > 0]
    count = len(games)
    if count < 2:
        return None
    frames, nats = games[:, 0], games[:, 1]
    deviations = nats - frames * nats.sum() / frames.sum()
    return float(np.sqrt((deviations**2).sum() * count / (count - 1)) / frames.sum())


def _by_name(
    names: Sequence[str], sums: npt.NDArray[np.float64]
) -> tuple[list[str], npt.NDArray[np.float64]]:
    """Sums of streams to sums of those that share a name."""
    known, index = np.unique(np.array(names, dtype=object).astype(str), return_inverse=True)
    out = np.zeros((len(known), sums.shape[1]))
    _add_by(out, index, sums)
    return known.tolist(), out


def _add_by(
    sums: npt.NDArray[np.float64], index: npt.NDArray[np.integer[Any]], values: npt.NDArray[np.float64]
) -> None:
    for column in range(sums.shape[1]):
        sums[:, column] += np.bincount(index, weights=values[:, column], minlength=len(sums))
