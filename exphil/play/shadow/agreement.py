"""How a policy that answers beside a recorded player compares with that player.

Shapes: V viewpoints, T frames in their order, R bytes a row, N the policy's delay, 13 heads.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt

from exphil.features import V1
from exphil.features.decode import actions as inputs_of
from exphil.melee.actions import LAST_LIFELESS_ACTION
from exphil.melee.controller import HEADS, NUM_HEADS
from exphil.play.engine import Engine, Floats, Ints
from exphil.stats.walk import PLAY_STARTS

Rows = npt.NDArray[np.uint8]


def recorded_inputs(rows: Rows, viewpoint: int) -> Ints:
    """(T, R) -> (T, 13): the classes that the player held in each frame."""
    return inputs_of(V1, _packed(rows), _side(viewpoint)).astype(np.int64)


def alive(rows: Rows, viewpoint: int) -> npt.NDArray[np.bool_]:
    """(T, R) -> (T,): frames in which the player neither dies nor revives."""
    column = V1.slots["action"].column
    actions: Any = _packed(rows)["players"][:, viewpoint]["ids"][:, column]
    found: npt.NDArray[np.bool_] = actions > LAST_LIFELESS_ACTION
    return found


def scored_frames(rows: Rows, viewpoint: int, frames: Ints, delay: int) -> Ints:
    """Places of the frames that count: in play, the player alive, and the input to be predicted recorded."""
    places = np.flatnonzero((frames >= PLAY_STARTS) & alive(rows, viewpoint))
    return places[places + 1 + delay < len(rows)]


def agreement(
    rows: Rows, viewpoint: int, frames: Ints, answers: Mapping[int, Ints], delay: int
) -> dict[str, Any]:
    """Share of frames in which the policy chose the player's own input, beside that of keeping the input as it is.

    Args:
        rows: (T, R), the game as it stands in the end.
        viewpoint: 0 for the player on the lower port, 1 for the other.
        frames: (T,) their ids.
        answers: by frame id, the classes decided there, (13,), for frame + 1 + delay.
        delay: N.

    Returns:
        `frames`, `exact` (all 13 heads), `by_head`; the same under `repeat` for the newest input that is known when
        the policy decides; and under `changed` over the frames at which the player's input is another than that, of
        each head over those at which that head's is. Shares are None where no frame counts.
    """
    inputs = recorded_inputs(rows, viewpoint)
    scored = scored_frames(rows, viewpoint, frames, delay)
    scored = scored[[int(frames[place]) in answers for place in scored.tolist()]]
    chosen = np.array([answers[int(frames[place])] for place in scored.tolist()]).reshape(-1, NUM_HEADS)
    target, held = inputs[scored + 1 + delay], inputs[scored + delay]
    same, changes = chosen == target, target != held
    return {
        **_shares(same),
        "repeat": _shares(~changes),
        "changed": {
            **_shares(same[changes.any(axis=1)]),
            "by_head": {
                head: float(same[changes[:, place], place].mean()) if changes[:, place].any() else None
                for place, head in enumerate(HEADS)
            },
        },
    }


def likelihood(
    engine: Engine,
    rows: Rows,
    viewpoints: Ints,
    advance: Callable[[], None] = lambda: None,
) -> Floats:
    """(V, T, 13) log-probability, in nats, of the players' own inputs, the memory carried from the first frame on.

    As in evaluation, the policy knows the players' own inputs of the frames of its delay. Frame t's are those of the
    input of frame t + 1 + N; without such a frame they are 0.
    """
    count, delay = len(viewpoints), engine.delay
    inputs = np.stack([recorded_inputs(rows, int(viewpoint)) for viewpoint in viewpoints])
    found = np.zeros((count, len(rows), NUM_HEADS), np.float32)
    state = engine.initial_state(count)
    for place in range(len(rows) - 1 - delay):
        shown = np.ascontiguousarray(np.broadcast_to(rows[place], (count, rows.shape[1])))
        queue = np.ascontiguousarray(inputs[:, place + 1 : place + 1 + delay])
        target = np.ascontiguousarray(inputs[:, place + 1 + delay])
        found[:, place], state = engine.score(shown, viewpoints, queue, target, state)
        advance()
    return found


def nats(log_probs: Floats, scored: Ints) -> dict[str, Any]:
    """(T, 13) log-probabilities and the places that count -> `frames`, `nats` a frame, and `by_head`."""
    if not len(scored):
        return {"frames": 0, "nats": None, "by_head": dict.fromkeys(HEADS)}
    means = -log_probs[scored].astype(np.float64).mean(axis=0)
    return {
        "frames": len(scored),
        "nats": float(means.sum()),
        "by_head": dict(zip(HEADS, means.tolist(), strict=True)),
    }


def _shares(same: npt.NDArray[np.bool_]) -> dict[str, Any]:
    if not len(same):
        return {"frames": 0, "exact": None, "by_head": dict.fromkeys(HEADS)}
    return {
        "frames": len(same),
        "exact": float(same.all(axis=1).mean()),
        "by_head": dict(zip(HEADS, same.mean(axis=0).tolist(), strict=True)),
    }


def _packed(rows: Rows) -> npt.NDArray[np.void]:
    packed: npt.NDArray[np.void] = np.ascontiguousarray(rows).view(V1.row_dtype)[:, 0]
    return packed


def _side(viewpoint: int) -> Literal[0, 1]:
    return cast(Literal[0, 1], viewpoint)
