"""Games read from files for commands that need no store, in worker processes where there are many."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count, groupby
from pathlib import Path
from typing import Any, Final

from exphil.assets.interrupts import Interrupts
from exphil.assets.workers import WorkerDied, Workers
from exphil.cli.formats import plain
from exphil.errors import ReplayError, UsageError
from exphil.replays.frames import frame_tables
from exphil.replays.reader import read_game
from exphil.replays.sources import ArchiveOf, Contents, Source, find_sources, read_sources
from exphil.stats.played import Played, played
from exphil.stats.slippi_json import document

PARALLEL_BYTES: Final = 400_000_000
"""Less than that is read sooner than worker processes have started: about four seconds' work."""

CHUNK_BYTES: Final = 64_000_000
MOST_PASSES: Final = 8
"""Pieces in which an archive is read: most kinds can only be read from the front."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a file gave.

    Attributes:
        problem: why it could not be read; None where it could.
        game_id: of its resolved frames, alike in two recordings of one game.
        num_players: of the game.
        played: None where it is not a game of two.
        document: JSON in slippi-js's shape, where that was asked for.
    """

    path: str
    problem: str | None = None
    game_id: str = ""
    num_players: int = 0
    played: Played | None = None
    document: str | None = None

    @property
    def names(self) -> frozenset[str]:
        """Names of the two players; nobody's where it is not a game of two."""
        return frozenset().union(*(side.names for side in self.played.sides)) if self.played else frozenset()

    def is_of(self, player: str) -> bool:
        """Whether it is a game of two that one of this name plays."""
        return self.played is not None and any(side.is_called(player) for side in self.played.sides)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Plain files, or members of one archive, that are read one after the other."""

    number: int
    sources: tuple[Source, ...]
    archived: bool
    documents: bool


def find_replays(roots: Sequence[Path]) -> list[Source]:
    """Files and archive members, sorted by path.

    Raises:
        UsageError: a path does not exist, or nothing that is a replay was found.
    """
    for root in roots:
        if not root.exists():
            raise UsageError(f"{root} does not exist; name replays, folders or archives of them")
    found = list(find_sources(roots))
    if not found:
        raise UsageError(f"no replay in {', '.join(map(str, roots))}")
    return found


def is_plain(named: Path, source: Source) -> bool:
    """Whether a replay is the very file that was named, and neither in a folder nor in an archive."""
    return not named.is_dir() and ArchiveOf()(source) is None


def read_games(
    sources: Sequence[Source], *, documents: bool, num_workers: int | None = None
) -> Iterator[Read]:
    """Every file, in order of the paths, read by this process or by workers.

    Args:
        documents: also make each game's document in slippi-js's shape.
        num_workers: processes; chosen by the number of bytes if not given.
    """
    chunks = list(_chunks(sources, documents))
    if num_workers == 1 or (num_workers is None and _num_bytes(sources) < PARALLEL_BYTES):
        with Interrupts() as interrupts:
            for chunk in chunks:
                for read in _read(chunk):
                    interrupts.repeat_lost()  # a destructor may have swallowed Ctrl-C
                    yield read
        return
    with Interrupts() as interrupts, Workers(num_workers, interrupts) as workers:
        yield from _read_in_workers(workers, chunks)


def _chunks(sources: Sequence[Source], documents: bool) -> Iterator[Chunk]:
    numbers = count()
    for archive, group in groupby(sources, key=ArchiveOf()):
        together = list(group)
        pieces = -(-_num_bytes(together) // CHUNK_BYTES) or 1
        if archive is not None:
            pieces = min(pieces, MOST_PASSES)
        size = -(-len(together) // pieces)
        for start in range(0, len(together), size):
            piece = tuple(together[start : start + size])
            yield Chunk(next(numbers), piece, archive is not None, documents)


def _num_bytes(sources: Sequence[Source]) -> int:
    return sum(source.num_bytes for source in sources)


def _read(chunk: Chunk) -> Iterator[Read]:
    """A chunk in order of its paths; an archive's members come in the archive's order."""
    reads = (_one(source, contents, chunk.documents) for source, contents in read_sources(chunk.sources))
    yield from sorted(reads, key=lambda read: read.path) if chunk.archived else reads


def _one(source: Source, contents: Contents | ReplayError, documents: bool) -> Read:
    try:
        if isinstance(contents, ReplayError):
            raise contents
        game = read_game(contents.bytes, contents.path)
        tables = frame_tables(game)
        return Read(
            source.path,
            game_id=tables.game_id,
            num_players=game.num_players,
            played=played(source.path, game, tables),
            document=_encoded(document(game, tables)) if documents else None,
        )
    except ReplayError as error:
        return Read(source.path, problem=error.reason)
    except Exception as error:  # a fault of ours costs this file, not the others
        return Read(source.path, problem=f"internal error, please report: {error!r}")


def _encoded(found: dict[str, Any]) -> str:
    """One line of JSON; NaN and infinities, which JSON lacks, are null, as JavaScript writes them."""
    try:
        return json.dumps(found, ensure_ascii=False, allow_nan=False)
    except ValueError:
        return json.dumps(plain(found), ensure_ascii=False)


def read_chunk(chunk: Chunk) -> list[Read]:
    """In a worker: read a chunk."""
    return list(_read(chunk))


def _read_in_workers(workers: Workers, chunks: Sequence[Chunk]) -> Iterator[Read]:
    """In order of the chunks, which come back in any."""
    waiting: dict[int, list[Read]] = {}
    due = 0
    for chunk, outcome in workers.run(read_chunk, chunks):
        waiting[chunk.number] = _read_alone(workers, chunk) if isinstance(outcome, WorkerDied) else outcome
        while due in waiting:
            yield from waiting.pop(due)
            due += 1


def _read_alone(workers: Workers, chunk: Chunk) -> list[Read]:
    """Each file of a chunk whose worker died in a task of its own: the guilty one is told, the others are read."""
    singles = [replace(chunk, number=number, sources=(one,)) for number, one in enumerate(chunk.sources)]
    found: dict[int, list[Read]] = {}
    for single, outcome in workers.run(read_chunk, singles):
        died = [Read(single.sources[0].path, problem=str(outcome))]
        found[single.number] = died if isinstance(outcome, WorkerDied) else outcome
    return [read for number in sorted(found) for read in found[number]]
