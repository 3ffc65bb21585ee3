"""Random games as rows of the tables of `stats`. Column `game` counts from 0; the store's ids come later."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl
from numpy.random import Generator
from random_games import PORTS, Games

from exphil import schema
from exphil.melee.attacks import MOVE_NAMES
from exphil.schema import Table

HELD: Final = (52, 53, 54, 55, 56)
"""Attack ids that follow a grab."""

COUNTED_TECHS: Final = {
    "in-place": "ground_tech_neutral",
    "in": "ground_tech_in",
    "away": "ground_tech_away",
    "missed": "ground_tech_fail",
}


def statistics(games: Games, rng: Generator) -> dict[Table, pl.DataFrame]:
    """Every table of the asset; columns that are not drawn are missing."""
    conversions = _conversions(games, rng)
    moves = _moves(games)
    techs, ledge_options = _techs(conversions, rng), _ledge_options(conversions, rng)
    found = {
        schema.STOCKS: _stocks(games),
        schema.CONVERSIONS: conversions,
        schema.MOVES: moves,
        schema.COMBOS: conversions.rename({"conversion": "combo"}).drop("opening"),
        schema.COMBO_MOVES: moves.rename({"conversion": "combo"}),
        schema.ACTION_COUNTS: _action_counts(games, techs, ledge_options, rng),
        schema.OVERALL: _overall(games, conversions, rng),
        schema.TECHS: techs,
        schema.LEDGE_OPTIONS: ledge_options,
        schema.RECOVERIES: _recoveries(conversions, rng),
        schema.QUALITY: _quality(games),
    }
    assert list(found) == list(schema.STATS_TABLES)
    return found


def _port(side: str = "side") -> pl.Expr:
    return pl.when(pl.col(side) == 0).then(PORTS[0]).otherwise(PORTS[1])


def _conversions(games: Games, rng: Generator) -> pl.DataFrame:
    punishes = games.punishes
    tokens = (
        games.moves.with_columns(token=pl.col("attack").replace_strict(MOVE_NAMES))
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


def _action_counts(
    games: Games, techs: pl.DataFrame, ledge_options: pl.DataFrame, rng: Generator
) -> pl.DataFrame:
    """A few of everything; of techs and ledge grabs as many as have a row."""
    rows = _sides(games)
    counted = (
        techs.group_by("game", "port").agg(
            (pl.col("choice") == choice).sum().alias(name) for choice, name in COUNTED_TECHS.items()
        ),
        ledge_options.group_by("game", "port").agg(pl.len().alias("ledgegrab")),
    )
    for counts in counted:
        rows = rows.join(counts, on=["game", "port"], how="left")
    no_walls = [pl.lit(0).alias(name) for name in ("wall_tech_success", "wall_tech_fail")]
    rows = rows.with_columns(pl.col(pl.UInt32).fill_null(0), *no_walls)
    return rows.with_columns(
        pl.Series(name, rng.poisson(8, len(rows)))
        for name in schema.ACTION_COUNTS.names
        if name not in (*schema.ACTION_COUNTS.key, *rows.columns)
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


def _techs(conversions: pl.DataFrame, rng: Generator) -> pl.DataFrame:
    """A tech in some of the punishes, a third of them missed."""
    rows = _victims(conversions, rng, 0.5)
    choice = pl.Series(rng.choice(["in-place", "in", "away", "missed"], len(rows), p=[0.2, 0.25, 0.25, 0.3]))
    follow_up = pl.Series(rng.choice(["getup", "attack", "roll-in", "roll-away", "hit"], len(rows)))
    return rows.with_columns(
        *_numbers(rng, len(rows), ("x", "y", "opponent_x", "opponent_distance"), 40.0),
        frame=pl.col("start_frame") + 20,
        kind=pl.lit("ground"),
        choice=choice,
        follow_up=pl.when(choice == "missed").then(follow_up),
        percent=pl.col("start_percent"),
        punished=pl.Series(rng.random(len(rows)) < 0.4),
    )


def _ledge_options(conversions: pl.DataFrame, rng: Generator) -> pl.DataFrame:
    """A ledge grab after some of the punishes."""
    rows = _victims(conversions, rng, 0.25)
    option = pl.Series(
        rng.choice(["getup", "attack", "roll", "jump", "drop"], len(rows), p=[0.2, 0.1, 0.15, 0.05, 0.5])
    )
    after_drop = pl.Series(
        rng.choice(["ledgedash", "aerial", "special", "jump", "regrab", "fall"], len(rows))
    )
    return rows.with_columns(
        *_numbers(rng, len(rows), ("x", "opponent_x", "opponent_distance"), 60.0),
        frame=pl.col("start_frame") + 40,
        release_frame=pl.col("start_frame") + 40 + pl.Series(rng.integers(8, 120, len(rows))),
        option=option,
        after_drop=pl.when(option == "drop").then(after_drop),
        slow=pl.when(option != "drop").then(pl.col("start_percent") >= 100),
        side=pl.Series(rng.choice([-1, 1], len(rows))),
        percent=pl.col("start_percent"),
        intangible_frames=pl.Series(rng.integers(0, 30, len(rows))),
        regrabbed=option == "drop",
        was_hit=pl.Series(rng.random(len(rows)) < 0.3),
    )


def _recoveries(conversions: pl.DataFrame, rng: Generator) -> pl.DataFrame:
    """A way back in some of the punishes; it ends with a stock where the punish does."""
    rows = _victims(conversions, rng, 0.35)
    flags = (
        "double_jumped",
        "side_special",
        "up_special",
        "air_dodged",
        "opponent_off_stage",
        "opponent_on_ledge",
    )
    drawn = {name: pl.Series(rng.random(len(rows)) < 0.4) for name in flags}
    hits = pl.Series(rng.poisson(0.3, len(rows)))
    back = pl.Series(rng.choice(["ledge", "stage"], len(rows)))
    return rows.with_columns(
        *_numbers(rng, len(rows), ("start_x", "start_y", "lowest_y", "farthest_x"), 90.0),
        **drawn,
        start_frame=pl.col("start_frame") + 10,
        outcome=pl.when("killed").then(pl.lit("died")).otherwise(back),
        cause=pl.Series(rng.choice(["hit", "own", "ledge"], len(rows), p=[0.7, 0.2, 0.1])),
        side=pl.Series(rng.choice([-1, 1], len(rows))),
        could_act=pl.lit(True),
        neutral_special=pl.lit(False),
        down_special=pl.lit(False),
        num_hits=hits,
        edge_guarded=drawn["opponent_off_stage"] | drawn["opponent_on_ledge"] | (hits > 0),
    )


def _quality(games: Games) -> pl.DataFrame:
    return pl.DataFrame(
        {"game": np.arange(len(games.last_frame)), "seconds": (games.last_frame + 39) / 60}
    ).with_columns(
        score=pl.lit(1.0), excluded=pl.lit(False), flags=pl.lit(""), cpu_players=pl.lit(0),
        decided=pl.lit(True), complete=pl.lit(True), one_on_one=pl.lit(True), frozen_stadium=pl.lit(False),
    )  # fmt: skip


def _victims(conversions: pl.DataFrame, rng: Generator, share: float) -> pl.DataFrame:
    """Some punishes, as seen by who took them."""
    return conversions.filter(pl.Series(rng.random(len(conversions)) < share)).with_columns(
        port=pl.col("victim_port")
    )


def _numbers(rng: Generator, count: int, names: Sequence[str], spread: float) -> list[pl.Series]:
    """Columns drawn around zero; distances are not negative."""
    drawn = [pl.Series(name, rng.normal(0.0, spread, count)) for name in names]
    return [one.abs() if one.name in ("opponent_distance", "farthest_x") else one for one in drawn]
