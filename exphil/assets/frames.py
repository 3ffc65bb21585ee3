"""Reads files into the `frames` tables: the half of an ingest that runs in worker processes."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from exphil import schema
from exphil.assets.pseudonyms import Pseudonyms, path_names_somebody
from exphil.errors import ReplayError
from exphil.replays.frames import FrameTables, frame_tables
from exphil.replays.reader import read_game
from exphil.replays.sources import ArchiveOf, Source, read_sources
from exphil.replays.summary import player_rows, replay_row
from exphil.store import paths
from exphil.store.parquet import TableWriter

CHUNK_BYTES = 64_000_000
"""Bytes of replays that go into one part: about 10 MB of Parquet, and little enough to keep a worker's memory flat."""

FRAME_TABLES = tuple(table for table in schema.TABLES if table.asset == "frames")


@dataclass(frozen=True, slots=True)
class Chunk:
    """Files that one worker reads into one staged part."""

    name: str
    staging: Path
    sources: tuple[Source, ...]
    pseudonyms: Pseudonyms | None = None


@dataclass(slots=True)
class ChunkResult:
    """What a chunk gave.

    Attributes:
        replays: rows of `replays`.
        players: rows of `players`, of the games that were staged.
        staged: games whose frames were staged.
        num_named_paths: paths that hold a name which pseudonyms hide elsewhere.
    """

    chunk: Chunk
    replays: list[dict[str, Any]] = field(default_factory=list)
    players: list[dict[str, Any]] = field(default_factory=list)
    staged: list[str] = field(default_factory=list)
    num_named_paths: int = 0


def make_chunks(
    sources: Sequence[Source], num_workers: int, staging: Path, pseudonyms: Pseudonyms | None = None
) -> list[Chunk]:
    """Deal files out in chunks of similar bytes, a multiple of the workers, so that all end at about the same time."""
    total = sum(source.num_bytes for source in sources)
    rounds = -(-total // (CHUNK_BYTES * num_workers))
    count = max(1, rounds * num_workers)
    piles: list[list[Source]] = [[] for _ in range(count)]
    weights = [0] * count
    for unit in sorted(_units(sources, num_workers), key=lambda unit: (-_num_bytes(unit), unit[0].path)):
        lightest = weights.index(min(weights))
        piles[lightest] += unit
        weights[lightest] += _num_bytes(unit)
    return [
        Chunk(f"chunk-{number}", staging, tuple(sorted(pile, key=lambda source: source.path)), pseudonyms)
        for number, pile in enumerate(piles)
        if pile
    ]


def _units(sources: Sequence[Source], num_workers: int) -> list[list[Source]]:
    """What is dealt out whole.

    Members of one archive, most of which can only be read from the front; and files of equal length, which are
    likely copies: in one chunk, the loser's frames are not even written.
    """
    units: list[list[Source]] = []
    equal: dict[int, list[Source]] = {}
    for archive, members in groupby(sources, key=ArchiveOf()):
        group = list(members)
        if archive is None:
            for source in group:
                equal.setdefault(source.num_bytes, []).append(source)
        else:
            pieces = min(num_workers, -(-_num_bytes(group) // CHUNK_BYTES) or 1)
            size = -(-len(group) // pieces)
            units += [group[start : start + size] for start in range(0, len(group), size)]
    return [*units, *equal.values()]


def _num_bytes(sources: Sequence[Source]) -> int:
    return sum(source.num_bytes for source in sources)


def halves(chunk: Chunk) -> list[Chunk]:
    """The two halves of a chunk whose worker died, to close in on the file that killed it."""
    middle = len(chunk.sources) // 2
    return [
        replace(chunk, name=f"{chunk.name}a", sources=chunk.sources[:middle]),
        replace(chunk, name=f"{chunk.name}b", sources=chunk.sources[middle:]),
    ]


def patience(chunk: Chunk) -> float:
    """Seconds after which a chunk's worker counts as hung: many times what a slow disk needs.

    A member of an archive may lie behind gigabytes that must be unpacked first, so it is granted a minute of its own.
    """
    archive_of = ArchiveOf()
    members = sum(archive_of(source) is not None for source in chunk.sources)
    return 60.0 * (1 + members) + _num_bytes(chunk.sources) / 1e6


def read_chunk(chunk: Chunk) -> ChunkResult:
    """Read every file of a chunk and stage its frames. A bad file becomes a quarantine row, whatever is wrong."""
    result = ChunkResult(chunk)
    writer: _PartWriter | None = None
    seen: dict[str, bool] = {}
    try:
        for source, data in read_sources(chunk.sources):
            try:
                if isinstance(data, ReplayError):
                    raise data
                game = read_game(data.bytes, data.path)
                tables = frame_tables(game)
            except ReplayError as error:
                result.replays.append(quarantine_row(source, error.reason, error.offset))
                continue
            except Exception as error:  # a fault of ours costs this file, not the batch
                # its text may quote the file, and so a name
                told = type(error).__name__ if chunk.pseudonyms else repr(error)
                result.replays.append(quarantine_row(source, f"internal error, please report: {told}", None))
                continue
            row = replay_row(game, tables) | _bookkeeping(source)
            players = player_rows(game, tables)
            if chunk.pseudonyms is not None:
                result.num_named_paths += path_names_somebody(source.path, row, players)
                row, players = chunk.pseudonyms.hide(row, players)
            result.replays.append(row)
            # The same game once more: this path sorts later, so it wins only if it alone is complete.
            if row["game_id"] in seen and (seen[row["game_id"]] or not row["complete"]):
                continue
            seen[row["game_id"]] = row["complete"]
            result.players += players
            writer = writer or _PartWriter(chunk)
            writer.append(tables)
            result.staged.append(row["replay_id"])
    finally:
        if writer is not None:
            writer.close()
    return result


def quarantine_row(source: Source, reason: str, offset: int | None) -> dict[str, Any]:
    """A row of `replays` for a file that gave no game."""
    row: dict[str, Any] = dict.fromkeys(schema.REPLAYS.names)
    return row | {"status": "quarantined", "reason": reason, "reason_offset": offset} | _bookkeeping(source)


def _bookkeeping(source: Source) -> dict[str, Any]:
    return {"path": source.path, "num_bytes": source.num_bytes, "mtime_ns": source.mtime_ns}


class _PartWriter:
    """The three frame tables of one part, games appended whole and in step."""

    def __init__(self, chunk: Chunk) -> None:
        self._writers = {
            table.name: TableWriter(paths.table_part(chunk.staging, "frames", table.name, chunk.name), table)
            for table in FRAME_TABLES
        }

    def append(self, tables: FrameTables) -> None:
        self._writers["frames"].append(tables.frames)
        self._writers["items"].append(tables.items)
        self._writers["stage_frames"].append(tables.stage_frames)

    def close(self) -> None:
        for writer in self._writers.values():
            writer.close()


def part_name(batch: str, replay_ids: Iterable[str]) -> str:
    """The name of a part follows from what is in it, so that a run done twice writes the same names."""
    digest = hashlib.blake2b("".join(sorted(replay_ids)).encode(), digest_size=6).hexdigest()
    return f"{batch}-{digest}"


def drop_games(file: Path, table: schema.Table, replay_ids: Iterable[str], target: Path) -> int:
    """Copy a part's table without some games; returns the rows left."""
    gone = pa.array(sorted(replay_ids), pa.string())
    whole = pq.ParquetFile(file).read()
    kept = whole.filter(pc.invert(pc.is_in(whole["replay_id"].cast(pa.string()), value_set=gone)))
    with TableWriter(target, table) as writer:
        writer.append(kept)
    return writer.num_rows
