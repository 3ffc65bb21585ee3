"""`exphil synth`: valid replays out of nothing."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


def synth(
    out: Path,
    /,
    *,
    count: int = 50,
    seed: int = 0,
    frames: int = 4000,
    versions: Annotated[list[str] | None, Parameter(consume_multiple=True)] = None,
    workers: int | None = None,
    overwrite: Annotated[bool, Parameter(negative=())] = False,
) -> None:
    """Write valid .slp files from a small simulation, to try things out without replays.

    Scripted players on the six tournament stages, in several versions of the format. The same seed gives the
    same files, byte for byte, whatever --count and --workers are.

    For example:

        exphil synth replays
        exphil synth /tmp/many --count 2000 --frames 600 --workers 2
        exphil synth old --count 10 --versions 1.7.1 2.0.1

    Parameters
    ----------
    out
        Folder to write to; made if it is not there.
    count
        How many games.
    seed
        Which games: another seed, other games.
    frames
        The most frames a game may have, 60 to a second.
    versions
        Versions of the format to use in turn, as 3.14.0; by default eight from 1.7.1 to 3.18.0.
    workers
        Processes that play games; by default as many as are worth starting.
    overwrite
        Write into a folder that holds other things too.
    """
    from exphil.cli import output
    from exphil.synth.generate import synthesise
    from exphil.synth.match import VERSIONS, parse_version

    chosen = VERSIONS if versions is None else tuple(parse_version(text) for text in versions)
    with output.progress("synthesising", count) as advance:
        written = synthesise(
            out,
            count=count,
            seed=seed,
            max_frames=frames,
            versions=chosen,
            workers=workers,
            overwrite=overwrite,
            on_progress=advance,
        )
    output.say(
        f"{written.num_files} replays in {out}: {written.num_frames:,} frames,"
        f" {output.num_bytes(written.num_bytes)}, seed {seed}"
    )
