"""One replay to order, for tests and for trying things out."""

from pathlib import Path
from typing import Literal, TypedDict, Unpack

from exphil.synth.doubles import four_players
from exphil.synth.events import Version
from exphil.synth.generate import write_file
from exphil.synth.match import change_match, draw_match
from exphil.synth.simulate import simulate
from exphil.synth.writer import replay_bytes


class ReplayOptions(TypedDict, total=False):
    """The arguments of `synth_replay` by name."""

    seed: int
    index: int
    version: Version
    frames: int
    stage: str | None
    characters: tuple[str, str] | None
    ports: tuple[int, int] | None
    stocks: int | None
    cpu_levels: tuple[int | None, int | None] | None
    rollbacks: bool | None
    quits: bool | None
    timer_seconds: int | None
    cut: str
    four: Literal["teams", "free-for-all"] | None


def synth_replay(
    seed: int = 0,
    index: int = 0,
    *,
    version: Version = (3, 14, 0),
    frames: int = 600,
    stage: str | None = None,
    characters: tuple[str, str] | None = None,
    ports: tuple[int, int] | None = None,
    stocks: int | None = None,
    cpu_levels: tuple[int | None, int | None] | None = None,
    rollbacks: bool | None = False,
    quits: bool | None = False,
    timer_seconds: int | None = None,
    cut: str = "none",
    four: Literal["teams", "free-for-all"] | None = None,
) -> bytes:
    """The bytes of one `.slp` file; what is None is drawn from (seed, index).

    Args:
        frames: the most frames the game may have, -123 counted; fewer when the stocks or the timer run out.
        rollbacks: repeat frame ids as netplay does; needs version 3.0 or later.
        quits: end by L+R+A+Start instead of by stocks or time.
        cut: `none`, `in-progress`, `truncated` or `no-end`, see `exphil.synth.writer.replay_bytes`.
        four: a game of four players, of whom everything but version, frames and cut is drawn.
    """
    if four is not None:
        match, track = four_players(seed, index, max_frames=frames, version=version, is_teams=four == "teams")
        return replay_bytes(match, track, cut=cut)
    match = change_match(
        draw_match(seed, index, max_frames=frames, versions=(version,)),
        stage=stage,
        characters=characters,
        ports=ports,
        stocks=stocks,
        cpu_levels=cpu_levels,
        rollbacks=rollbacks,
        quits=quits,
        timer_seconds=timer_seconds,
    )
    return replay_bytes(match, simulate([match])[0], cut=cut)


def write_replay(path: Path, **options: Unpack[ReplayOptions]) -> Path:
    """Write one file, whole or not at all; the options are the arguments of `synth_replay`."""
    write_file(path, synth_replay(**options))
    return path
