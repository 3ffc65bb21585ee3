"""The Python door to a feature store: `exphil.open_store("storage/")`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from exphil import schema
from exphil.config.roots import store_root
from exphil.errors import FingerprintError, UsageError
from exphil.store import paths
from exphil.store.store import Store

if TYPE_CHECKING:
    from exphil.loading.windows import WindowDataset


class OpenStore:
    """A snapshot of a feature store, for reading. What a writer commits later shows after `refresh()`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.root)!r})"

    @property
    def root(self) -> Path:
        """Folder of the store."""
        return self._store.root

    def refresh(self) -> None:
        """Take the newest snapshot."""
        self._store.refresh()

    def sql(self, query: str) -> pl.DataFrame:
        """Answer one SQL query over replays, players, frames, items, stage_frames, segments and features.

        Raises:
            UsageError: no query, several, or one that names what does not exist.
        """
        from exphil.sql.database import Database

        with Database(self._store) as database:
            answer = pl.from_arrow(database.query(query).read_all())
        assert isinstance(answer, pl.DataFrame)
        return answer

    def table(self, name: str) -> pl.LazyFrame:
        """A table of the store, read when collected: `frames`, `items`, `stage_frames`, `replays`, ...

        Raises:
            UsageError: there is no such table.
        """
        found = next((table for table in schema.TABLES if table.name == name), None)
        if found is None:
            raise UsageError(f"no table {name}: there are {', '.join(table.name for table in schema.TABLES)}")
        parts = self._store.table_paths(name)
        if parts:
            return pl.scan_parquet(parts, glob=False)
        empty = pl.from_arrow(schema.arrow_schema(found).empty_table())
        assert isinstance(empty, pl.DataFrame)
        return empty.lazy()

    def frames(self) -> pl.LazyFrame:
        """Every character and frame of every game: input before the frame, state after it."""
        return self.table("frames")

    def embedding(self, replay_id: str, port: int) -> npt.NDArray[np.float32]:
        """Feature set `v1` of one player of one game, (T, 287), a row a frame, ids as whole numbers.

        Raises:
            UsageError: the store has no such game, or nobody plays it on that port.
            FingerprintError: it was made with another feature table.
        """
        from exphil.features import V1, describe_mismatch
        from exphil.store.embeddings import read_attributes, read_part

        for part in self._store.manifest.of("embeddings"):
            folder = paths.embeddings_part(self.root, V1.name, part.name)
            attributes = read_attributes(folder)
            runs = [run for run in attributes["runs"] if run["replay_id"] == replay_id]
            if not runs:
                continue
            if attributes["fingerprint"] != V1.fingerprint:
                recorded = str(self._store.manifest.feature_sets.get(str(attributes["fingerprint"]), "{}"))
                raise FingerprintError(
                    f"{folder} was made with another feature table ({describe_mismatch(recorded)});"
                    " run `exphil materialize embeddings`"
                )
            ports = (runs[0]["first_port"], runs[0]["second_port"])
            if port not in ports:
                raise UsageError(f"nobody plays replay {replay_id} on port {port}; its ports are {ports}")
            opened = read_part(folder)
            viewpoint: Any = ports.index(port)
            return np.concatenate([V1.decode(_slice(opened.blocks, run), viewpoint) for run in runs])
        raise UsageError(
            f"the store has no embedding of replay {replay_id!r}: only games of two players have one;"
            " `SELECT replay_id, path FROM replays` lists them"
        )

    def windows(
        self,
        where: str | None = None,
        length: int = 60,
        delay: int = 0,
        *,
        spans: str | None = None,
        min_quality: float | None = None,
    ) -> "WindowDataset":
        """Windows as a torch dataset; items hold `features` (length, 287) and `actions` (length, 13).

        Args:
            where: SQL condition over segments, replays and players.
            length: frames of a window.
            delay: frames between an observation and its action, beyond the one that is always there.
            spans: SQL query of `replay_id`, `port`, `first_frame`, `last_frame`, instead of `where`: windows that
                lie within these stretches.
            min_quality: games of this score at least, 0 for all; those that no flag excludes if not given.

        Raises:
            UsageError: nothing meets the condition or the query, or nothing is long enough.
            StoreError: the store has no packs.
        """
        from exphil.loading.windows import WindowDataset

        return WindowDataset(self._store, where, length, delay, spans=spans, min_quality=min_quality)

    def pseudonym(self, name: str, column: str = "connect_code") -> str:
        """What this store, which is anonymised, holds instead of a name: `ANON#` and digits.

        Args:
            name: as the recordings have it, a connect code in capitals.
            column: where it would stand: `connect_code`, `netplay_name`, `name_tag` or `console_name`.

        Raises:
            UsageError: the store holds the names themselves, or no such column is hidden.
            StoreError: the key is not at hand.
        """
        from exphil.assets.pseudonyms import PLAYER_NAMES, REPLAY_NAMES, of_store

        hidden = (*PLAYER_NAMES, *REPLAY_NAMES)
        if column not in hidden:
            raise UsageError(f"{column} is hidden in no store: there are {', '.join(hidden)}")
        pseudonyms = of_store(self._store)
        if pseudonyms is None:
            raise UsageError(f"{self.root} is not anonymised: it holds the names themselves")
        return pseudonyms.of(column, name)


def open_store(root: Path | str | None = None) -> OpenStore:
    """Open a feature store for reading: `root`, else EXPHIL_STORE, else ./storage.

    Raises:
        StoreError: there is none, or it is of another format.
    """
    return OpenStore(Store.open(store_root(root)))


def _slice(blocks: Any, run: Any) -> Any:
    """The blocks of one run of frames."""
    first = int(run["row_offset"])
    return {name: np.asarray(block[first : first + int(run["num_rows"])]) for name, block in blocks.items()}
