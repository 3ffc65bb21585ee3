"""The feature store: a root folder, its snapshot, and the writer's transaction."""

import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from exphil import schema
from exphil.errors import StoreError
from exphil.store import manifest as manifests
from exphil.store import paths
from exphil.store.atomic import move_into_place, write_errors
from exphil.store.lock import writer_lock
from exphil.store.manifest import Manifest, Part


@dataclass(slots=True)
class Store:
    """A feature store. Readers hold a snapshot and never block; writers go through `writing()`."""

    root: Path
    manifest: Manifest

    @classmethod
    def open(cls, root: Path | str) -> "Store":
        """Open for reading.

        Raises:
            StoreError: nothing there, another format, or damaged; the message says what to do.
        """
        folder = Path(root)
        return cls(folder, manifests.read(folder))

    @classmethod
    def create(cls, root: Path | str) -> "Store":
        """Open, and make an empty store where there is none."""
        folder = Path(root)
        if not (folder / paths.MANIFEST).exists():
            with write_errors(folder):
                folder.mkdir(parents=True, exist_ok=True)
            with writer_lock(folder):
                if not (folder / paths.MANIFEST).exists():
                    manifests.write(folder, Manifest())
        return cls.open(folder)

    def refresh(self) -> None:
        """Take the newest snapshot."""
        self.manifest = manifests.read(self.root)

    def table_paths(self, table: str) -> list[str]:
        """Committed Parquet parts of a table of `exphil.schema`; may be empty."""
        asset = next(t.asset for t in schema.TABLES if t.name == table)
        return [
            str(paths.table_part(self.root, asset, table, part.name))
            for part in self.manifest.of(asset)
            if part.rows.get(table, 0)
        ]

    @contextmanager
    def writing(self) -> Iterator["Transaction"]:
        """Hold the writer lock, with the newest snapshot and a fresh staging folder; sweeps what killed runs left."""
        with writer_lock(self.root):
            self.refresh()
            staging = self.root / paths.STAGING / f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
            with write_errors(staging):
                _sweep(self.root / paths.STAGING)
                staging.mkdir(parents=True)
            try:
                yield Transaction(self, staging)
            finally:
                shutil.rmtree(staging, ignore_errors=True)


@dataclass(slots=True)
class Transaction:
    """Stages parts, then commits them in one rename of the manifest."""

    store: Store
    staging: Path
    _pending: Manifest | None = field(default=None)
    _moves: list[tuple[Path, Path]] = field(default_factory=list)

    def change(self, asset: str, *, add: Sequence[Part] = (), remove: Sequence[str] = ()) -> None:
        """Plan parts of one asset: `add` must have been written under `staging` by the names of `paths`."""
        self._pending = (self._pending or self.store.manifest).changed(asset, add=add, remove=remove)
        for part in add:
            staged_files = part_files(self.staging, asset, part)
            final_files = part_files(self.store.root, asset, part)
            self._moves += list(zip(staged_files, final_files, strict=True))

    def record_feature_set(self, fingerprint: str, canonical: object) -> None:
        self._pending = (self._pending or self.store.manifest).with_feature_set(fingerprint, canonical)

    def record_pseudonyms(self, fingerprint: str) -> None:
        """Plan that the store holds pseudonyms of a key from now on."""
        self._pending = replace(self._pending or self.store.manifest, pseudonyms=fingerprint)

    def commit(self) -> None:
        """Move the staged parts into place and make them count."""
        for staged, final in self._moves:
            if staged.exists():
                move_into_place(staged, final)
            elif not final.exists():
                raise StoreError(f"{staged} was not written")
        if self._pending is not None:
            before = self.store.manifest
            manifests.write(self.store.root, self._pending)
            self.store.manifest = self._pending
            _delete_dropped(self.store.root, before, self._pending)
        self._pending, self._moves = None, []


def part_files(root: Path, asset: str, part: Part) -> list[Path]:
    """The files and folders of a part, under the store or a staging folder."""
    if asset == "embeddings":
        return [paths.embeddings_part(root, str(part.stats["feature_set"]), part.name)]
    if asset == "packs":
        feature_set = str(part.stats["feature_set"])
        return [paths.pack_part(root, feature_set, part.name), paths.pack_runs(root, feature_set, part.name)]
    return [paths.table_part(root, asset, table, part.name) for table, rows in part.rows.items() if rows]


def _sweep(staging: Path) -> None:
    """Remove what killed runs left. The caller holds the lock, so no live run stages anything."""
    if staging.is_dir():
        for leftover in staging.iterdir():
            shutil.rmtree(leftover, ignore_errors=True)


def _delete_dropped(root: Path, before: Manifest, after: Manifest) -> None:
    """Delete the files of parts that no longer count; a reader that still maps them keeps them until it closes."""
    kept = {
        path for asset in paths.ASSETS for part in after.of(asset) for path in part_files(root, asset, part)
    }
    for asset in paths.ASSETS:
        for part in before.of(asset):
            for path in part_files(root, asset, part):
                if path in kept:
                    continue
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)
