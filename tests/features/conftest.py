"""Games to encode: built row by row, and real ones."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from exphil import schema
from exphil.errors import ReplayError
from exphil.features import V1, Encoded
from exphil.replays.frames import frame_tables
from exphil.replays.reader import read_game

# What a fighter's row holds where a test does not say: standing, alive, full of stocks.
_USUAL: dict[str, Any] = {
    "pre_direction": 1.0, "post_direction": 1.0, "post_character": 1, "post_state": 14, "post_shield": 60.0,
    "post_stocks": 4, "post_jumps": 2, "post_last_hit_by": 6,
}  # fmt: skip


@dataclass(frozen=True)
class GameTables:
    frames: pa.Table
    items: pa.Table
    stage_frames: pa.Table
    stage: int = 32
    ports: tuple[int, int] = (1, 2)

    def encode(self) -> Encoded:
        return V1.encode(self.frames, self.items, self.stage_frames, stage=self.stage, ports=self.ports)

    def dims(self, viewpoint: int = 0) -> dict[str, np.ndarray]:
        """Every dim of a viewpoint by name."""
        values = V1.decode(self.encode().blocks, 1 if viewpoint else 0)
        return {name: values[:, index] for index, name in enumerate(V1.names)}


def _table(table: schema.Table, columns: Mapping[str, Any], num: int, since: schema.Version) -> pa.Table:
    arrays = {}
    for column in table.columns:
        kind = pa.type_for_alias(column.type)
        values = columns.get(column.name)
        if column.since is not None and column.since > since:
            arrays[column.name] = pa.nulls(num, kind)
        elif values is None:
            arrays[column.name] = pa.array(
                [_USUAL.get(column.name, "" if column.type == "string" else 0)] * num, kind
            )
        else:
            arrays[column.name] = pa.array(np.broadcast_to(np.asarray(values), num).tolist(), kind)
    return pa.table(arrays)


Build = Callable[..., GameTables]


@pytest.fixture(scope="session")
def build() -> Build:
    """`build(num, fighters, items, shared, …)`: tables of one game.

    fighters: {port or (port, True) for a follower: {column: value or values}}, `frame` for ids of its own.
    """

    def make(
        num: int = 4,
        fighters: Mapping[Any, Mapping[str, Any]] | None = None,
        *,
        items: Sequence[Mapping[str, Any]] = (),
        shared: Mapping[str, Any] | None = None,
        stage: int = 32,
        ports: tuple[int, int] | None = None,
        first: int = -39,
        since: schema.Version = (99, 0, 0),
    ) -> GameTables:
        given: dict[tuple[int, bool], Mapping[str, Any]] = {(1, False): {}, (2, False): {}}
        if fighters is not None:
            given = {key if isinstance(key, tuple) else (key, False): rows for key, rows in fighters.items()}
        ids = np.arange(first, first + num)
        parts = []
        for port, follower in sorted(given):
            rows = {"frame": ids, **given[port, follower]}
            count = len(rows["frame"])
            parts.append(_table(schema.FRAMES, {**rows, "port": port, "follower": follower}, count, since))
        item_columns = {
            column: [item.get(column, 0) for item in items]
            for column in schema.ITEMS.names
            if column != "replay_id"
        }
        own = sorted(port for port, follower in given if not follower)
        return GameTables(
            pa.concat_tables(parts),
            _table(schema.ITEMS, item_columns, len(items), since),
            _table(schema.STAGE_FRAMES, {"frame": ids, **(shared or {})}, num, since),
            stage,
            ports if ports is not None else (own[0], own[1]),
        )

    return make


@pytest.fixture(scope="session")
def real_games(replay_dir: Path) -> dict[str, GameTables]:
    """Every recording that reads and has two players or more, by file name."""
    games = {}
    for path in sorted(replay_dir.rglob("*.slp")):
        try:
            game = read_game(path.read_bytes())
        except ReplayError:
            continue
        tables = frame_tables(game)
        ports = sorted(tables.frames["port"].unique().to_pylist())
        if len(ports) >= 2:
            games[path.name] = GameTables(
                tables.frames, tables.items, tables.stage_frames, game.start["stage"], (ports[0], ports[1])
            )
    return games


@pytest.fixture(scope="session")
def real_encoded(real_games: dict[str, GameTables]) -> dict[str, Encoded]:
    return {name: game.encode() for name, game in real_games.items()}
