"""Runners that see the same frames: those of one policy that draw alike are stepped as one batch.

A batch of two costs little more than one of one, so a run that plays itself answers about as fast as one that plays
somebody else.
"""

from collections.abc import Callable, Hashable, Sequence
from typing import Protocol, TypeAlias, cast

from exphil.live import LiveFrame
from exphil.play.controller import ControllerState
from exphil.play.runner import PolicyRunner, step_together


class Runner(Protocol):
    """A policy in one game at a time."""

    def reset(self, *, viewpoint: int | None = None, game: bytes = b"") -> None:
        """Begin a game."""
        ...

    def step(self, frame: LiveFrame) -> ControllerState:
        """See a frame; gives the input to put on the controller now."""
        ...


Together: TypeAlias = Callable[[Sequence[Runner], LiveFrame], list[ControllerState]]
"""Steps the runners of a team; raises PlayError as `step_together` does."""


def team_of(runner: Runner) -> Hashable:
    """What runners have in common that may be stepped as one batch; a runner of another kind is alone."""
    if isinstance(runner, PolicyRunner):
        return id(runner.engine), runner.temperature, runner.top_p
    return id(runner)


def step_team(team: Sequence[Runner], frame: LiveFrame) -> list[ControllerState]:
    """The input of each runner of a team beside a frame.

    Raises:
        PlayError: the frame is one that cannot be taken back; then none has been stepped.
    """
    if len(team) == 1:
        return [team[0].step(frame)]
    return step_together(cast(Sequence[PolicyRunner], team), [frame] * len(team))
