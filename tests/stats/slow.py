"""The slow twins: punishes, stocks and action counts as their definitions read, a frame at a time."""

from collections.abc import Callable
from dataclasses import dataclass, field

from exphil.stats.states import DYING, HELPLESS, IN_CONTROL, PUNISHED
from exphil.stats.walk import FIRST_FRAME, Fighter

RESET_FRAMES = 45


@dataclass
class SlowMove:
    frame: int
    attack: int
    hits: int = 0
    damage: float = 0.0


@dataclass
class SlowPunish:
    start: int
    start_percent: float
    current_percent: float
    end: int | None = None
    end_percent: float | None = None
    killed: bool = False
    moves: list[SlowMove] = field(default_factory=list)


def slow_conversions(attacker: Fighter, victim: Fighter) -> list[SlowPunish]:
    """Over when the counter, begun in control, has run for more than 45 frames without another hit."""

    def count(counter: int, state: int) -> int:
        if PUNISHED[state]:
            return 0
        return counter + 1 if counter > 0 or IN_CONTROL[state] else counter

    return _walk(attacker, victim, count)


def slow_combos(attacker: Fighter, victim: Fighter) -> list[SlowPunish]:
    """Over when the victim was not helpless for more than 45 frames in a row."""
    return _walk(attacker, victim, lambda counter, state: 0 if HELPLESS[state] else counter + 1)


def _walk(attacker: Fighter, victim: Fighter, count: Callable[[int, int], int]) -> list[SlowPunish]:
    found: list[SlowPunish] = []
    running: SlowPunish | None = None
    move: SlowMove | None = None
    remembered: int | None = None
    counter = 0
    for t in range(len(victim.state)):
        state, action = int(victim.state[t]), int(attacker.state[t])
        before = victim.percent[t - 1] if t else 0.0
        damage = victim.percent[t] - before if t else 0.0
        if action != remembered or (t and attacker.age[t] < attacker.age[t - 1]):
            remembered = None
        if PUNISHED[state]:
            if running is None:
                running = SlowPunish(t + FIRST_FRAME, before, victim.percent[t])
                found.append(running)
            if damage:
                if remembered is None:
                    move = SlowMove(t + FIRST_FRAME, int(attacker.attack[t]))
                    running.moves.append(move)
                if move is not None:
                    move.hits += 1
                    move.damage += damage
                remembered = int(attacker.state[t - 1])
        if running is None:
            continue
        lost = bool(t and victim.stocks[t] < victim.stocks[t - 1])
        if not lost:
            running.current_percent = victim.percent[t]
        counter = count(counter, state)
        if lost or counter > RESET_FRAMES:
            running.killed = lost
            running.end, running.end_percent = t + FIRST_FRAME, before
            running = move = None
    return found


def slow_stocks(fighter: Fighter) -> list[tuple[int, int | None, float, int]]:
    """(start, end, current percent, count) of each stock; frames are ids."""
    found: list[tuple[int, int | None, float, int]] = []
    current: tuple[int, float, int] | None = None
    for t in range(len(fighter.state)):
        if current is None:
            if not DYING[fighter.state[t]]:
                current = (t + FIRST_FRAME, 0.0, int(fighter.stocks[t]))
        elif t and fighter.stocks[t] < fighter.stocks[t - 1]:
            found.append((current[0], t + FIRST_FRAME, current[1], current[2]))
            current = None
        else:
            current = (current[0], float(fighter.percent[t]), current[2])
    if current is not None:
        found.append((current[0], None, current[1], current[2]))
    return found
