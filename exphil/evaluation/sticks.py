"""How far the likeliest stick position lies from the one that was held: in bins, and in stick units.

A bin is an eighth of a stick's way from the centre to its rim. Stick units run from -1 to 1 an axis; there the
centre of the likeliest bin is compared with the value as recorded, so half a bin's width is part of the error.
"""

from typing import Any, Final

import numpy as np

from exphil.evaluation.buttons import NUM_BUTTONS
from exphil.evaluation.scored import PREDICTORS, Floats, ScoredFrames
from exphil.loading.sampler import Ints
from exphil.melee.controller import STICKS, shoulder_values, stick_values

AXES: Final = (*STICKS, "shoulder")
DISTANCES: Final = {"main": (0, 1), "c": (2, 3)}
"""Sticks as a pair of axes, for the distance in the plane."""
_SUBSETS: Final = ("all", "changed")


class StickErrors:
    """Adds up errors over all frames, and over those at which the axis moves to another bin."""

    def __init__(self) -> None:
        shape = (len(PREDICTORS), len(_SUBSETS))
        # frames, in the right bin, at most one bin off, bins off, units off
        self._axes = np.zeros((*shape, len(AXES), 5))
        self._sticks = np.zeros((*shape, len(DISTANCES), 2))

    def add(self, frames: ScoredFrames) -> None:
        """Count frames."""
        target = frames.target[:, NUM_BUTTONS:]
        moved = target != frames.held[:, NUM_BUTTONS:]
        for place, name in enumerate(PREDICTORS):
            guess = frames.likeliest[name][:, NUM_BUTTONS:]
            bins = np.abs(guess - target)
            apart = centres(guess) - frames.analog
            figures = np.stack((np.ones_like(bins), bins == 0, bins <= 1, bins, np.abs(apart)), axis=-1)
            for subset, chosen in enumerate((np.ones_like(moved), moved)):
                self._axes[place, subset] += (figures * chosen[..., None]).sum(axis=0)
                for stick, axes in enumerate(DISTANCES.values()):
                    either = chosen[:, axes].any(axis=1)
                    distance = np.hypot(*apart[:, axes].T)[either]
                    self._sticks[place, subset, stick] += (len(distance), distance.sum())

    def report(self) -> dict[str, Any]:
        """Figures of each axis and stick for each predictor."""
        out: dict[str, Any] = {"axes": {}, "sticks": {}}
        for axis, name in enumerate(AXES):
            out["axes"][name] = {
                predictor: {
                    subset: _axis_figures(self._axes[place, at, axis]) for at, subset in enumerate(_SUBSETS)
                }
                for place, predictor in enumerate(PREDICTORS)
            }
        for stick, name in enumerate(DISTANCES):
            out["sticks"][name] = {
                predictor: {
                    subset: _ratio(*self._sticks[place, at, stick][::-1])
                    for at, subset in enumerate(_SUBSETS)
                }
                for place, predictor in enumerate(PREDICTORS)
            }
        return out


def centres(classes: Ints) -> Floats:
    """(M, 5) bins of the four axes and the shoulder -> (M, 5) units."""
    return np.concatenate(
        (stick_values(classes[:, :-1]), shoulder_values(classes[:, -1:])), axis=1, dtype=np.float64
    )


def _axis_figures(sums: Floats) -> dict[str, float | int | None]:
    count, right, near, bins, units = sums.tolist()
    return {
        "num_frames": int(count),
        "right_bin": _ratio(right, count),
        "within_one_bin": _ratio(near, count),
        "bins_off": _ratio(bins, count),
        "units_off": _ratio(units, count),
    }


def _ratio(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None
