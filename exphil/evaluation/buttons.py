"""Whether each button's likeliest class is the right one: accuracy and F1, over all frames and where it matters.

Most frames repeat the input before them, so a guess that what is held stays is right nearly always. *Onsets*
leave that out: among the frames at which the button is up, those whose next input has it down are the ones to
find. *Releases* are the same for a button that is down. A policy may know well when a press is near without ever
holding it for likelier than not; the average precision of onsets ranks frames by their probability instead. It is
the share of onsets where the ranking knows nothing, and 1 where every onset comes first.
"""

from typing import Any, Final

import numpy as np

from exphil.evaluation.scored import PREDICTORS, ScoredFrames
from exphil.melee.controller import BUTTONS

NUM_BUTTONS: Final = len(BUTTONS)
RANKS: Final = 400
"""Bins of probability, even on a log-odds scale from -12 to 12, over which onsets are ranked."""
_LOG_ODDS: Final = 12.0
FEWEST_ONSETS: Final = 10
"""A button with fewer is left out of the means: one lucky frame would weigh as much as a thousand."""


class ButtonErrors:
    """Counts (held, predicted, true) of every button for every predictor."""

    def __init__(self) -> None:
        self._counts = np.zeros((len(PREDICTORS), NUM_BUTTONS, 2, 2, 2), np.int64)
        self._onsets = np.zeros((NUM_BUTTONS, 2, RANKS), np.int64)

    def add(self, frames: ScoredFrames) -> None:
        """Count frames."""
        held, true = frames.held[:, :NUM_BUTTONS], frames.target[:, :NUM_BUTTONS]
        for place, name in enumerate(PREDICTORS):
            case = 4 * held + 2 * frames.likeliest[name][:, :NUM_BUTTONS] + true
            for button in range(NUM_BUTTONS):
                self._counts[place, button] += np.bincount(case[:, button], minlength=8).reshape(2, 2, 2)
        for button in range(NUM_BUTTONS):
            up = held[:, button] == 0
            pressed = np.clip(frames.probabilities[button][up, 1].astype(np.float64), 1e-9, 1 - 1e-9)
            odds = np.clip(np.log(pressed / (1 - pressed)), -_LOG_ODDS, _LOG_ODDS)
            rank = np.minimum((odds + _LOG_ODDS) / (2 * _LOG_ODDS) * RANKS, RANKS - 1).astype(np.int64)
            cells = np.bincount(true[up, button] * RANKS + rank, minlength=2 * RANKS)
            self._onsets[button] += cells.reshape(2, RANKS)

    def report(self) -> dict[str, Any]:
        """Figures of each button for each predictor, and means over the buttons that are used."""
        out: dict[str, Any] = {}
        for button, name in enumerate(BUTTONS):
            counts = self._counts[0, button]
            total = max(1, int(counts.sum()))
            out[name] = {
                "pressed": int(counts[..., 1].sum()) / total,
                "onsets": int(counts[0, :, 1].sum()),
                "releases": int(counts[1, :, 0].sum()),
                "onset_rate": share(int(counts[0, :, 1].sum()), int(counts[0].sum())),
                "onset_average_precision": average_precision(*self._onsets[button]),
                **{
                    predictor: button_figures(self._counts[place, button])
                    for place, predictor in enumerate(PREDICTORS)
                },
            }
        used = [name for name in BUTTONS if out[name]["onsets"] >= FEWEST_ONSETS]
        means = {
            predictor: {
                figure: mean_of(out[name][predictor][figure] for name in used)
                for figure in ("accuracy", "f1", "onset_f1", "release_f1")
            }
            for predictor in PREDICTORS
        }
        precision = mean_of(out[name]["onset_average_precision"] for name in used)
        means["policy"]["onset_average_precision"] = precision
        return {"mean": means, "by_button": out}


def button_figures(counts: Any) -> dict[str, float | None]:
    """(held, predicted, true) counts -> accuracy, precision, recall and F1; None where there is nothing to find."""
    overall = counts.sum(axis=0)
    tp, fp, fn = int(overall[1, 1]), int(overall[1, 0]), int(overall[0, 1])
    total = int(overall.sum())
    return {
        "accuracy": share(tp + int(overall[0, 0]), total),
        "precision": share(tp, tp + fp),
        "recall": share(tp, tp + fn),
        "f1": f1(tp, fp, fn),
        "onset_f1": f1(int(counts[0, 1, 1]), int(counts[0, 1, 0]), int(counts[0, 0, 1])),
        "release_f1": f1(int(counts[1, 0, 0]), int(counts[1, 0, 1]), int(counts[1, 1, 0])),
    }


def f1(found: int, wrong: int, missed: int) -> float | None:
    """The harmonic mean of precision and recall; None where nothing was to be found and nothing was named."""
    parts = 2 * found + wrong + missed
    return 2 * found / parts if parts else None


def average_precision(negatives: Any, positives: Any) -> float | None:
    """Of a ranking: (bins,) counts of either kind, the likeliest bin last. Frames of a bin count as tied."""
    total = int(positives.sum())
    if not total:
        return None
    found, named = positives[::-1].cumsum(), (positives + negatives)[::-1].cumsum()
    steps = positives[::-1] / total
    return float((steps * found / np.maximum(named, 1)).sum())


def share(part: int, whole: int) -> float | None:
    """None of nothing."""
    return part / whole if whole else None


def mean_of(values: Any) -> float | None:
    """The mean of what is there."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
