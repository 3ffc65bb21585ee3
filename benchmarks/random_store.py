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

from exphil import schema
from exphil.assets.versions import made_by
from exphil.assets.windows import split_key, split_of
from exphil.melee.characters import EXTERNAL_NAMES
from exphil.melee.stages import LEGAL_STAGES, STAGE_NAMES
from exphil.schema import Table
from exphil.store import paths
from exphil.store.manifest import Part
from exphil.store.parquet import TableWriter
from exphil.store.store import Store

GAMES: Final = 25_000
GAMES_A_PART: Final = 500
PEOPLE: Final = 3_000
BEGIN: Final = datetime(2023, 1, 1)
DAYS: Final = 900
GAMES_A_SET: Final = 3

TOKENS: Final[dict[int, str]] = {
    2: "jab", 6: "dash-attack", 7: "forward-tilt", 8: "up-tilt", 9: "down-tilt", 10: "forward-smash",
    11: "up-smash", 12: "down-smash", 13: "nair", 14: "fair", 15: "bair", 16: "uair", 17: "dair",
    18: "neutral-special", 19: "side-special", 20: "up-special", 21: "down-special", 50: "getup-attack",
    52: "pummel", 53: "forward-throw", 54: "back-throw", 55: "up-throw", 56: "down-throw", 62: "ledge-attack",
}  # fmt: skip

HELD: Final = (52, 53, 54, 55, 56)
"""Attack ids that follow a grab."""


def make_store(folder: Path, num_games: int = GAMES, seed: int = 0) -> Store:
    """Write the store; the folder must not hold one."""
    store = Store.create(folder)
    people = _People.drawn(np.random.default_rng(seed))
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


def _tables(batch: str, count: int, people: _People, rng: Generator) -> Mapping[Table, pl.DataFrame]:
    games = play(count, rng)
    ids = [hashlib.blake2b(f"{batch}/{game}".encode(), digest_size=16).hexdigest() for game in range(count)]
    named = pl.DataFrame({"game": np.arange(count), "replay_id": ids})
    replays, players = _who_and_where(batch, ids, games, people, rng)
    conversions = _conversions(games, rng)
    moves = _moves(games)
    combos = conversions.rename({"conversion": "combo"}).drop("opening")
    by_table = {
        schema.REPLAYS: replays,
        schema.PLAYERS: players,
        schema.STOCKS: _stocks(games),
        schema.CONVERSIONS: conversions,
        schema.MOVES: moves,
        schema.COMBOS: combos,
        schema.COMBO_MOVES: moves.rename({"conversion": "combo"}),
        schema.ACTION_COUNTS: _action_counts(games, rng),
        schema.OVERALL: _overall(games, conversions, rng),
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


def _port(side: str = "side") -> pl.Expr:
    return pl.when(pl.col(side) == 0).then(PORTS[0]).otherwise(PORTS[1])


def _conversions(games: Games, rng: Generator) -> pl.DataFrame:
    punishes = games.punishes
    tokens = (
        games.moves.with_columns(token=pl.col("attack").replace_strict(TOKENS))
        .with_columns(
            token=pl.when(pl.col("attack").is_in(HELD)).then("grab " + pl.col("token")).otherwise("token")
        )
        .group_by("game", "number", maintain_order=True)
        .agg(
            pl.col("token"),
            first_move=pl.col("attack").first(),
            last_move=pl.col("attack").last(),
        )
    )
    openings = rng.choice(["neutral-win", "counter-attack", "trade"], len(punishes), p=[0.58, 0.4, 0.02])
    techs = rng.choice(
        ["", "tech-in", "tech-away", "tech-in-place", "missed-tech", "ledge-grab"],
        len(punishes),
        p=[0.6, 0.08, 0.08, 0.08, 0.1, 0.06],
    )
    said = [
        pl.when(pl.col("num_moves") == 0).then(pl.lit("grab")),
        pl.col("token").list.join(" "),
        pl.when(pl.col("tech") != "").then(pl.col("tech")),
        pl.when(pl.col("killed")).then(pl.lit("kill")),
    ]
    return (
        punishes.with_columns(opening=pl.Series(openings), tech=pl.Series(techs))
        .join(tokens, on=["game", "number"], how="left", maintain_order="left")
        .with_columns(
            conversion=pl.col("number"),
            attacker_port=_port(),
            victim_port=pl.when(pl.col("side") == 0).then(PORTS[1]).otherwise(PORTS[0]),
            current_percent=pl.col("end_percent"),
            num_hits=pl.col("num_moves"),
            sequence=pl.concat_str(said, separator=" ", ignore_nulls=True),
        )
        .drop("token", "tech")
    )


def _moves(games: Games) -> pl.DataFrame:
    return games.moves.with_columns(conversion=pl.col("number"), port=_port(), num_hits=pl.lit(1))


def _stocks(games: Games) -> pl.DataFrame:
    lost = pl.col("end_frame").is_not_null()
    return games.stocks.with_columns(
        port=_port(),
        current_percent=pl.col("percent"),
        end_percent=pl.when(lost).then(pl.col("percent")),
    )


def _action_counts(games: Games, rng: Generator) -> pl.DataFrame:
    sides = _sides(games)
    return sides.with_columns(
        pl.Series(name, rng.poisson(8, len(sides)))
        for name in schema.ACTION_COUNTS.names
        if name not in schema.ACTION_COUNTS.key
    )


def _overall(games: Games, conversions: pl.DataFrame, rng: Generator) -> pl.DataFrame:
    """Ratios that follow from the punishes, and inputs at a few hundred a minute."""
    of_side = conversions.group_by("game", port=pl.col("attacker_port")).agg(
        conversion_count=pl.len(),
        total_damage=pl.col("damage").sum(),
        kill_count=pl.col("killed").sum(),
        successful=(pl.col("num_moves") > 1).sum(),
        neutral=(pl.col("opening") == "neutral-win").sum(),
        counter=(pl.col("opening") == "counter-attack").sum(),
        trade=(pl.col("opening") == "trade").sum(),
    )
    rows = (
        _sides(games)
        .join(of_side, on=["game", "port"], how="left")
        .with_columns(pl.col(pl.UInt32).fill_null(0))
    )
    inputs = {
        f"input_{name}": pl.Series(rng.poisson(mean, len(rows)))
        for name, mean in (("buttons", 900), ("triggers", 150), ("cstick", 250), ("joystick", 900))
    }
    minutes = (pl.col("playable_frames") / 3600).cast(pl.Float64)
    return (
        rows.with_columns(pl.col("total_damage").fill_null(0.0), **inputs)
        .with_columns(input_total=pl.sum_horizontal(*inputs))
        .with_columns(
            successful_conversions_count=pl.col("successful"),
            successful_conversions_total=pl.col("conversion_count"),
            inputs_per_minute_count=pl.col("input_total"),
            inputs_per_minute_total=minutes,
            digital_inputs_per_minute_count=pl.col("input_buttons"),
            digital_inputs_per_minute_total=minutes,
            openings_per_kill_count=pl.col("conversion_count"),
            openings_per_kill_total=pl.col("kill_count"),
            damage_per_opening_count=pl.col("total_damage"),
            damage_per_opening_total=pl.col("conversion_count"),
            neutral_win_ratio_count=pl.col("neutral"),
            neutral_win_ratio_total=pl.col("neutral").sum().over("game"),
            counter_hit_ratio_count=pl.col("counter"),
            counter_hit_ratio_total=pl.col("counter").sum().over("game"),
            beneficial_trade_ratio_count=pl.col("trade") // 2,
            beneficial_trade_ratio_total=pl.col("trade"),
        )
    )


def _sides(games: Games) -> pl.DataFrame:
    count = len(games.last_frame)
    return pl.DataFrame(
        {
            "game": np.tile(np.arange(count), len(PORTS)),
            "port": np.repeat(PORTS, count),
            "playable_frames": np.tile(games.last_frame + 39, len(PORTS)),
        }
    )


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
