"""The manifest: which parts count. One JSON file, replaced by rename, so a reader sees one snapshot."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from exphil.errors import StoreError
from exphil.store import paths
from exphil.store.atomic import write_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One immutable part of an asset.

    Attributes:
        name: file or folder name without ending; equal names across assets mean the same games.
        batch: partition that its replays belong to.
        rows: rows by table.
        num_bytes: on disk, all tables together.
        made_by: fingerprint of what made it (schema version, feature table, ...); a part made by another is stale.
        source: names of the parts it was made from, in the asset before.
        stats: small figures for metadata and audits.
    """

    name: str
    batch: str
    rows: Mapping[str, int]
    num_bytes: int
    made_by: str
    source: tuple[str, ...] = ()
    stats: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manifest:
    """One snapshot of the store.

    Attributes:
        parts: by asset, then by name.
        feature_sets: the feature tables that parts were made with, by fingerprint.
        pseudonyms: fingerprint of the key that hides players' names; None where the store holds the names.
    """

    parts: Mapping[str, Mapping[str, Part]] = field(default_factory=dict)
    feature_sets: Mapping[str, Any] = field(default_factory=dict)
    pseudonyms: str | None = None

    def of(self, asset: str, batch: str | None = None) -> list[Part]:
        """The asset's parts, of one batch if named, sorted by name."""
        found = self.parts.get(asset, {})
        return [found[name] for name in sorted(found) if batch is None or found[name].batch == batch]

    def batches(self) -> list[str]:
        return sorted({part.batch for part in self.parts.get("replays", {}).values()})

    def changed(self, asset: str, *, add: Iterable[Part] = (), remove: Iterable[str] = ()) -> "Manifest":
        """A manifest with parts of one asset added and removed."""
        gone = set(remove)
        parts = {name: part for name, part in self.parts.get(asset, {}).items() if name not in gone}
        parts.update({part.name: part for part in add})
        return replace(self, parts={**self.parts, asset: parts})

    def with_feature_set(self, fingerprint: str, canonical: Any) -> "Manifest":
        """A manifest that records a feature table, so that a later one can name the rows that differ."""
        return replace(self, feature_sets={**self.feature_sets, fingerprint: canonical})


def write(root: Path, manifest: Manifest) -> None:
    """Commit: after this rename the new parts count, before it the old ones do."""
    content = {
        "format": paths.FORMAT_VERSION,
        "feature_sets": manifest.feature_sets,
        "pseudonyms": manifest.pseudonyms,
        "parts": {
            asset: {name: asdict(part) for name, part in sorted(parts.items())}
            for asset, parts in manifest.parts.items()
        },
    }
    write_bytes(root / paths.MANIFEST, json.dumps(content, indent=1).encode())


def read(root: Path) -> Manifest:
    """Read the snapshot.

    Raises:
        StoreError: it is no store, of another format, or damaged.
    """
    path = root / paths.MANIFEST
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise StoreError(
            f"no feature store at {root}: build one with `exphil materialize all`,"
            " or name one with --store or EXPHIL_STORE"
        ) from None
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{path} cannot be read ({error}); restore it, or delete the store and build it anew"
        ) from error
    found = content.get("format") if isinstance(content, dict) else None
    if found != paths.FORMAT_VERSION:
        raise StoreError(
            f"{path} has store format {found}, this version of exphil reads format {paths.FORMAT_VERSION};"
            " build the store anew in another folder (--store)"
        )
    try:
        parts = {
            asset: {
                name: Part(**{**part, "source": tuple(part["source"])}) for name, part in of_asset.items()
            }
            for asset, of_asset in content["parts"].items()
        }
        return Manifest(parts, content["feature_sets"], content.get("pseudonyms"))
    except (KeyError, TypeError, AttributeError) as error:
        raise StoreError(
            f"{path} is damaged ({error}); restore it, or delete the store and build it anew"
        ) from error
