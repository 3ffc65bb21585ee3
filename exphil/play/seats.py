"""Who sits at which port, as what, and where they play: what the game's menus can be made to choose."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from exphil.errors import UsageError
from exphil.melee.characters import external_id, find_character
from exphil.melee.stages import LEGAL_STAGES, STAGE_NAMES, find_stage

PORTS: Final = (1, 2, 3, 4)
LAST_PLAYABLE: Final = 25
"""External id of the last character of the select screen."""

Kind = Literal["policy", "cpu", "human"]


@dataclass(frozen=True, slots=True)
class Seat:
    """Who sits at a port.

    Attributes:
        port: 1 to 4.
        kind: a policy and a CPU have a pipe of ours; a human has a controller of their own.
        character: name as in `exphil.melee.characters`; None for a human, who chooses.
        cpu_level: 1 to 9 of a CPU.
    """

    port: int
    kind: Kind
    character: str | None = None
    cpu_level: int = 0


def check_seats(seats: Sequence[Seat]) -> None:
    """Raise a UsageError for ports that are none, or taken twice."""
    for seat in seats:
        if seat.port not in PORTS:
            raise UsageError(f"port {seat.port}: a console has the ports 1 to 4")
    if len({seat.port for seat in seats}) < len(seats):
        raise UsageError(f"both players sit at port {seats[0].port}: give another --opponent-port")


def check_stage(stage: str | None) -> str:
    """libmelee's name of a stage; it knows the way to the legal ones. The random one for None.

    Raises:
        UsageError: no such stage, or the menu helper does not know the way there.
    """
    if stage is None:
        return "RANDOM_STAGE"
    name = find_stage(stage)
    legal = [STAGE_NAMES[number] for number in LEGAL_STAGES]
    if name not in legal:
        raise UsageError(f"--stage {stage}: only {', '.join(legal)} can be chosen for you")
    return name.replace("DREAM_LAND", "DREAMLAND")


def playable_character(text: str, flag: str, cpu: bool = False) -> str:
    """The name of a character that the menus offer.

    Raises:
        UsageError: there is none of that name.
    """
    name = find_character(text)
    if external_id(name) > LAST_PLAYABLE:
        raise UsageError(f"{flag} {text}: nobody can choose this character")
    if cpu and name == "SHEIK":
        raise UsageError(f"{flag} {text}: a CPU cannot be made to choose Sheik; choose zelda")
    return name
