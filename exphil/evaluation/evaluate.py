"""A trained policy against the games that it has not learnt from: everything that `evaluation.json` holds."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import torch

from exphil.errors import StoreError, UsageError
from exphil.evaluation.behaviour import FROZEN_FRAMES, Behaviour, divergences
from exphil.evaluation.buttons import ButtonErrors
from exphil.evaluation.calibration import Calibration
from exphil.evaluation.cold import cold_nats, num_batches
from exphil.evaluation.likelihood import Likelihood
from exphil.evaluation.rollout import Rollout, Sampling
from exphil.evaluation.scored import alive_and_scored, scored_frames
from exphil.evaluation.sticks import StickErrors
from exphil.evaluation.streams import CHUNK_FRAMES, Streams, chunks, name_streams, shortened
from exphil.features import feature_set
from exphil.loading.dataset import find_segments
from exphil.policy.decode import FeatureDecoder
from exphil.policy.policy import Policy
from exphil.store.packs import Packs
from exphil.store.store import Store
from exphil.training.baselines import Guesses, count_pairs, guesses
from exphil.training.runs import Run
from exphil.training.selection import digest, locate, told
from exphil.training.trained import load_policy

ALWAYS: Final = (Sampling(), Sampling(temperature=0.0))
"""Every evaluation runs freely at temperature 1, the policy as it is, and by argmax."""

Progress = Callable[[str, int], AbstractContextManager[Callable[..., None]]]
"""(title, steps) -> a context that gives `advance(steps)`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to evaluate on, and how.

    Attributes:
        side: of the run's split.
        samplings: ways of running freely beside those of `ALWAYS`.
        max_frames: of each game that are scored, from its first; None for all.
        side_by_side: viewpoints that are stepped together.
        device: as torch names it.
        threads: torch's, while it steps; a step is too little work to be worth sharing.
        seed: of what the free runs draw.
    """

    side: str = "validation"
    samplings: Sequence[Sampling] = ()
    max_frames: int | None = None
    side_by_side: int = 64
    device: str = "cpu"
    threads: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("max_frames", "side_by_side", "threads"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"--{name.replace('_', '-')} {value}: give at least 1")
        for how in self.samplings:
            if how.temperature < 0:
                raise UsageError(f"--temperature {how.temperature:g}: give 0 (argmax) or more")
            if not 0 < how.top_p <= 1:
                raise UsageError(f"--top-p {how.top_p:g}: give a share above 0, and 1 at most")


def evaluate(
    run: Run,
    options: Options,
    *,
    store: Path | None = None,
    note: Callable[[str], None],
    progress: Progress,
) -> dict[str, Any]:
    """Everything, ready for JSON.

    Args:
        store: the feature store; None for the one that the run learnt from.
        note: told what is done beside.

    Raises:
        UsageError: the split has no such side, nothing on it can be scored, or no such device.
        StoreError: no packs, or no weights.
        FingerprintError: the run reads another feature table.
    """
    policy = load_policy(run, options.device)
    broken = [name for name, value in policy.named_parameters() if not bool(torch.isfinite(value).all())]
    if broken:
        raise StoreError(
            f"{run.folder}: {broken[0]} holds numbers that are not finite; the run diverged, train another"
        )
    root = Path(run.made_with["store"]) if store is None else store
    packs, sides = locate(Store.open(root), run.config, note)
    chosen = _side(sides, options.side, run)
    delay, window = policy.config.delay, run.config.window_size
    places = shortened(find_segments(chosen, packs, delay), options.max_frames)
    if not len(places):
        raise UsageError(f"--side {options.side}: with a delay of {delay} no frame of it can be scored")
    streams = name_streams(places, chosen, packs)
    train = find_segments(sides["train"], packs, delay)
    features = feature_set(policy.config.feature_set)
    known = guesses(count_pairs(packs, train, FeatureDecoder(features), delay))
    with progress("windows", num_batches(places, window)) as advance:
        cold = cold_nats(policy, packs, places, known, window_size=window, advance=advance)
    with _threads(options.threads):
        measured = _stream(policy, packs, streams, known, options, progress)
    return {
        "run": run.name,
        "side": options.side,
        "data": {
            "store": str(root),
            "segments": digest([chosen]),
            "split": run.config.split,
            "chosen_by": told(run.config),
            "games": places.num_replays,
            "viewpoints": len(streams),
            "frames": places.num_frames,
            "max_frames": options.max_frames,
        },
        "policy": {
            "backbone": policy.config.backbone.name,
            "parameters": sum(parameter.numel() for parameter in policy.parameters()),
            "delay": delay,
            "window_size": window,
            "context": run.config.context,
        },
        "cold": cold,
        **measured,
    }


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _side(sides: Mapping[str, pa.Table], side: str, run: Run) -> pa.Table:
    found = sides.get(side)
    if found is None:
        raise UsageError(f"--side {side}: there are {', '.join(sides)}")
    if not found.num_rows:
        raise UsageError(f"--side {side}: the run's split, {run.config.split}, leaves nothing on it")
    return found


def _stream(
    policy: Policy, packs: Packs, streams: Streams, known: Guesses, options: Options, progress: Progress
) -> dict[str, Any]:
    """One pass over the streams: the recorded games, and the free runs beside them."""
    features = feature_set(policy.config.feature_set)
    samplings = tuple(dict.fromkeys((*ALWAYS, *options.samplings)))
    rollout = Rollout(policy, samplings, options.seed)
    likelihood, calibration = Likelihood(len(streams)), Calibration()
    buttons, sticks = ButtonErrors(), StickErrors()
    behaviours = {name: Behaviour() for name in ("human", *(how.name for how in samplings))}
    delay, places = policy.config.delay, streams.places
    total = int((places.stop - places.run_start).sum())
    with progress("frames", total) as advance:
        for chunk in chunks(
            packs, places, delay=delay, side_by_side=options.side_by_side, bounds=streams.bounds
        ):
            played = rollout.play(chunk)
            frames = scored_frames(policy, features, chunk, played, known)
            for part in (likelihood, calibration, buttons, sticks):
                part.add(frames)
            counts = alive_and_scored(policy, chunk)
            human = played.actions[:, 1 + delay : 1 + delay + chunk.num_frames]
            for behaviour, actions in zip(behaviours.values(), (human, *played.chosen), strict=True):
                behaviour.add(actions.cpu().numpy(), counts, chunk.previous)
            left = places.stop[chunk.stream] - places.first[chunk.stream] - chunk.since[:, 0]
            advance(int(np.minimum(left, CHUNK_FRAMES).sum()))
    for behaviour in behaviours.values():
        behaviour.finish()
    reports = {name: behaviour.report() for name, behaviour in behaviours.items()}
    return {
        "streaming": likelihood.report(streams),
        "buttons": buttons.report(),
        "sticks": sticks.report(),
        "calibration": calibration.report(),
        "free_run": {
            "frozen_frames": FROZEN_FRAMES,
            "human": reports["human"],
            "policy": {
                how.name: {
                    "temperature": how.temperature,
                    "top_p": how.top_p,
                    **reports[how.name],
                    "divergence": divergences(reports["human"], reports[how.name]),
                }
                for how in samplings
            },
        },
    }
