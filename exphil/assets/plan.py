"""What there is to do: which files are new, which batch they belong to, which parts are missing or stale.

Answers from the store's tables alone, so that a run with nothing to do ends before Dagster is imported.
"""

import difflib
import json
from collections.abc import Iterable, Sequence
from typing import Final

import polars as pl

from exphil.assets.versions import made_by
from exphil.errors import UsageError
from exphil.replays.sources import Source
from exphil.store import paths
from exphil.store.atomic import write_bytes
from exphil.store.lock import writer_lock
from exphil.store.manifest import Part
from exphil.store.store import Store

BATCH_SIZE = 500
"""Paths a partition: few enough to lose little to a kill, enough to keep 100,000 replays at 200 partitions."""

_KNOWN = {"path": pl.String, "num_bytes": pl.Int64, "mtime_ns": pl.Int64, "batch": pl.String}


def known_paths(store: Store) -> pl.DataFrame:
    """Columns path, num_bytes, mtime_ns and batch of every row of `replays` that today's code would write again."""
    current = made_by("replays")
    fresh = [
        str(paths.table_part(store.root, "replays", "replays", part.name))
        for part in store.manifest.of("replays")
        if part.made_by == current and part.rows.get("replays", 0)
    ]
    if not fresh:
        return pl.DataFrame(schema=_KNOWN)
    return pl.scan_parquet(fresh).select(list(_KNOWN)).collect()


def pending(store: Store, sources: Sequence[Source]) -> list[Source]:
    """The sources that the store has no row for, or a row of other bytes; in order of path."""
    rows = [(source.path, source.num_bytes, source.mtime_ns) for source in sources]
    wanted = pl.DataFrame(
        rows, schema={name: _KNOWN[name] for name in ("path", "num_bytes", "mtime_ns")}, orient="row"
    )
    new = wanted.join(known_paths(store), on=["path", "num_bytes", "mtime_ns"], how="anti")
    new_paths = set(new["path"])
    return sorted((source for source in sources if source.path in new_paths), key=lambda source: source.path)


def enqueue(store: Store, sources: Sequence[Source], batch_size: int = BATCH_SIZE) -> list[str]:
    """Assign pending sources to batches, filling the last one first, and write the inboxes.

    Returns:
        Every batch that has an inbox now. Run again after a kill it assigns the same sources to the same batches.
    """
    with writer_lock(store.root):
        store.refresh()
        known = known_paths(store)
        inbox = store.root / paths.INBOX
        for old in inbox.glob("*.json") if inbox.is_dir() else ():
            old.unlink()
        sizes = dict(known.group_by("batch").len().iter_rows())
        number = max([_number(batch) for batch in [*sizes, *store.manifest.batches()]], default=1)
        room = batch_size - sizes.get(_name(number), 0)
        batches: dict[str, list[Source]] = {}
        for source in pending(store, sources):
            if room <= 0:
                number, room = number + 1, batch_size
            batches.setdefault(_name(number), []).append(source)
            room -= 1
        for batch, members in batches.items():
            write_bytes(paths.inbox_file(store.root, batch), _inbox_bytes(members))
    return sorted(batches)


def inbox_batches(store: Store) -> list[str]:
    """The batches that have files waiting to be read."""
    inbox = store.root / paths.INBOX
    return sorted(file.stem for file in inbox.glob("*.json")) if inbox.is_dir() else []


def inbox_sources(store: Store, batch: str) -> list[Source]:
    """The files of a batch that wait to be read; empty when there are none."""
    file = paths.inbox_file(store.root, batch)
    if not file.exists():
        return []
    return [
        Source(path, num_bytes, mtime_ns, problem)
        for path, num_bytes, mtime_ns, problem in json.loads(file.read_bytes())
    ]


def _inbox_bytes(sources: Iterable[Source]) -> bytes:
    return json.dumps([[s.path, s.num_bytes, s.mtime_ns, s.problem] for s in sources]).encode()


def sources_of_part(store: Store, asset: str) -> dict[str, list[Part]]:
    """The parts that `asset` should have one part for each of, by batch."""
    before = {"stats": "frames", "embeddings": "frames", "windows": "replays", "packs": "embeddings"}[asset]
    found: dict[str, list[Part]] = {}
    for part in store.manifest.of(before):
        found.setdefault(part.batch, []).append(part)
    return found


def missing_parts(store: Store, asset: str, batch: str | None = None) -> list[Part]:
    """The parts of the asset before for which `asset` has none, or one that today's code would make otherwise."""
    have = store.manifest.parts.get(asset, {})
    current = made_by(asset)
    return [
        source
        for of_batch in sources_of_part(store, asset).values()
        for source in of_batch
        if (batch is None or source.batch == batch)
        and (source.name not in have or have[source.name].made_by != current)
    ]


def orphans(store: Store, asset: str, batch: str) -> list[str]:
    """Parts of `asset` whose source is gone or replaced."""
    sources = {part.name for part in sources_of_part(store, asset).get(batch, [])}
    return [part.name for part in store.manifest.of(asset, batch) if part.name not in sources]


def stale_batches(store: Store, assets: Iterable[str]) -> list[str]:
    """The batches in which some asset of `assets` has work to do, files waiting to be read included."""
    wanted = set(assets)
    found = set(inbox_batches(store)) if wanted & {"replays", "frames"} else set()
    for asset in wanted & {"stats", "embeddings", "windows", "packs"}:
        found.update(part.batch for part in missing_parts(store, asset))
        found.update(batch for batch in store.manifest.batches() if orphans(store, asset, batch))
    return sorted(found)


def upstream(asset: str) -> list[str]:
    """The assets that `asset` (or `all`) needs, itself included, in the order in which data flows.

    Raises:
        UsageError: there is no such asset; the message suggests one.
    """
    if asset not in UPSTREAM:
        near = difflib.get_close_matches(asset, UPSTREAM, n=1)
        hint = f"; did you mean `{near[0]}`?" if near else ""
        raise UsageError(f"no asset is called `{asset}`: there are {', '.join(UPSTREAM)}{hint}")
    return list(UPSTREAM[asset])


UPSTREAM: Final[dict[str, tuple[str, ...]]] = {
    "replays": ("replays", "frames"),
    "frames": ("replays", "frames"),
    "stats": ("replays", "frames", "stats"),
    "embeddings": ("replays", "frames", "embeddings"),
    "windows": ("replays", "frames", "stats", "windows"),
    "packs": ("replays", "frames", "stats", "embeddings", "windows", "packs"),
    "all": paths.ASSETS,
}


def _name(number: int) -> str:
    return f"b{number:05d}"


def _number(batch: str) -> int:
    return int(batch.removeprefix("b"))
