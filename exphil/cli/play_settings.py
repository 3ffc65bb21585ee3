"""What can be told of `exphil play`'s flags before anything is loaded."""

import math
from collections.abc import Mapping
from typing import Any

from exphil.errors import UsageError
from exphil.play.console import LAST_PORT
from exphil.play.seats import PORTS


def check_settings(
    *,
    port: int | None,
    opponent_port: int | None,
    delay: int,
    temperature: float,
    top_p: float,
    slippi_port: int | None,
    shadow: bool,
) -> None:
    """Raise a UsageError that names the flag. `shadow`: UDP port 0 then means one that is free."""
    for flag, given in (("--port", port), ("--opponent-port", opponent_port)):
        if given is not None and given not in PORTS:
            raise UsageError(f"{flag} {given}: a console has the ports 1 to 4")
    if not (math.isfinite(temperature) and temperature >= 0):
        raise UsageError(f"--temperature {temperature:g}: give 0 or a number above; 1 plays as it learnt")
    if not 0 < top_p <= 1:
        raise UsageError(f"--top-p {top_p:g}: give a share above 0 and at most 1; 1 leaves nothing out")
    if delay < 0:
        raise UsageError(f"--delay {delay}: give the frames that the game holds an input back, 0 or more")
    first = 0 if shadow else 1
    if slippi_port is not None and not first <= slippi_port <= LAST_PORT:
        free = ", or 0 for any that is free" if shadow else ""
        raise UsageError(f"--slippi-port {slippi_port}: give one from 1 to {LAST_PORT}{free}")


def refuse_with_shadow(flags: Mapping[str, Any]) -> None:
    """Raise a UsageError for the first flag that was given, of those that need a Dolphin."""
    for flag, value in flags.items():
        if value is not None:
            raise UsageError(f"{flag} has no meaning with --shadow, which needs no Dolphin; leave it out")
