"""Whether each button's likeliest class is the right one: accuracy and F1, over all frames and where it matters.

Most frames repeat the input before them, so a guess that what is held stays is right nearly always. *Onsets*
leave that out: among the frames at which the button is up, those whose next input has it down are the ones to
find. *Releases* are the same for a button that is down.
"""

from typing import Any

import numpy as np

from exphil.evaluation.scored import PREDICTORS, ScoredFrames
from exphil.melee.controller import BUTTONS

NUM_BUTTONS = len(BUTTONS)


class ButtonErrors:
    """Counts (held, predicted, true) of every button for every predictor."""

    def __init__(self) -> None:
        self._counts = np.zeros((len(PREDICTORS), NUM_BUTTONS, 2, 2, 2), np.int64)

    def add(self, frames: ScoredFrames) -> None:
        """Count frames."""
        held, true = frames.held[:, :NUM_BUTTONS], frames.target[:, :NUM_BUTTONS]
        for place, name in enumerate(PREDICTORS):
            case = 4 * held + 2 * frames.likeliest[name][:, :NUM_BUTTONS] + true
            for button in range(NUM_BUTTONS):
                self._counts[place, button] += np.bincount(case[:, button], minlength=8).reshape(2, 2, 2)

    def report(self) -> dict[str, Any]:
        """Figures of each button for each predictor, and F1 as the mean of the buttons that are used."""
        out: dict[str, Any] = {}
        for button, name in enumerate(BUTTONS):
            counts = self._counts[0, button]
            total = max(1, int(counts.sum()))
            out[name] = {
                "pressed": int(counts[..., 1].sum()) / total,
                "onsets": int(counts[0, :, 1].sum()),
                "releases": int(counts[1, :, 0].sum()),
                **{
                    predictor: button_figures(self._counts[place, button])
                    for place, predictor in enumerate(PREDICTORS)
                },
            }
        means = {
            predictor: {
                figure: mean_of(out[name][predictor][figure] for name in BUTTONS)
                for figure in ("accuracy", "f1", "onset_f1", "release_f1")
            }
            for predictor in PREDICTORS
        }
        return {"mean": means, "by_button": out}


def button_figures(counts: Any) -> dict[str, float | None]:
    """(held, predicted, true) counts -> accuracy, precision, recall and F1; None where there is nothing to find."""
    overall = counts.sum(axis=0)
    tp, fp, fn = int(overall[1, 1]), int(overall[1, 0]), int(overall[0, 1])
    total = int(overall.sum())
    return {
        "accuracy": (tp + int(overall[0, 0])) / total if total else None,
        "precision": tp / (tp + fp) if tp + fp else None,
        "recall": tp / (tp + fn) if tp + fn else None,
        "f1": f1(tp, fp, fn),
        "onset_f1": f1(int(counts[0, 1, 1]), int(counts[0, 1, 0]), int(counts[0, 0, 1])),
        "release_f1": f1(int(counts[1, 0, 0]), int(counts[1, 0, 1]), int(counts[1, 1, 0])),
    }


def f1(found: int, wrong: int, missed: int) -> float | None:
    """The harmonic mean of precision and recall; None where nothing was to be found and nothing was named."""
    parts = 2 * found + wrong + missed
    return 2 * found / parts if parts else None


def mean_of(values: Any) -> float | None:
    """The mean of what is there."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
