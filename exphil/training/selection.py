"""Which data a run learns from: segments chosen by SQL, split by sets of games, found in the packs."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from exphil.assets.packs import refresh
from exphil.errors import UsageError
from exphil.loading.dataset import find_segments
from exphil.loading.sampler import Segments
from exphil.melee.characters import find_character
from exphil.melee.stages import find_stage
from exphil.sql.masking import masked
from exphil.sql.segments import select_segments
from exphil.store.packs import Packs
from exphil.store.store import Store
from exphil.training.config import TrainConfig

IDENTITY = ("replay_id", "port", "first_frame", "last_frame")


@dataclass(frozen=True, slots=True)
class Selection:
    """Everything a run reads.

    Attributes:
        packs: memory maps.
        train: where the training segments lie.
        validation: where the validation segments lie.
        figures: games, segments and frames of each side, for the card.
        games: replay ids of each side.
        digest: of the chosen segments; equal digests make equal orders of windows.
    """

    packs: Packs
    train: Segments
    validation: Segments
    figures: Mapping[str, Mapping[str, int]]
    games: Mapping[str, list[str]]
    digest: str


def select(store: Store, config: TrainConfig, note: Callable[[str], None]) -> Selection:
    """Choose, split and locate a run's data; packs that are stale are made anew first, as `note` is told.

    Raises:
        UsageError: no segment meets the condition, or a side of the split is empty.
        StoreError: the store has no packs, or they lack chosen games.
        FingerprintError: the packs were made with another feature table.
    """
    packs, sides = locate(store, config, note)
    found = {name: find_segments(table, packs, config.delay) for name, table in sides.items()}
    for name in ("train", "validation"):
        if not len(found[name]):
            raise UsageError(f"--delay {config.delay} leaves no frame of the {name} split to score")
    return Selection(
        packs,
        found["train"],
        found["validation"],
        {
            name: {"games": part.num_replays, "segments": len(part), "frames": part.num_frames}
            for name, part in found.items()
        },
        {name: sorted(set(table.column("replay_id").to_pylist())) for name, table in sides.items()},
        digest([sides["train"], sides["validation"]]),
    )


def locate(
    store: Store, config: TrainConfig, note: Callable[[str], None]
) -> tuple[Packs, dict[str, pa.Table]]:
    """The packs, and the chosen segments of each side of the split; errors as those of `select`."""
    where = condition(config)
    refresh(store, note)
    packs = Packs.open(store)
    chosen = select_segments(store, where, spans=config.windows, min_quality=config.min_quality, note=note)
    return packs, config.shares.sides(chosen)


def condition(config: TrainConfig) -> str | None:
    """The SQL condition of `where`, `character` and `stage` together; None for everything.

    Raises:
        UsageError: no character or stage is called so.
    """
    parts = [] if config.where is None else [f"({config.where}\n)"]
    if config.character is not None:
        parts.append(f"segments.character = '{find_character(config.character)}'")
    if config.stage is not None:
        parts.append(f"segments.stage = '{find_stage(config.stage)}'")
    return " AND ".join(parts) or None


def shown(config: TrainConfig) -> dict[str, Any]:
    """Every option, for others to see: players are named only where the run may name them."""
    options = config.flat()
    for name in ("where", "windows"):
        if options[name] is not None and not config.name_players:
            options[name] = masked(options[name])
    return options


def told(config: TrainConfig) -> dict[str, Any]:
    """The options of `shown` that choose the data, where they are given."""
    options = shown(config)
    names = ("where", "windows", "character", "stage", "min_quality")
    return {name: options[name] for name in names if options[name] is not None}


def digest(tables: list[pa.Table]) -> str:
    """16 hex digits of what the segments are, wherever the store keeps them."""
    state = hashlib.blake2b(digest_size=8)
    for table in tables:
        chosen = table.select(list(IDENTITY)).sort_by([(name, "ascending") for name in IDENTITY])
        state.update("\n".join(chosen.column("replay_id").to_pylist()).encode())
        for name in IDENTITY[1:]:
            state.update(chosen.column(name).to_numpy().astype("<i8").tobytes())
    return state.hexdigest()


def describe(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """One line about the sides, for people."""
    return "; ".join(
        f"{name}: {side['games']:,} games, {side['frames']:,} frames" for name, side in figures.items()
    )
