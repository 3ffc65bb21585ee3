"""Checks of `frames`: keys, gaps, ranges."""

from typing import Final

import polars as pl

from exphil.assets.checks.finding import Finding
from exphil.assets.checks.reading import read_parts, read_table, repeated
from exphil.store.store import Store


def frame_keys(store: Store, batch: str | None) -> Finding:
    """(replay, port, follower, frame) is unique, within parts and across them."""
    found = Finding()
    seen: dict[str, str] = {}
    for name, rows in read_parts(store, "frames", batch, ["replay_id", "port", "follower", "frame"]):
        found.count(len(rows), repeated(rows, ["replay_id", "port", "follower", "frame"]))
        for replay_id in rows["replay_id"].unique():
            if replay_id in seen:
                found.count(0, [f"{replay_id} is in part {seen[replay_id]} and in part {name}"])
            seen[replay_id] = name
    return found


def frame_gaps(store: Store, batch: str | None) -> Finding:
    """A complete game has a row for every frame from its first to its last, and `replays` says so too."""
    found = Finding()
    replays = read_table(
        store,
        "replays",
        batch,
        ["replay_id", "status", "complete", "first_frame", "last_frame", "num_frames"],
    )
    complete = replays.filter((pl.col("status") == "ok") & pl.col("complete"))
    for _, rows in read_parts(store, "frames", batch, ["replay_id", "frame"]):
        spans = rows.group_by("replay_id").agg(
            pl.col("frame").n_unique().alias("present"),
            pl.col("frame").min().alias("low"),
            pl.col("frame").max().alias("high"),
        )
        joined = complete.join(spans, on="replay_id")
        wrong = joined.filter(
            (pl.col("present") != pl.col("high") - pl.col("low") + 1)
            | (pl.col("present") != pl.col("num_frames"))
            | (pl.col("low") != pl.col("first_frame"))
            | (pl.col("high") != pl.col("last_frame"))
        )
        found.count(
            len(joined),
            [
                f"{row['replay_id']}: {row['present']} of frames {row['low']} to {row['high']}"
                for row in wrong.to_dicts()
            ],
        )
    return found


RANGES: Final[dict[str, tuple[float, float]]] = {
    "port": (1, 4),
    "frame": (-123, 1_000_000),
    "pre_joystick_x": (-1, 1),
    "pre_joystick_y": (-1, 1),
    "pre_cstick_x": (-1, 1),
    "pre_cstick_y": (-1, 1),
    "pre_triggers": (0, 1),
    "post_percent": (0, 999.999),
    "post_shield": (0, 60.5),
    "post_direction": (-1, 1),
    "post_l_cancel": (0, 2),
    "post_airborne": (0, 1),
    "post_hurtbox_state": (0, 2),
}
"""What the game cannot leave; a value outside comes from a fault of reading. Not the physical triggers: recordings
before 1.2 hold garbage there, which encoders take for 0."""


def frame_ranges(store: Store, batch: str | None) -> Finding:
    """Sticks, triggers, percent, shield and flags stay within what the game allows, in complete games."""
    found = Finding()
    replays = read_table(store, "replays", batch, ["replay_id", "status", "complete"])
    complete = replays.filter((pl.col("status") == "ok") & pl.col("complete")).select("replay_id")
    for name, rows in read_parts(store, "frames", batch, ["replay_id", *RANGES]):
        whole = rows.join(complete, on="replay_id")
        outside = (
            whole.select(
                [
                    ((pl.col(c) < low) | (pl.col(c) > high) | pl.col(c).cast(pl.Float64).is_nan()).sum()
                    for c, (low, high) in RANGES.items()
                ]
            ).row(0)
            if len(whole)
            else ()
        )
        texts = [
            f"{count} values of {column} in part {name}"
            for column, count in zip(RANGES, outside, strict=False)
            if count
        ]
        found.count(len(whole), texts)
    return found
