"""A policy in a game: from each frame that the game shows to the controller's next input.

One `PolicyRunner` plays one player of one game. Several, of one engine, are stepped as a batch by `step_together`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from exphil.errors import PlayError, UsageError
from exphil.live.messages import GameStart
from exphil.play.controller import NEUTRAL, ControllerState, controller_state
from exphil.play.engine import Engine, Floats, Ints
from exphil.play.noise import Noise
from exphil.play.snapshots import History, Snapshot, joined
from exphil.stats.walk import PLAY_STARTS

NEUTRAL_CLASSES: Final = NEUTRAL.classes()
"""(13,): a controller that nobody touches."""


class Frame(Protocol):
    """A frame of the game, as `exphil.live` gives it."""

    @property
    def frame(self) -> int:
        """Its id: -123 is the first, -39 the first of play."""
        ...

    @property
    def row(self) -> npt.NDArray[np.uint8]:
        """(R,) packed row of both players."""
        ...


@dataclass(frozen=True, slots=True)
class Decision:
    """What a policy has decided beside a frame.

    Attributes:
        frame: the frame that it saw.
        classes: (13,) the input that it chose, for frame + 1 + delay.
        log_prob: (13,) how likely each choice was, in nats, at temperature 1.
    """

    frame: int
    classes: Ints
    log_prob: Floats


class PolicyRunner:
    """Plays one player of one game, frame by frame.

    The memory goes along from the first frame on. Frames before play (id -39) warm it up: until then the controller
    stays untouched. A frame whose id has come before takes back all frames from that id on: a rollback.

    Args:
        engine: the policy; any number of runners may share one.
        viewpoint: 0 to play on the lower port of the game, 1 on the other.
        temperature: 1 draws inputs as the policy has them; below, the likelier ones more often; 0 the likeliest.
        top_p: below 1, inputs outside of this share of the likeliest are not drawn.
        seed: of what is drawn; see `exphil.play.noise`.
        game_delay: frames for which the game itself keeps an input before it counts; at most the policy's delay.
            The runner keeps inputs for the rest of the policy's delay.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        viewpoint: int = 0,
        temperature: float = 1.0,
        top_p: float = 1.0,
        seed: int = 0,
        game_delay: int = 0,
    ) -> None:
        if not 0 <= temperature < float("inf"):
            raise UsageError(f"temperature {temperature} must be 0 or above")
        if not 0 < top_p <= 1:
            raise UsageError(f"top_p {top_p} must be above 0 and at most 1")
        if not 0 <= game_delay <= engine.delay:
            raise UsageError(
                f"game_delay {game_delay} must lie between 0 and the policy's delay, {engine.delay}:"
                " a policy that plays behind a longer delay is trained with --delay"
            )
        self.engine = engine
        self.temperature = temperature
        self.top_p = top_p
        self.seed = seed
        self.game_delay = game_delay
        self._history = History()
        self.reset(viewpoint=viewpoint)

    def reset(self, *, viewpoint: int | None = None, game: bytes = b"") -> None:
        """Begin a game with an empty memory.

        Args:
            viewpoint: 0 for the lower port, 1 for the other; as before if not given.
            game: anything that tells games apart, as the bytes of the start event: other games, other draws.
        """
        if viewpoint is not None:
            if viewpoint not in (0, 1):
                raise UsageError(f"viewpoint {viewpoint} is neither 0 (the lower port) nor 1")
            self.viewpoint = viewpoint
        self._noise = Noise(self.seed, game, self.viewpoint)
        self._history.clear()
        queue = np.tile(NEUTRAL_CLASSES, (self.engine.delay, 1))
        self._now = Snapshot(None, self.engine.initial_state(1), 0, queue)
        self.decision: Decision | None = None

    def begin(self, start: GameStart, port: int) -> None:
        """Begin the game that a start event announces, as the player on a port (1 to 4).

        Raises:
            PlayError: nobody plays on that port.
        """
        if port not in start.ports:
            low, high = start.ports
            raise PlayError(f"nobody plays on port {port}: the game's players are on ports {low} and {high}")
        self.reset(viewpoint=start.ports.index(port), game=start.payload)

    def step(self, frame: Frame) -> ControllerState:
        """See a frame; gives the input to put on the controller now.

        Raises:
            PlayError: a frame comes again that is older than the last 15.
        """
        return step_together([self], [frame])[0]

    def snapshot(self) -> Snapshot:
        """The runner as it is between two frames."""
        return self._now

    def restore(self, to: int | Snapshot) -> None:
        """Back to before a frame, or to a snapshot of this runner or another of the same engine.

        A frame that has not come, or that was taken back already, leaves the runner as it is.

        Raises:
            PlayError: the frame is older than the last 15.
        """
        if isinstance(to, Snapshot):
            self._history.clear(begun=to.frame is not None)
            self._now = to
        elif self._now.frame is None or to > self._now.frame:
            return
        else:
            self._now = self._history.take_back(to)
        self.decision = None

    def _prepare(self, frame: int) -> Snapshot:
        """What is remembered before a frame, its queue brought up to it where frames are missing."""
        now = self._now
        if now.frame is None or frame == now.frame + 1:
            return now
        if frame <= now.frame:
            self.restore(frame)
            return self._prepare(frame)
        if not self.engine.delay:
            return now
        # What was decided last stays held while no frame comes.
        places = np.minimum(np.arange(self.engine.delay) + frame - now.frame - 1, self.engine.delay - 1)
        return Snapshot(now.frame, now.state, now.lane, now.queue[places])

    def _decide(self, frame: int, before: Snapshot, after: Snapshot, decision: Decision) -> ControllerState:
        """Take a step's result; `after` lacks the queue."""
        chosen = decision.classes if frame >= PLAY_STARTS else NEUTRAL_CLASSES
        waiting = np.concatenate((before.queue, chosen[None]))
        self._history.add(frame, self._now)
        self._now = Snapshot(frame, after.state, after.lane, waiting[1:])
        self.decision = decision
        return controller_state(waiting[self.game_delay])


def step_together(runners: Sequence[PolicyRunner], frames: Sequence[Frame]) -> list[ControllerState]:
    """Step runners of one engine side by side, each with a frame of its own game: the inputs that each alone gives.

    In int8 a batch is rounded a little otherwise than one frame: noise at the border of two inputs may draw the other.

    Raises:
        PlayError: as `PolicyRunner.step`; then none has been stepped, and those before it may have been taken back.
    """
    first = runners[0]
    befores = [runner._prepare(frame.frame) for runner, frame in zip(runners, frames, strict=True)]
    for runner in runners:
        if runner.engine is not first.engine or (runner.temperature, runner.top_p) != (
            first.temperature,
            first.top_p,
        ):
            raise UsageError("runners that are stepped together share an engine, temperature and top_p")
    classes, log_prob, state = first.engine.step(
        _stacked([frame.row for frame in frames]),
        np.array([runner.viewpoint for runner in runners], np.int64),
        _stacked([before.queue for before in befores]),
        _stacked([runner._noise.of(frame.frame) for runner, frame in zip(runners, frames, strict=True)]),
        first.temperature,
        first.top_p,
        joined(befores),
    )
    return [
        runner._decide(
            frame.frame,
            before,
            Snapshot(frame.frame, state, lane, before.queue),
            Decision(frame.frame, classes[lane], log_prob[lane]),
        )
        for lane, (runner, frame, before) in enumerate(zip(runners, frames, befores, strict=True))
    ]


def _stacked(arrays: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Arrays as a batch; a single one is not copied."""
    return arrays[0][None] if len(arrays) == 1 else np.stack(arrays)
