"""What running a command gives."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command left: exit code, answer, remarks."""

    code: int
    out: str
    err: str


Run = Callable[..., Outcome]
