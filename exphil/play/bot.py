"""A policy with a controller in its hands."""

from dataclasses import dataclass, field

from exphil.play.controller import NEUTRAL, ControllerState
from exphil.play.lag import LagMeter
from exphil.play.pipe import Pad
from exphil.play.teams import Runner


@dataclass
class Bot:
    """A policy on a port.

    Attributes:
        port: 1 to 4.
        name: what its remarks call it.
        runner: the policy.
        pad: its controller.
        on_pad: the input that lies on it.
        lost: inputs that were ready in time, and that the console did not take.
    """

    port: int
    name: str
    runner: Runner
    pad: Pad
    on_pad: ControllerState = NEUTRAL
    lost: int = 0
    lag: LagMeter = field(default_factory=lambda: LagMeter(0))

    def begin(self, viewpoint: int, game: bytes) -> None:
        """Begin a game: as the player on its lower port (0) or the other; `game` tells it from others."""
        self.runner.reset(viewpoint=viewpoint, game=game)
        self.lag = LagMeter(viewpoint)
        self.release()

    def release(self) -> None:
        """Let go of everything on the controller."""
        self.pad.release()
        self.on_pad = NEUTRAL
