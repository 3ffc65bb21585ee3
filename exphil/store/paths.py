"""Every name on disk, in one place.

A store is a folder of immutable parts and one manifest that names the parts that count. Tables lie in
`<asset>/<table>/<part>.parquet`, feature blocks in `embeddings/<feature set>/<part>/` (Zarr v3 groups),
memory-mapped rows in `packs/<feature set>/<part>.bin`.
"""

from pathlib import Path
from typing import Final

FORMAT_VERSION: Final = 1

MANIFEST: Final = "manifest.json"
LOCK: Final = ".lock"
LOCK_OWNER: Final = ".lock-owner.json"
STAGING: Final = ".staging"
INBOX: Final = "inbox"
PEOPLE: Final = "people.csv"

ASSETS: Final = ("replays", "frames", "stats", "embeddings", "windows", "packs")
"""The store's assets, in the order in which data flows."""

LAYOUT: Final = (
    (MANIFEST, "the committed parts of every asset; replaced whole, by rename"),
    (PEOPLE, "which connect codes belong to one person; written by `exphil people`, or by hand"),
    (f"{INBOX}/<batch>.json", "files noticed and assigned to a batch, not read yet"),
    ("replays/replays/<part>.parquet", "a row a path: what it is, or why it could not be read"),
    ("replays/players/<part>.parquet", "a row a player of every game"),
    ("frames/frames/<part>.parquet", "a row a character and frame"),
    ("frames/items/<part>.parquet", "a row an item and frame"),
    ("frames/stage_frames/<part>.parquet", "a row a frame: stage, seed, finalised frame"),
    (
        "stats/<table>/<part>.parquet",
        "what happened in a game: stocks, conversions, moves, techs, ..., and its quality",
    ),
    (
        "embeddings/<feature set>/<part>/",
        "Zarr v3 group: the feature blocks, and `runs`, which rows are whose",
    ),
    ("windows/segments/<part>.parquet", "stretches that training windows may be cut from"),
    ("packs/<feature set>/<part>.bin", "memory-mapped rows of every eligible game"),
    ("packs/<feature set>/<part>.parquet", "which rows of the pack are whose"),
    (LOCK, "held by the one writer; `.lock-owner.json` names it"),
    (f"{STAGING}/<run>/", "parts being written; swept by the next writer"),
)
"""(path, what it holds): docs/store.md and storage/README.md are drawn from this."""


def table_part(root: Path, asset: str, table: str, part: str) -> Path:
    """Where a table's part lies, in the store or in a staging folder."""
    return root / asset / table / f"{part}.parquet"


def embeddings_part(root: Path, feature_set: str, part: str) -> Path:
    return root / "embeddings" / feature_set / part


def pack_part(root: Path, feature_set: str, part: str) -> Path:
    return root / "packs" / feature_set / f"{part}.bin"


def pack_runs(root: Path, feature_set: str, part: str) -> Path:
    return root / "packs" / feature_set / f"{part}.parquet"


def inbox_file(root: Path, batch: str) -> Path:
    return root / INBOX / f"{batch}.json"
