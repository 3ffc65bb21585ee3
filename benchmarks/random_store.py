"""A store of many random games, without frames: `replays`, `players`, the tables of `stats`, `segments`.

    python benchmarks/random_store.py FOLDER [--games 25000] [--seed 0]

25,000 games have a million conversions. Parts hold 500 games, as real ones do; equal seeds give equal rows. Columns
that nothing here draws are null.
"""

import argparse
import hashlib
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.random import Generator
from random_games import PORTS, STOCKS, Games, play
from random_stats import statistics

from exphil import schema
from exphil.assets.versions import made_by
from exphil.assets.windows import split_key, split_of
from exphil.melee.characters import EXTERNAL_NAMES
from exphil.melee.stages import LEGAL_STAGES, STAGE_NAMES
from exphil.schema import Table
from exphil.sql.people import People, with_codes, write_people
from exphil.store import paths
from exphil.store.manifest import Part
from exphil.store.parquet import TableWriter
from exphil.store.store import Store

GAMES: Final = 25_000
GAMES_A_PART: Final = 500
PEOPLE: Final = 3_000
WITH_TWO_CODES: Final = 100
BEGIN: Final = datetime(2023, 1, 1)
DAYS: Final = 900
GAMES_A_SET: Final = 3


def make_store(folder: Path, num_games: int = GAMES, seed: int = 0) -> Store:
    """Write the store; the folder must not hold one."""
    store = Store.create(folder)
    people = _People.drawn(np.random.default_rng(seed))
    write_people(folder, people.with_two_codes())
    for number, first in enumerate(range(0, num_games, GAMES_A_PART), 1):
        rng = np.random.default_rng([seed, number])
        count = min(GAMES_A_PART, num_games - first)
        _write_part(store, f"b{number:05d}", _tables(f"b{number:05d}", count, people, rng))
    return store


class _People:
    """Who plays: a few play much. Each has a code, a main, a second character."""

    def __init__(self, codes: list[str], names: list[str], mains: np.ndarray, weights: np.ndarray) -> None:
        self.codes, self.names, self.mains, self.weights = codes, names, mains, weights

    @classmethod
    def drawn(cls, rng: Generator) -> "_People":
        letters = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
        tags = ["".join(rng.choice(letters, 4)) for _ in range(PEOPLE)]
        codes = [f"{tag}#{number}" for number, tag in enumerate(tags)]
        popular = 1 / np.arange(1, PEOPLE + 1) ** 0.7
        mains = rng.choice([2, 20, 9, 19, 0, 15, 12, 13, 14, 7, 18, 1, 3], (PEOPLE, 2))
        return cls(codes, [tag.title() for tag in tags], mains, popular / popular.sum())

    def with_two_codes(self) -> People:
        """Those who play most, each with the code of somebody who plays less."""
        rows: People = ()
        for number in range(WITH_TWO_CODES):
            codes = [self.codes[number], self.codes[WITH_TWO_CODES + number]]
            rows = with_codes(rows, f"{self.names[number]} {number}", codes)
        return rows


def _tables(batch: str, count: int, people: _People, rng: Generator) -> Mapping[Table, pl.DataFrame]:
    games = play(count, rng)
    ids = [hashlib.blake2b(f"{batch}/{game}".encode(), digest_size=16).hexdigest() for game in range(count)]
    named = pl.DataFrame({"game": np.arange(count), "replay_id": ids})
    replays, players = _who_and_where(batch, ids, games, people, rng)
    by_table = {
        schema.REPLAYS: replays,
        schema.PLAYERS: players,
        **statistics(games, rng),
        schema.SEGMENTS: _segments(replays, players),
    }
    return {
        table: _as_stored(table, rows if "replay_id" in rows.columns else rows.join(named, on="game"))
        for table, rows in by_table.items()
    }


def _as_stored(table: Table, rows: pl.DataFrame) -> pl.DataFrame:
    """Every column of the table, sorted by its key."""
    missing = [pl.lit(None).alias(name) for name in table.names if name not in rows.columns]
    return rows.with_columns(missing).select(table.names).sort(table.key)


def _write_part(store: Store, batch: str, tables: Mapping[Table, pl.DataFrame]) -> None:
    with store.writing() as transaction:
        for asset in ("replays", "stats", "windows"):
            rows: dict[str, int] = {}
            num_bytes = 0
            for table, found in tables.items():
                if table.asset != asset:
                    continue
                file = paths.table_part(transaction.staging, asset, table.name, batch)
                with TableWriter(file, table) as writer:
                    writer.append(_arrow(table, found))
                rows[table.name] = len(found)
                num_bytes += file.stat().st_size
            part = Part(name=batch, batch=batch, rows=rows, num_bytes=num_bytes, made_by=made_by(asset))
            transaction.change(asset, add=[part])
        transaction.commit()


def _arrow(table: Table, rows: pl.DataFrame) -> pa.Table:
    return pa.Table.from_arrays(
        [
            rows[column.name]
            .to_arrow(compat_level=pl.CompatLevel.oldest())
            .cast(pa.type_for_alias(column.type))
            for column in table.columns
        ],
        schema=schema.arrow_schema(table),
    )


def _who_and_where(
    batch: str, ids: list[str], games: Games, people: _People, rng: Generator
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of `replays` and `players`: sets of a few games between two people, minutes apart."""
    count = len(ids)
    of_set = np.arange(count) // GAMES_A_SET
    num_sets = int(of_set[-1]) + 1
    first = rng.choice(PEOPLE, num_sets, p=people.weights)
    second = (first + 1 + rng.choice(PEOPLE - 1, num_sets, p=_normal(people.weights[1:]))) % PEOPLE
    begun = rng.integers(0, DAYS * 86_400, num_sets)
    pair = np.stack([first[of_set], second[of_set]], axis=1)
    started = [
        BEGIN + timedelta(seconds=int(begun[s]) + 240 * (game % GAMES_A_SET)) for game, s in enumerate(of_set)
    ]
    stage = rng.choice(LEGAL_STAGES, count)
    left = games.stocks_left
    winner = np.where(left[:, 0] > left[:, 1], PORTS[0], PORTS[1])
    times = [moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in started]
    replays = pl.DataFrame(
        {
            "path": [f"{batch}/Game_{moment:%Y%m%dT%H%M%S}_{game}.slp" for game, moment in enumerate(started)],
            "replay_id": ids,
            "game_id": ids,
            "stage": stage,
            "stage_name": [STAGE_NAMES[int(number)] for number in stage],
            "num_frames": games.last_frame + 124,
            "last_frame": games.last_frame,
            "winner_port": winner,
            "started_at": times,
            "set_key": [
                f"{'/'.join(sorted(people.codes[who] for who in pair[game]))} {times[game][:10]}"
                for game in range(count)
            ],
        }
    ).with_columns(
        status=pl.lit("ok"), mode=pl.lit("1v1"), complete=pl.lit(True), version=pl.lit("3.14.0"),
        is_teams=pl.lit(False), is_pal=pl.lit(False), is_frozen_stadium=pl.lit(True), scene_major=pl.lit(8),
        num_players=pl.lit(2), first_frame=pl.lit(-123), num_rollback_rows=pl.lit(0),
        frame_policy=pl.lit("last"), end_method=pl.lit("game"), winner_by=pl.lit("placement"),
        platform=pl.lit("dolphin"), batch=pl.lit(batch), num_bytes=pl.lit(2_000_000), mtime_ns=pl.lit(0),
    )  # fmt: skip
    second_choice = (rng.random((count, 2)) < 0.2).astype(int)
    players = []
    for side, port in enumerate(PORTS):
        who = pair[:, side]
        character = people.mains[who, second_choice[:, side]]
        players.append(
            pl.DataFrame(
                {
                    "replay_id": ids,
                    "port": [port] * count,
                    "character": character,
                    "character_name": [EXTERNAL_NAMES[int(number)] for number in character],
                    "costume": rng.integers(0, 4, count),
                    "end_stocks": left[:, side],
                    "end_percent": games.percent[:, side],
                    "placement": (winner != port).astype(int),
                    "won": winner == port,
                    "netplay_name": [people.names[number] for number in who],
                    "connect_code": [people.codes[number] for number in who],
                }
            ).with_columns(
                type=pl.lit("human"),
                start_stocks=pl.lit(STOCKS),
                ucf_dash_back=pl.lit("ucf"),
                ucf_shield_drop=pl.lit("ucf"),
            )
        )
    return replays, pl.concat(players)


def _normal(weights: np.ndarray) -> np.ndarray:
    return np.asarray(weights / weights.sum())


def _segments(replays: pl.DataFrame, players: pl.DataFrame) -> pl.DataFrame:
    keys = replays.select("replay_id", stage="stage_name", last_frame=pl.col("last_frame") - 1).with_columns(
        split_key=pl.Series([split_key(key) for key in replays["set_key"]])
    )
    own = players.select("replay_id", "port", "won", character="character_name")
    other = players.select("replay_id", opponent_port="port", opponent_character="character_name")
    return (
        own.join(other, on="replay_id")
        .filter(pl.col("port") != pl.col("opponent_port"))
        .join(keys, on="replay_id")
        .with_columns(
            first_frame=pl.lit(-39),
            num_frames=pl.col("last_frame") + 40,
            context_frame=pl.lit(-123),
            split=pl.col("split_key").map_elements(split_of, return_dtype=pl.String),
            quality=pl.lit(1.0),
            excluded=pl.lit(False),
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--games", type=int, default=GAMES)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    begun = time.perf_counter()
    store = make_store(arguments.folder, arguments.games, arguments.seed)
    rows = {
        table: sum(part.rows.get(table, 0) for part in store.manifest.of("stats"))
        for table in ("conversions", "moves", "stocks")
    }
    told = ", ".join(f"{count:,} {table}" for table, count in rows.items())
    print(f"{arguments.games:,} games, {told}: {time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
