"""A stage for `exphil play`: a fake Dolphin as a program, synthesised games that it plays, and what its pads held."""

import json
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exphil.live.messages import GameStart, LiveFrame
from exphil.live.stream import EventStream
from exphil.play.broadcast import frame_payloads
from exphil.play.controller import ControllerState
from exphil.play.pipe import STICK_STEPS, TRIGGER_STEPS
from exphil.play.runner import PolicyRunner

FAKE = Path(__file__).with_name("fake_dolphin.py")
ROOT = FAKE.parents[2]
DISC = b"GALE01\0\2".ljust(28, b"\0") + b"\xc2\x33\x9f\x3d"
"""How the disc of Melee begins; the plan follows."""


def free_port() -> int:
    """A UDP port that nobody listens on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@dataclass
class Staged:
    """A fake Dolphin with its plan."""

    folder: Path
    replays: Sequence[Path]
    slippi_port: int = field(default_factory=free_port)

    @property
    def dolphin(self) -> Path:
        """An executable, as `--dolphin` wants it."""
        path = self.folder / "dolphin"
        path.write_text(
            f"#!{sys.executable}\nimport runpy, sys\nsys.path.insert(0, {str(ROOT)!r})\n"
            f"runpy.run_path({str(FAKE)!r}, run_name='__main__')\n",
            encoding="utf-8",
        )
        path.chmod(0o755)
        return path

    @property
    def iso(self) -> Path:
        return self.folder / "melee.iso"

    @property
    def log(self) -> Path:
        return self.folder / "pads.jsonl"

    def plan(
        self, *script: str, human: int | None = None, human_starts: bool = False, patience: float = 2.0
    ) -> None:
        """What is to happen. `patience`: seconds that a frame waits for an answer; late ones never come."""
        plan = {
            "replays": [str(path) for path in self.replays],
            "log": str(self.log),
            "script": list(script),
            "human": human,
            "human_starts": human_starts,
            "patience": patience,
        }
        self.iso.write_bytes(DISC + json.dumps(plan).encode())

    def logged(self, **wanted: Any) -> list[dict[str, Any]]:
        """Lines of the log with these values, in order."""
        lines = [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]
        return [line for line in lines if all(line.get(name) == value for name, value in wanted.items())]


def frames_of(replay: Path) -> tuple[GameStart, list[LiveFrame]]:
    """A recording as the live path reads it."""
    stream = EventStream()
    events = [event for _, payload in frame_payloads(replay.read_bytes()) for event in stream.feed(payload)]
    (start,) = (event for event in events if isinstance(event, GameStart))
    return start, [event for event in events if isinstance(event, LiveFrame)]


def decided(runner: PolicyRunner, replay: Path, port: int) -> dict[int, dict[str, Any]]:
    """What a policy would hold beside every frame, as the pads' log has it."""
    start, frames = frames_of(replay)
    runner.reset(viewpoint=start.ports.index(port), game=start.payload)
    return {frame.frame: as_held(runner.step(frame)) for frame in frames}


def as_held(state: ControllerState) -> dict[str, Any]:
    """An input in the game's steps."""
    x, y, cx, cy = (round(value * STICK_STEPS) for value in (*state.main, *state.c))
    pressed = round(state.shoulder * TRIGGER_STEPS)
    right = "R" in state.held and "L" not in state.held
    return {
        "held": sorted(state.held), "x": x, "y": y, "cx": cx, "cy": cy,
        "L": 0 if right else pressed, "R": pressed if right else 0,
    }  # fmt: skip
