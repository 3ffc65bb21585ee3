"""Play many games in lock-step and keep every frame of them."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from exphil.synth.arenas import StageTrack, draw_stage_track
from exphil.synth.contacts import grab, hit, recover
from exphil.synth.events import FIRST_FRAME
from exphil.synth.followers import follower_track
from exphil.synth.match import Match
from exphil.synth.motion import die, move
from exphil.synth.policy import DRAWS, Players
from exphil.synth.projectiles import Projectiles
from exphil.synth.record import Recording
from exphil.synth.track import FighterTrack, Track
from exphil.synth.transitions import act, run_out
from exphil.synth.world import Pads, World

_PLAY_FROM: Final = -39
_TIME, _GAME, _NO_CONTEST = 1, 2, 7
# Streams of random numbers of one game, apart from the one that drew the match.
_PLAYER_STREAM, _STAGE_STREAM, _SEED_STREAM = 2, 3, 4


def game_stream(match: Match, stream: int) -> np.random.Generator:
    """Random numbers of one game: the same whatever games are played beside it."""
    return np.random.Generator(np.random.Philox(key=[match.seed, (match.index << 1) | 1]).jumped(stream))


def simulate(matches: Sequence[Match]) -> list[Track]:
    """Play the games; each comes out the same whatever others it is played with."""
    return list(simulate_each(matches))


def simulate_each(matches: Sequence[Match]) -> Iterator[Track]:
    """The same, one track at a time: what is not asked for yet takes little memory."""
    games = tuple(matches)
    limits = np.array([_last_index(match) + 1 for match in games])
    stages = [
        draw_stage_track(match.stage, int(limit), match.is_frozen_stadium, game_stream(match, _STAGE_STREAM))
        for match, limit in zip(games, limits, strict=True)
    ]
    world = World(games)
    recording = Recording(int(limits.max()), world)
    lasts, methods = _play(world, recording, games, limits, stages)
    for number, match in enumerate(games):
        yield _track(recording, match, number, int(lasts[number]) + 1, int(methods[number]), stages[number])


def _last_index(match: Match) -> int:
    """Row of the last frame if nobody loses all stocks before."""
    last = match.timer_seconds * 60 - FIRST_FRAME
    if match.quits:
        last = int(last * 0.7)
    return min(last, match.max_frames - 1)


def _draw_players(
    games: tuple[Match, ...], limits: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    draws = np.zeros((int(limits.max()), len(games), 2, DRAWS), dtype=np.float32)
    habits = np.zeros((len(games), 2, DRAWS), dtype=np.float32)
    for number, match in enumerate(games):
        rng = game_stream(match, _PLAYER_STREAM)
        habits[number] = rng.random((2, DRAWS), dtype=np.float32)
        draws[: limits[number], number] = rng.random((int(limits[number]), 2, DRAWS), dtype=np.float32)
    return draws, habits


def _play(
    world: World,
    recording: Recording,
    games: tuple[Match, ...],
    limits: NDArray[np.int64],
    stages: list[StageTrack],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Run every frame; returns the last row of each game and how it ended."""
    draws, habits = _draw_players(games, limits)
    fountains = [number for number, match in enumerate(games) if match.stage == "FOUNTAIN_OF_DREAMS"]
    players, items = Players(world, habits), Projectiles(world)
    methods = np.where([match.quits for match in games], _NO_CONTEST, _TIME)
    lasts = limits - 1
    before = Pads.neutral(len(games))
    for frame in range(int(limits.max())):
        for number in fountains:
            if frame < limits[number]:
                world.platforms[number, :2, 2] = stages[number].fod_height[frame]
        playing = frame + FIRST_FRAME >= _PLAY_FROM
        pads = players.step(world, draws[frame]) if playing else before
        recording.keep_pads(frame, pads)
        step(world, items, pads, before)
        recording.keep(frame, world, items)
        before = pads
        ended = (world.stocks.min(axis=1) <= 0) & (lasts > frame)
        methods[ended], lasts[ended] = _GAME, frame
        if frame >= lasts.max():
            break
    return lasts, methods


def step(world: World, items: Projectiles, pads: Pads, before: Pads) -> None:
    """One frame of all games."""
    world.changed[:] = False
    world.was_hit[:] = False
    world.l_cancel[:] = 0
    active = world.hitlag == 0
    world.hitlag -= ~active
    world.age += active
    run_out(world, pads, active)
    act(world, pads, before, active)
    move(world, pads, active)
    hit(world)
    mash = (pads.buttons & ~before.buttons) > 0
    grab(world, mash)
    items.step(world)
    recover(world)
    die(world)


def _track(
    recording: Recording, match: Match, number: int, num_frames: int, method: int, stage: StageTrack
) -> Track:
    fighters: list[FighterTrack] = []
    for side in range(2):
        leader = recording.fighter(match, number, side, num_frames)
        fighters.append(leader)
        if match.players[side].character == "ICE_CLIMBERS":
            fighters.append(follower_track(match, leader))
    stocks = recording.columns["stocks"][num_frames - 1, number].astype(int)
    percent = recording.columns["percent"][num_frames - 1, number]
    quitter = int(match.random_seed % 2) if method == _NO_CONTEST else None
    first_wins = (stocks[0], -percent[0]) >= (stocks[1], -percent[1])
    if quitter is not None:
        first_wins = quitter == 1
    columns, present = recording.items(match, number, num_frames)
    return Track(
        num_frames=num_frames,
        random_seed=game_stream(match, _SEED_STREAM).integers(0, 2**32, num_frames, dtype=np.uint32),
        fighters=tuple(fighters),
        items=columns,
        item_present=present,
        stage=_cut_stage(stage, num_frames),
        method=method,
        lras_side=quitter,
        placements=(0, 1) if first_wins else (1, 0),
    )


def _cut_stage(stage: StageTrack, num_frames: int) -> StageTrack:
    return StageTrack(
        stage.fod_height[:num_frames],
        stage.fod_moved[:num_frames],
        stage.whispy[:num_frames],
        stage.whispy_changed[:num_frames],
        stage.stadium[:num_frames],
        stage.stadium_changed[:num_frames],
    )
