"""Checks of a store's content: keys, gaps, ranges, dead dims, split leakage, fingerprints.

Each is a pure function over the committed parts, of one batch or of all. What a check finds wrong it counts, and
shows a few of. `exphil.assets.maintenance.verify` looks at the files; these look at what they say.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import polars as pl

from exphil.assets.maintenance import Problem
from exphil.assets.versions import made_by
from exphil.assets.windows import PLAY_STARTS
from exphil.features import V1
from exphil.features.audit import Audit
from exphil.store import paths
from exphil.store.embeddings import read_attributes
from exphil.store.store import Store

MOST_EXAMPLES: Final = 5

STATUSES: Final = ("ok", "duplicate", "quarantined")


@dataclass(slots=True)
class Finding:
    """What a check found.

    Attributes:
        num_checked: rows, games, dims or parts that were looked at.
        num_wrong: of them.
        examples: some of the wrong ones, in words.
        figures: numbers worth showing.
    """

    num_checked: int = 0
    num_wrong: int = 0
    examples: list[str] = field(default_factory=list)
    figures: dict[str, float | int] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return self.num_wrong == 0

    def count(self, checked: int, wrong: Sequence[str]) -> None:
        """Add to the counts; `wrong` describes what is wrong, one text each."""
        self.num_checked += checked
        self.num_wrong += len(wrong)
        self.examples += wrong[: MOST_EXAMPLES - len(self.examples)]


@dataclass(frozen=True, slots=True)
class Check:
    """A check by name: of which asset, what it says in one line, and how it is done.

    `is_fault` is false where a small store fails it without anything being wrong.
    """

    asset: str
    name: str
    doc: str
    run: Callable[[Store, str | None], Finding]
    is_fault: bool = True


def replay_keys(store: Store, batch: str | None) -> Finding:
    """Paths are unique, games that count are unique, and a player has one row."""
    found = Finding()
    replays = _read(store, "replays", batch, ["path", "replay_id", "status"])
    counted = replays.filter(pl.col("status") == "ok")
    found.count(len(replays), _repeated(replays, ["path"]))
    found.count(len(counted), _repeated(counted, ["replay_id"]))
    players = _read(store, "players", batch, ["replay_id", "port"])
    found.count(len(players), _repeated(players, ["replay_id", "port"]))
    lost = players.join(counted, on="replay_id", how="anti")
    found.count(
        0, [f"players of {row[0]}, which does not count" for row in lost.unique("replay_id").iter_rows()]
    )
    return found


def replay_ranges(store: Store, batch: str | None) -> Finding:
    """Every row has a known status, a reason where it does not count, and frames where it does."""
    found = Finding()
    columns = [
        "path",
        "status",
        "reason",
        "replay_id",
        "num_frames",
        "first_frame",
        "last_frame",
        "num_players",
    ]
    replays = _read(store, "replays", batch, columns)
    wrong = replays.filter(
        ~pl.col("status").is_in(STATUSES)
        | ((pl.col("status") == "ok") & pl.col("replay_id").is_null())
        | ((pl.col("status") == "ok") & (pl.col("first_frame") > pl.col("last_frame")))
        | ((pl.col("status") != "ok") & pl.col("reason").is_null())
    )
    found.count(len(replays), wrong["path"].to_list())
    found.figures = {status: int((replays["status"] == status).sum()) for status in STATUSES}
    return found


def frame_keys(store: Store, batch: str | None) -> Finding:
    """(replay, port, follower, frame) is unique, within parts and across them."""
    found = Finding()
    seen: dict[str, str] = {}
    for name, rows in _parts(store, "frames", batch, ["replay_id", "port", "follower", "frame"]):
        found.count(len(rows), _repeated(rows, ["replay_id", "port", "follower", "frame"]))
        for replay_id in rows["replay_id"].unique():
            if replay_id in seen:
                found.count(0, [f"{replay_id} is in part {seen[replay_id]} and in part {name}"])
            seen[replay_id] = name
    return found


def frame_gaps(store: Store, batch: str | None) -> Finding:
    """A complete game has a row for every frame from its first to its last, and `replays` says so too."""
    found = Finding()
    replays = _read(
        store,
        "replays",
        batch,
        ["replay_id", "status", "complete", "first_frame", "last_frame", "num_frames"],
    )
    complete = replays.filter((pl.col("status") == "ok") & pl.col("complete"))
    for _, rows in _parts(store, "frames", batch, ["replay_id", "frame"]):
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
    replays = _read(store, "replays", batch, ["replay_id", "status", "complete"])
    complete = replays.filter((pl.col("status") == "ok") & pl.col("complete")).select("replay_id")
    for name, rows in _parts(store, "frames", batch, ["replay_id", *RANGES]):
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


def dead_dims(store: Store, batch: str | None) -> Finding:
    """Every feature dim moves, unless no file at hand carries its source."""
    found = Finding()
    audit = merged_audit(store, batch)
    rows = audit.rows()
    found.count(len(rows), [f"{row.name} is always {row.min:g}" for row in rows if row.state == "dead"])
    found.figures = {
        "alive": sum(row.state == "alive" for row in rows),
        "unobserved": sum(row.state == "unobserved" for row in rows),
        "game_frames": audit.num_frames,
    }
    return found


def merged_audit(store: Store, batch: str | None = None) -> Audit:
    """The audits of the parts made with today's feature table, merged."""
    audit = Audit(V1)
    for part in store.manifest.of("embeddings", batch):
        if part.made_by == made_by("embeddings"):
            attributes = read_attributes(paths.embeddings_part(store.root, V1.name, part.name))
            audit.merge(Audit.from_json(V1, attributes["audit"]))
    return audit


def feature_fingerprint(store: Store, batch: str | None) -> Finding:
    """Every part of embeddings was made with the feature table of this code."""
    found = Finding()
    for part in store.manifest.of("embeddings", batch):
        attributes = read_attributes(
            paths.embeddings_part(store.root, str(part.stats["feature_set"]), part.name)
        )
        stale = attributes["fingerprint"] != V1.fingerprint
        found.count(
            1,
            [f"part {part.name} has {attributes['fingerprint']}, the code {V1.fingerprint}"] if stale else [],
        )
    return found


def pack_fingerprint(store: Store, batch: str | None) -> Finding:
    """Every pack was made with the feature table of this code."""
    found = Finding()
    for part in store.manifest.of("packs", batch):
        stale = part.stats["fingerprint"] != V1.fingerprint
        found.count(
            1,
            [f"part {part.name} has {part.stats['fingerprint']}, the code {V1.fingerprint}"] if stale else [],
        )
    return found


def split_leakage(store: Store, batch: str | None) -> Finding:
    """No game and no set of games is on two sides of the split. Sets span batches, so the whole store is looked at."""
    found = Finding()
    segments = _read(store, "segments", None, ["replay_id", "port", "split", "split_key"])
    sets = _read(store, "replays", None, ["replay_id", "set_key", "status"]).filter(pl.col("status") == "ok")
    sided = segments.join(sets, on="replay_id", how="left")
    for key in ("replay_id", "set_key"):
        sides = sided.group_by(key).agg(
            pl.col("split").unique().sort(), pl.col("split_key").n_unique().alias("keys")
        )
        torn = sides.filter((pl.col("split").list.len() > 1) | (pl.col("keys") > 1))
        found.count(len(sides), [f"{row[key]} is in {', '.join(row['split'])}" for row in torn.to_dicts()])
    found.figures = {
        f"{side}_segments": count for side, count in sorted(segments.group_by("split").len().iter_rows())
    }
    return found


def segment_ranges(store: Store, batch: str | None) -> Finding:
    """Segments lie within complete games of two players, from frame -39 on, once for each viewpoint."""
    found = Finding()
    segments = _read(
        store, "segments", batch, ["replay_id", "port", "first_frame", "last_frame", "num_frames"]
    )
    games = _read(
        store, "replays", batch, ["replay_id", "status", "complete", "mode", "first_frame", "last_frame"]
    ).filter(pl.col("status") == "ok")
    joined = segments.join(games, on="replay_id", how="left", suffix="_game")
    wrong = joined.filter(
        ~pl.col("complete").fill_null(value=False)
        | (pl.col("mode").fill_null("") != "1v1")
        | (pl.col("first_frame") < PLAY_STARTS)
        | (pl.col("last_frame") >= pl.col("last_frame_game"))
        | (pl.col("num_frames") != pl.col("last_frame") - pl.col("first_frame") + 1)
    )
    found.count(len(segments), [f"{row['replay_id']} port {row['port']}" for row in wrong.to_dicts()])
    found.count(0, _repeated(segments, ["replay_id", "port", "first_frame"]))
    return found


def pack_coverage(store: Store, batch: str | None) -> Finding:
    """Every frame of every segment, and the one after it, is in the packs."""
    found = Finding()
    segments = _read(store, "segments", batch, ["replay_id", "port", "first_frame", "last_frame"])
    files = [
        paths.pack_runs(store.root, str(p.stats["feature_set"]), p.name)
        for p in store.manifest.of("packs", batch)
    ]
    columns = ["replay_id", "first_frame", "num_rows"]
    runs = (
        pl.concat([pl.read_parquet(file, columns=columns) for file in files])
        if files
        else pl.DataFrame(schema={"replay_id": pl.String, "first_frame": pl.Int32, "num_rows": pl.Int32})
    )
    runs = runs.rename({"first_frame": "run_first"})
    covered = segments.join(runs, on="replay_id").filter(
        (pl.col("run_first") <= pl.col("first_frame"))
        & (pl.col("run_first") + pl.col("num_rows") - 1 > pl.col("last_frame"))
    )
    bare = segments.join(covered, on=["replay_id", "port", "first_frame"], how="anti")
    found.count(len(segments), [f"{row['replay_id']} port {row['port']}" for row in bare.to_dicts()])
    return found


CHECKS: Final = (
    Check("replays", "keys_unique", "Paths, games and players have one row each.", replay_keys),
    Check("replays", "ranges", "Known statuses, a reason for every file that does not count.", replay_ranges),
    Check("frames", "keys_unique", "One row a character and frame, each game in one part.", frame_keys),
    Check("frames", "no_gaps", "Complete games have every frame from first to last.", frame_gaps),
    Check(
        "frames", "ranges", "Sticks, triggers, percent and shield within what the game allows.", frame_ranges
    ),
    Check("embeddings", "no_dead_dims", "Every feature dim moves.", dead_dims, is_fault=False),
    Check("embeddings", "fingerprint", "Made with the feature table of this code.", feature_fingerprint),
    Check("windows", "no_split_leakage", "No game or set of games on two sides of the split.", split_leakage),
    Check("windows", "ranges", "Segments within complete games of two players.", segment_ranges),
    Check("packs", "fingerprint", "Made with the feature table of this code.", pack_fingerprint),
    Check("packs", "coverage", "Every segment's frames are packed.", pack_coverage),
)
"""Every check, in the order in which data flows."""


def faults(store: Store) -> list[Problem]:
    """What the checks find wrong in the whole store, as `maintenance.verify` words it."""
    problems = []
    for check in [check for check in CHECKS if check.is_fault]:
        found = check.run(store, None)
        if not found.passed:
            message = (
                f"{check.name}: {found.num_wrong} wrong of {found.num_checked}: {'; '.join(found.examples)}"
            )
            problems.append(Problem(check.asset, "", message))
    return problems


def _parts(
    store: Store, table: str, batch: str | None, columns: Sequence[str]
) -> Iterator[tuple[str, pl.DataFrame]]:
    """A table's parts one after the other: no check holds more than one part of `frames`."""
    for name, file in _files(store, table, batch):
        yield name, pl.read_parquet(file, columns=list(columns))


def _read(store: Store, table: str, batch: str | None, columns: Sequence[str]) -> pl.DataFrame:
    frames = [rows for _, rows in _parts(store, table, batch, columns)]
    return pl.concat(frames) if frames else _empty(table, columns)


def _files(store: Store, table: str, batch: str | None) -> Iterator[tuple[str, Path]]:
    asset = _table(table).asset
    for part in store.manifest.of(asset, batch):
        if part.rows.get(table, 0):
            yield part.name, paths.table_part(store.root, asset, table, part.name)


def _table(name: str) -> Any:
    from exphil import schema

    return next(table for table in schema.TABLES if table.name == name)


def _empty(table: str, columns: Sequence[str]) -> pl.DataFrame:
    from exphil.schema import arrow_schema

    found = pl.from_arrow(arrow_schema(_table(table)).empty_table())
    assert isinstance(found, pl.DataFrame)
    return found.select(list(columns))


def _repeated(rows: pl.DataFrame, key: Sequence[str]) -> list[str]:
    """Keys that occur more than once, in words."""
    if rows.is_empty():
        return []
    twice = rows.group_by(list(key)).len().filter(pl.col("len") > 1)
    return [f"{' '.join(map(str, row[:-1]))} occurs {row[-1]} times" for row in twice.iter_rows()]
