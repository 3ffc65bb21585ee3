"""A chunk's scored frames, flat: what was pressed, and how likely policy and baselines held it.

Shapes: M scored frames, 13 heads, k classes of a head.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from exphil.evaluation.phases import phases
from exphil.evaluation.rollout import Played, decoder_of
from exphil.evaluation.streams import Chunk
from exphil.features.layout import FeatureSet
from exphil.loading.sampler import Ints
from exphil.melee.controller import NUM_HEADS, SHOULDER_UNIT, STICK_UNIT, STICKS
from exphil.policy.heads import head_slices, score
from exphil.policy.policy import Policy
from exphil.training.baselines import Guesses

Floats = npt.NDArray[np.floating[Any]]

PREDICTORS: Final = ("policy", "repeat", "marginal")
"""The policy, and the two baselines; the order of every table."""


@dataclass(frozen=True, slots=True)
class ScoredFrames:
    """Frames that count: those of a segment in which the self is alive.

    Attributes:
        stream: (M,) which stream.
        since: (M,) frames since the start of play.
        phase: (M,) index into `PHASES`.
        held: (M, 13) the newest input that the policy knows.
        target: (M, 13) the input that it had to predict.
        analog: (M, 5) the same, sticks and shoulder as recorded, in stick and trigger units.
        nats: for each predictor (M, 13): negative log-likelihood of the target.
        likeliest: for each predictor (M, 13): its likeliest class, the choices of the heads before given.
        probabilities: 13 of (M, k): the policy's, the choices of the heads before given.
    """

    stream: Ints
    since: Ints
    phase: Ints
    held: Ints
    target: Ints
    analog: Floats
    nats: dict[str, Floats]
    likeliest: dict[str, Ints]
    probabilities: tuple[Floats, ...]

    def __len__(self) -> int:
        return len(self.stream)


@torch.inference_mode()
def scored_frames(
    policy: Policy, feature_set: FeatureSet, chunk: Chunk, played: Played, guesses: Guesses
) -> ScoredFrames:
    """Score a chunk that the policy has seen."""
    device, length = played.hidden.device, chunk.num_frames
    counts = alive_and_scored(policy, chunk)
    slot, frame = np.nonzero(counts)
    chosen = torch.from_numpy(counts).to(device)
    actions = played.actions
    target = actions[:, 1 + chunk.delay : 1 + chunk.delay + length][chosen]
    held = actions[:, chunk.delay : chunk.delay + length][chosen].cpu().numpy()
    logits = policy.heads.logits(played.hidden[chosen], target).float()
    nats = {"policy": -score(logits, target).cpu().double().numpy()}
    probabilities = tuple(
        torch.cat((torch.sigmoid(-part), torch.sigmoid(part)), -1).cpu().numpy()
        if part.shape[-1] == 1
        else torch.softmax(part, -1).cpu().numpy()
        for part in (logits[:, place] for _, place in head_slices())
    )
    classes = target.cpu().numpy()
    likeliest = {"policy": np.stack([table.argmax(-1) for table in probabilities], axis=1)}
    nats["repeat"], likeliest["repeat"] = _guessed(guesses.repeat, held, classes)
    nats["marginal"], likeliest["marginal"] = _guessed(guesses.marginal, None, classes)
    rows, viewpoint = chunk.rows.numpy(), chunk.viewpoint.numpy()[slot]
    return ScoredFrames(
        chunk.stream[slot],
        chunk.since[slot, frame],
        phases(feature_set, rows[slot, frame], viewpoint),
        held,
        classes,
        analog_inputs(feature_set, rows[slot, frame + 1 + chunk.delay], viewpoint),
        {name: nats[name] for name in PREDICTORS},
        {name: likeliest[name] for name in PREDICTORS},
        probabilities,
    )


def alive_and_scored(policy: Policy, chunk: Chunk) -> npt.NDArray[np.bool_]:
    """(S, T): the frames that count."""
    device = next(policy.parameters()).device
    rows = chunk.rows[:, : chunk.num_frames].to(device)
    alive = decoder_of(policy).alive(rows, chunk.viewpoint.to(device)).cpu().numpy()
    both: npt.NDArray[np.bool_] = chunk.scored & alive
    return both


def analog_inputs(feature_set: FeatureSet, rows: npt.NDArray[np.uint8], viewpoint: Ints) -> Floats:
    """(M, R) packed rows -> (M, 5): the self's stick axes, -1 to 1, and its shoulder, 0 to 1, as recorded."""
    packed: Any = np.ascontiguousarray(rows).view(feature_set.row_dtype)[:, 0]["players"]
    own, slots = packed[np.arange(len(rows)), viewpoint], feature_set.slots
    columns = [slots[f"input.{stick}"].column for stick in STICKS]
    sticks = own["scalars"][:, columns].astype(np.float64) / STICK_UNIT
    shoulder = own["codes"][:, slots["input.shoulder"].column].astype(np.float64) / SHOULDER_UNIT
    return np.concatenate((sticks, shoulder[:, None]), axis=1)


def _guessed(tables: tuple[npt.NDArray[np.float64], ...], given: Ints | None, classes: Ints) -> Any:
    """Nats and likeliest classes, (M, 13) each, by tables over the classes, or over those that follow `given`."""
    nats, likeliest = np.empty(classes.shape), np.empty(classes.shape, np.int64)
    for head in range(NUM_HEADS):
        table = tables[head]
        rows = table[None].repeat(len(classes), 0) if given is None else table[given[:, head]]
        nats[:, head] = -np.log(rows[np.arange(len(classes)), classes[:, head]])
        likeliest[:, head] = rows.argmax(-1)
    return nats, likeliest
