"""One game before it is played: who, where, with which recorder. Drawn from (seed, index) alone."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from exphil.errors import UsageError
from exphil.melee.characters import external_id, find_character, internal_id
from exphil.melee.stages import STAGE_NAMES, find_stage
from exphil.synth.arenas import ARENAS
from exphil.synth.events import FIRST_FRAME, Version
from exphil.synth.fighters import FIGHTERS

VERSIONS: Final[tuple[Version, ...]] = (
    (1, 7, 1),
    (2, 0, 1),
    (3, 7, 0),
    (3, 9, 0),
    (3, 12, 0),
    (3, 14, 0),
    (3, 16, 0),
    (3, 18, 0),
)
MIN_FRAMES: Final = 200
MAX_FRAMES: Final = 28_000

_HANDLES: Final = (
    "ALFA",
    "BRVO",
    "CHRL",
    "DLTA",
    "ECHO",
    "FOXT",
    "GOLF",
    "HOTL",
    "INDI",
    "JULI",
    "KILO",
    "LIMA",
)
# When a version came into use, roughly; games are played in the year after.
_ERAS: Final = (
    ((0, 1, 0), 2018),
    ((1, 6, 0), 2019),
    ((3, 0, 0), 2020),
    ((3, 9, 0), 2021),
    ((3, 12, 0), 2022),
    ((3, 16, 0), 2023),
    ((3, 17, 0), 2024),
    ((3, 18, 0), 2025),
)
# Most players start with four; short games would then never end by stocks.
_STOCKS: Final = (4, 4, 4, 3, 2, 2)
# Games of one set are drawn from the same (seed, index // GAMES_A_SET).
GAMES_A_SET: Final = 2


@dataclass(frozen=True, slots=True)
class Player:
    """One port of a match. `character` is a name as the select screen has it."""

    port: int
    character: str
    costume: int = 0
    cpu_level: int | None = None
    stocks: int = 4
    team: int | None = None
    name: str = ""
    code: str = ""
    tag: str = ""

    @property
    def external(self) -> int:
        return external_id(self.character)

    @property
    def internal(self) -> int:
        found = internal_id(self.external)
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class Match:
    """Everything about a game that is known before its first frame, and the seed of what happens in it."""

    seed: int
    index: int
    version: Version
    stage: str
    players: tuple[Player, ...]
    max_frames: int
    timer_seconds: int
    started_at: str
    platform: str
    console: str
    match_id: str = ""
    game_number: int = 1
    tiebreaker: int = 0
    is_pal: bool = False
    is_frozen_stadium: bool = False
    is_teams: bool = False
    rollbacks: bool = False
    quits: bool = False
    random_seed: int = field(default=0)

    @property
    def stage_id(self) -> int:
        return next(number for number, name in STAGE_NAMES.items() if name == self.stage)

    @property
    def is_online(self) -> bool:
        return self.platform == "dolphin" and self.version >= (3, 9, 0)


def parse_version(text: str) -> Version:
    """`3.14` or `3.14.0` as three numbers that the writer can write."""
    parts = text.strip().split(".")
    if not 2 <= len(parts) <= 3 or not all(part.isdigit() and int(part) < 256 for part in parts):
        raise UsageError(f"{text!r} is no replay version: write it as 3.14.0")
    numbers = tuple(int(part) for part in parts)
    version = (numbers[0], numbers[1], numbers[2] if len(numbers) == 3 else 0)
    if not (0, 1, 0) <= version <= (3, 18, 255):
        raise UsageError(f"replay version {text} is outside what can be written, 0.1.0 to 3.18.x")
    return version


def draw_match(
    seed: int, index: int, *, max_frames: int = 4000, versions: tuple[Version, ...] = VERSIONS
) -> Match:
    """The game number `index` of a seed. Both players, their names and the day come from the set it belongs to."""
    if not MIN_FRAMES <= max_frames <= MAX_FRAMES:
        raise UsageError(f"a game can have {MIN_FRAMES} to {MAX_FRAMES} frames, not {max_frames}")
    of_set = np.random.Generator(np.random.Philox(key=[seed, (index // GAMES_A_SET) << 1]))
    of_game = np.random.Generator(np.random.Philox(key=[seed, (index << 1) | 1]))
    version = versions[(index // GAMES_A_SET) % len(versions)]
    players = _draw_players(of_set, of_game, version)
    year = max(year for since, year in _ERAS if version >= since)
    session = datetime(year, 1, 1, 12) + timedelta(
        days=int(of_set.integers(0, 365)), minutes=int(of_set.integers(0, 600))
    )
    start = session + timedelta(minutes=7 * (index % GAMES_A_SET))
    online = version >= (3, 9, 0) or (version >= (3, 7, 0) and of_set.random() < 0.5)
    stamp = start.strftime("%Y-%m-%dT%H:%M:%S")
    most_seconds = (max_frames + FIRST_FRAME - 1) // 60
    seconds = max(1, int(most_seconds * of_game.uniform(0.6, 1.0)))
    return Match(
        seed=seed,
        index=index,
        version=version,
        stage=tuple(ARENAS)[int(of_game.integers(len(ARENAS)))],
        players=players,
        max_frames=max_frames,
        timer_seconds=min(seconds, 480),
        started_at=stamp if version < (2, 1, 0) else f"{stamp}Z",
        platform="dolphin" if online else "nintendont",
        console="" if online else f"Station {int(of_set.integers(1, 9))}",
        match_id=f"mode.ranked-{session.strftime('%Y-%m-%dT%H:%M:%S')}.00-0" if version >= (3, 14, 0) else "",
        game_number=1 + index % GAMES_A_SET,
        is_pal=bool(version >= (1, 5, 0) and of_set.random() < 0.05),
        is_frozen_stadium=bool(version >= (2, 0, 0) and of_set.random() < 0.5),
        rollbacks=online and version >= (3, 7, 0) and of_game.random() < 0.5,
        quits=bool(of_game.random() < 0.04),
        random_seed=int(of_game.integers(0, 2**32)),
    )


def _draw_players(
    of_set: np.random.Generator, of_game: np.random.Generator, version: Version
) -> tuple[Player, ...]:
    names = tuple(FIGHTERS)
    weights = np.array([FIGHTERS[name].popularity for name in names])
    characters = of_set.choice(len(names), size=2, p=weights / weights.sum())
    handles = of_set.choice(len(_HANDLES), size=2, replace=False)
    ports = (
        np.sort(of_set.choice(4, size=2, replace=False)) + 1 if of_set.random() < 0.5 else np.array([1, 2])
    )
    stocks = int(of_set.choice(_STOCKS))
    has_cpu = of_set.random() < 0.12
    players = []
    for side in range(2):
        handle = _HANDLES[int(handles[side])]
        number = int(of_set.integers(0, 1000))
        cpu = 1 + int(of_set.integers(0, 9)) if has_cpu and side == 1 else None
        human = cpu is None
        players.append(
            Player(
                port=int(ports[side]),
                character=names[int(characters[side])],
                costume=int(of_game.integers(0, 4)),
                cpu_level=cpu,
                stocks=stocks,
                name=handle.title() if human and version >= (3, 9, 0) else "",
                code=f"{handle}#{number}" if human and version >= (3, 9, 0) else "",
                tag=handle[:4] if human and version >= (1, 3, 0) and of_set.random() < 0.4 else "",
            )
        )
    return tuple(players)


def change_match(
    match: Match,
    *,
    stage: str | None = None,
    characters: tuple[str, str] | None = None,
    ports: tuple[int, int] | None = None,
    stocks: int | None = None,
    cpu_levels: tuple[int | None, int | None] | None = None,
    rollbacks: bool | None = None,
    quits: bool | None = None,
    timer_seconds: int | None = None,
) -> Match:
    """The match with some of what was drawn set by hand; None leaves a thing as it was drawn."""
    players = list(match.players)
    for side, player in enumerate(players):
        if characters is not None:
            player = replace(player, character=_fighter(characters[side]))
        if ports is not None:
            player = replace(player, port=ports[side])
        if stocks is not None:
            player = replace(player, stocks=stocks)
        if cpu_levels is not None:
            player = replace(player, cpu_level=cpu_levels[side])
        players[side] = player
    if len({player.port for player in players}) != len(players):
        raise UsageError("two players cannot share a port")
    changed = replace(match, players=tuple(players))
    if stage is not None:
        changed = replace(changed, stage=_arena(stage))
    if rollbacks is not None:
        changed = replace(changed, rollbacks=rollbacks)
    if quits is not None:
        changed = replace(changed, quits=quits)
    if timer_seconds is not None:
        changed = replace(changed, timer_seconds=timer_seconds)
    return changed


def _fighter(name: str) -> str:
    found = find_character(name)
    if found not in FIGHTERS:
        raise UsageError(f"the simulation does not play {found}; it plays {', '.join(FIGHTERS)}")
    return found


def _arena(name: str) -> str:
    found = find_stage(name)
    if found not in ARENAS:
        raise UsageError(f"the simulation does not have {found}; it has {', '.join(ARENAS)}")
    return found
