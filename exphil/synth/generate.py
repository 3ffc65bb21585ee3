"""Write a folder of synthesised replays: the same bytes for a seed and index, whatever is made beside them."""

import errno
import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from exphil.errors import ExphilError, UsageError
from exphil.synth.events import Version
from exphil.synth.match import MAX_FRAMES, MIN_FRAMES, VERSIONS, draw_match
from exphil.synth.simulate import simulate_each
from exphil.synth.writer import replay_bytes

# What a chunk may hold, so that memory stays near 150 MB a worker; more games at once are faster by the game.
_MAX_GAMES: Final = 96
_MAX_GAME_FRAMES: Final = 400_000
_BYTES_A_FRAME: Final = 330
# Below this a process takes longer to start than to play.
_FRAMES_WORTH_A_WORKER: Final = 50_000
_MAX_SEED: Final = 2**63


@dataclass(frozen=True, slots=True)
class Chunk:
    """Games that are played together."""

    folder: Path
    seed: int
    indices: range
    max_frames: int
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """What came of a chunk."""

    num_files: int
    num_frames: int
    num_bytes: int


def replay_name(index: int) -> str:
    """File name of a game, in the order of the indices."""
    return f"synth_{index:06d}.slp"


def check_folder(folder: Path, count: int, *, overwrite: bool) -> None:
    """Make the folder, or say why it cannot be written to; a folder that holds other things needs `overwrite`."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a folder to write replays to")
    if folder.is_dir() and not overwrite:
        expected = {replay_name(index) for index in range(count)}
        other = next((path.name for path in sorted(folder.iterdir()) if path.name not in expected), None)
        if other is not None:
            raise UsageError(
                f"{folder} already holds other things ({other}); choose an empty folder, or add --overwrite to write"
                " beside them"
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(folder, error) from error


def check_space(folder: Path, count: int, max_frames: int) -> None:
    """Refuse what the disk cannot hold."""
    needed, free = count * max_frames * _BYTES_A_FRAME, shutil.disk_usage(folder).free
    if needed > free:
        raise ExphilError(
            f"the disk is full: {folder} has {free / 1e6:,.0f} MB free and {count} games may need"
            f" {needed / 1e6:,.0f} MB; free some space, or ask for fewer with --count or shorter ones with --frames"
        )


def synthesise(
    folder: Path,
    *,
    count: int,
    seed: int = 0,
    max_frames: int = 4000,
    versions: Sequence[Version] = VERSIONS,
    workers: int | None = None,
    overwrite: bool = False,
    on_progress: Callable[[int], None] | None = None,
) -> Written:
    """Write `count` games into `folder`.

    Args:
        max_frames: the most frames a game may have.
        workers: processes; as many as are worth starting where None.
        on_progress: told the number of files after each chunk.
    """
    if count < 1:
        raise UsageError(f"--count must be 1 or more, not {count}")
    if not 0 <= seed < _MAX_SEED:
        raise UsageError(f"--seed must be from 0 to {_MAX_SEED - 1}, not {seed}")
    if not MIN_FRAMES <= max_frames <= MAX_FRAMES:
        raise UsageError(f"--frames must be from {MIN_FRAMES} to {MAX_FRAMES}, not {max_frames}")
    if workers is None:
        workers = max(1, min(os.cpu_count() or 1, count * max_frames // _FRAMES_WORTH_A_WORKER))
    if workers < 1:
        raise UsageError(f"--workers must be 1 or more, not {workers}")
    if not versions:
        raise UsageError("--versions names no version")
    check_folder(folder, count, overwrite=overwrite)
    check_space(folder, count, max_frames)
    chunks = _chunks(folder, count, seed, max_frames, tuple(versions), workers)
    total = Written(0, 0, 0)
    for written in _run(chunks, min(workers, len(chunks))):
        total = Written(
            total.num_files + written.num_files,
            total.num_frames + written.num_frames,
            total.num_bytes + written.num_bytes,
        )
        if on_progress is not None:
            on_progress(written.num_files)
    return total


def write_chunk(chunk: Chunk) -> Written:
    """Play and write the games of a chunk. Runs in a worker."""
    matches = [
        draw_match(chunk.seed, index, max_frames=chunk.max_frames, versions=chunk.versions)
        for index in chunk.indices
    ]
    num_frames = num_bytes = 0
    for match, track in zip(matches, simulate_each(matches), strict=True):
        data = replay_bytes(match, track)
        write_file(chunk.folder / replay_name(match.index), data)
        num_frames += track.num_frames
        num_bytes += len(data)
    return Written(len(matches), num_frames, num_bytes)


def write_file(path: Path, data: bytes) -> None:
    """Write a file that is there whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise write_error(path, error) from error


def write_error(path: Path, error: OSError) -> ExphilError:
    """One line for a failed write: what, where, and the way out."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ExphilError(f"the disk is full: {path} could not be written; free some space and run it again")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return ExphilError(f"{path} is not writable for this user; choose another folder")
    return ExphilError(f"{path} could not be written: {error.strerror or error}")


def _chunks(
    folder: Path, count: int, seed: int, max_frames: int, versions: tuple[Version, ...], workers: int
) -> list[Chunk]:
    most = max(1, min(_MAX_GAMES, _MAX_GAME_FRAMES // max_frames))
    num_chunks = -(-count // most)
    # As many chunks as keep every worker busy to the end.
    num_chunks = min(count, -(-num_chunks // workers) * workers)
    bounds = [count * number // num_chunks for number in range(num_chunks + 1)]
    return [Chunk(folder, seed, range(first, last), max_frames, versions) for first, last in pairwise(bounds)]


def _run(chunks: list[Chunk], workers: int) -> Iterator[Written]:
    if workers == 1:
        yield from map(write_chunk, chunks)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_ignore_interrupts)
    try:
        for future in as_completed([pool.submit(write_chunk, chunk) for chunk in chunks]):
            yield future.result()
    except BrokenProcessPool as error:
        raise ExphilError(
            "a process that played games died, perhaps for want of memory; try again with --workers 1"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _ignore_interrupts() -> None:
    """In a worker: Ctrl-C is the parent's business."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
