"""Scored frames made by hand."""

from typing import Any

import numpy as np

from exphil.evaluation.scored import PREDICTORS, ScoredFrames
from exphil.evaluation.sticks import centres
from exphil.melee.controller import HEAD_SIZES, NEUTRAL, NUM_HEADS


def make_frames(target: Any, **given: Any) -> ScoredFrames:
    """Frames with these targets, (M, 13); the rest neutral, certain and of one stream unless given."""
    target = np.asarray(target, np.int64)
    count = len(target)
    held = np.asarray(given.get("held", np.tile(NEUTRAL, (count, 1))))
    zeros = np.zeros(count, np.int64)
    likeliest = given.get("likeliest", {})
    return ScoredFrames(
        stream=given.get("stream", zeros),
        since=given.get("since", zeros),
        phase=given.get("phase", zeros),
        held=held,
        target=target,
        analog=given.get("analog", centres(target[:, 8:])),
        nats={name: given.get("nats", {}).get(name, np.zeros((count, NUM_HEADS))) for name in PREDICTORS},
        likeliest={name: np.asarray(likeliest.get(name, held)) for name in PREDICTORS},
        probabilities=given.get(
            "probabilities", tuple(np.full((count, size), 1 / size) for size in HEAD_SIZES)
        ),
    )


def neutral(count: int) -> Any:
    """(count, 13)"""
    return np.tile(np.array(NEUTRAL), (count, 1))
