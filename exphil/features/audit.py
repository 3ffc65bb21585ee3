"""Which dims live: minimum, maximum, mean and share of non-default values of each, over any number of games.

An audit is a few numbers a dim. Audits of parts merge, so a store keeps one beside each part and never reads
the part again to answer. Both viewpoints count: what is self for one player is opponent for the other.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from exphil.errors import StoreError
from exphil.features.decode import MOVING_PARTS
from exphil.features.encode import Encoded
from exphil.features.encodings import Derived, Flag, Id, Lookup, Number
from exphil.features.feature import Feature
from exphil.features.formulas import FORMULAS
from exphil.features.layout import BlockName, FeatureSet
from exphil.features.tables import HIDDEN_GEOMETRY, TABLES

State = Literal["alive", "dead", "unobserved"]
_MIN: Final = 0
_MAX: Final = 1
_SUM: Final = 2
_COUNT: Final = 3


@dataclass(frozen=True, slots=True)
class AuditRow:
    """`share`: of values that are not the default. min, max, mean: None over no frame at all."""

    name: str
    min: float | None
    max: float | None
    mean: float | None
    share: float | None
    state: State


class Audit:
    """Running statistics of one feature set: `add` games, `merge` audits of parts, read `rows`."""

    def __init__(self, feature_set: FeatureSet) -> None:
        self.feature_set = feature_set
        self.num_frames = 0
        self.observed: set[str] = set()
        num = sum(len(feature.dims) for feature in feature_set.features)
        self._stats = np.zeros((num, 4))
        self._stats[:, _MIN], self._stats[:, _MAX] = np.inf, -np.inf

    @cached_property
    def _first(self) -> dict[str, int]:
        """Index of each feature's first dim among the table's own dims (players once)."""
        first, start = {}, 0
        for feature in self.feature_set.features:
            first[feature.name] = start
            start += len(feature.dims)
        return first

    @cached_property
    def _by_code(
        self,
    ) -> dict[BlockName, list[tuple[int, NDArray[np.intp], NDArray[np.float64], NDArray[np.bool_]]]]:
        """Byte and id columns: (column, dims, values of every code (codes, dims), which are not the default)."""
        gathered: dict[tuple[BlockName, int], list[tuple[int, NDArray[np.float64], NDArray[np.bool_]]]] = {}
        for feature in self.feature_set.features:
            for block, column, dim, values, moved in self._coded(feature):
                gathered.setdefault((block, column), []).append((dim, values, moved))
        found: dict[BlockName, list[Any]] = {}
        for (block, column), parts in gathered.items():
            dims = np.concatenate([dim + np.arange(values.shape[1]) for dim, values, _ in parts])
            found.setdefault(block, []).append(
                (column, dims, np.hstack([v for _, v, _ in parts]), np.hstack([m for _, _, m in parts]))
            )
        return found

    def _coded(
        self, feature: Feature
    ) -> Iterable[tuple[BlockName, int, int, NDArray[np.float64], NDArray[np.bool_]]]:
        encoding, first = feature.encoding, self._first[feature.name]
        if isinstance(encoding, Derived) or (isinstance(encoding, Number) and encoding.dtype == "int16"):
            return
        of = encoding.of if isinstance(encoding, Lookup) and encoding.of is not None else feature.name
        slot = self.feature_set.slots[of]
        codes = np.arange(256.0)[:, None]
        if isinstance(encoding, Id):
            ids = np.arange(float(encoding.size))[:, None]
            yield slot.block, slot.column, first, ids, ids != encoding.none
        elif isinstance(encoding, Number):
            values = (codes - encoding.offset) * (encoding.step / encoding.scale)
            yield slot.block, slot.column, first, values, codes != encoding.offset
        elif isinstance(encoding, Flag):
            values = ((np.arange(256) >> (slot.bit or 0)) & 1)[:, None].astype(np.float64)
            yield slot.block, slot.column, first, values, values != 0
        else:
            values = TABLES[encoding.table].values.astype(np.float64)
            yield slot.block, slot.column, first, values, values != 0

    def add(self, encoded: Encoded) -> None:
        """Take in one game."""
        self.observed |= encoded.observed
        num = len(encoded)
        if not num:
            return
        self.num_frames += num
        self._add_scalars(encoded, "player_scalars")
        self._add_scalars(encoded, "shared_scalars")
        for block, columns in self._by_code.items():
            self._add_codes(np.moveaxis(encoded.blocks[block], 0, -1), columns, block.startswith("player"))
        self._add_derived(encoded)

    def _fold(self, dims: Any, low: Any, high: Any, total: Any, moved: Any, *, weight: int = 1) -> None:
        stats = self._stats
        stats[dims, _MIN] = np.minimum(stats[dims, _MIN], low)
        stats[dims, _MAX] = np.maximum(stats[dims, _MAX], high)
        stats[dims, _SUM] += np.asarray(total, np.float64) * weight
        stats[dims, _COUNT] += np.asarray(moved, np.float64) * weight

    def _add_scalars(self, encoded: Encoded, block: BlockName) -> None:
        features = {feature.name: feature for feature in self.feature_set.features}
        names = self.feature_set.columns[block]
        encodings = [e for e in (features[name].encoding for name in names) if isinstance(e, Number)]
        dims = np.array([self._first[name] for name in names])
        factor = np.array([encoding.step / encoding.scale for encoding in encodings])
        values = np.moveaxis(encoded.blocks[block], 0, -1)
        low, high = values.min(axis=-1), values.max(axis=-1)
        total = values.sum(axis=-1, dtype=np.int64)
        moved = np.count_nonzero(values, axis=-1)
        if block.startswith("player"):
            low, high, total, moved = low.min(0), high.max(0), total.sum(0), moved.sum(0)
        self._fold(dims, low * factor, high * factor, total * factor, moved, weight=self._weight(block))

    @staticmethod
    def _weight(block: BlockName) -> int:
        """Frames count once a viewpoint: a player block holds both already, a shared one stands for both."""
        return 1 if block.startswith("player") else 2

    def _add_codes(self, block: NDArray[Any], columns: Sequence[Any], is_player: bool) -> None:
        for column, dims, values, moved in columns:
            codes = (block[:, column] if is_player else block[column]).reshape(-1)
            counts = np.bincount(codes, minlength=len(values))
            seen = np.flatnonzero(counts)
            counts, present = counts[seen], values[seen]
            low, high, total = present.min(0), present.max(0), counts @ present
            for feature in self._sided:
                at = np.flatnonzero(dims == self._first[feature])
                # The other viewpoint sees the opposite sign.
                low[at], high[at] = np.minimum(low[at], -high[at]), np.maximum(high[at], -low[at])
                total[at] = 0.0
            self._fold(dims, low, high, total, counts @ moved[seen], weight=1 if is_player else 2)

    @cached_property
    def _sided(self) -> tuple[str, ...]:
        return tuple(
            feature.name
            for feature in self.feature_set.features
            if isinstance(feature.encoding, Lookup) and feature.encoding.sided
        )

    def _players(self, encoded: Encoded) -> list[dict[str, NDArray[Any]]]:
        """Numbers and flags of both players as they read, whole columns."""
        features, slots = {f.name: f for f in self.feature_set.features}, self.feature_set.slots
        both: list[dict[str, NDArray[Any]]] = [{}, {}]
        for name in self._formula_sources:
            slot, encoding = slots[name], features[name].encoding
            for side, columns in enumerate(both):
                stored = encoded.blocks[slot.block][:, side, slot.column]
                if isinstance(encoding, Number):
                    factor = np.float32(encoding.step / encoding.scale)
                    columns[name] = stored * factor - np.float32(encoding.offset) * factor
                else:
                    columns[name] = (stored >> np.uint8(slot.bit or 0)) & np.uint8(1)
        return both

    @cached_property
    def _formula_sources(self) -> tuple[str, ...]:
        """Stored features of the leaders that some formula may ask for."""
        return tuple(
            feature.name
            for feature in self.feature_set.of_scope("player")
            if feature.who == "leader" and isinstance(feature.encoding, Number | Flag)
        )

    def _add_derived(self, encoded: Encoded) -> None:
        both = self._players(encoded)
        stage_code = encoded.blocks["shared_codes"][0, self.feature_set.slots["stage"].column]
        fixed = TABLES["hidden_geometry"].values[int(stage_code)]
        stage: dict[str, Any] = dict(zip(HIDDEN_GEOMETRY, fixed, strict=True))
        features = {feature.name: feature for feature in self.feature_set.features}
        for name, source in MOVING_PARTS.items():
            encoding = features[source].encoding
            assert isinstance(encoding, Number)
            slot = self.feature_set.slots[source]
            stage[name] = encoded.blocks[slot.block][:, slot.column] * np.float32(
                encoding.step / encoding.scale
            )
        for me, other in ((both[0], both[1]), (both[1], both[0])):
            for group in self._groups:
                for name, values in FORMULAS[group](np, me, other, stage).items():
                    total = values.sum(dtype=np.float64)
                    self._fold(self._first[name], values.min(), values.max(), total, np.count_nonzero(values))

    @cached_property
    def _groups(self) -> tuple[str, ...]:
        groups = [f.encoding.group for f in self.feature_set.features if isinstance(f.encoding, Derived)]
        return tuple(dict.fromkeys(groups))

    def merge(self, other: "Audit") -> None:
        """Take in another audit of the same feature set."""
        self.num_frames += other.num_frames
        self.observed |= other.observed
        dims = np.arange(len(self._stats))
        stats = other._stats
        self._fold(dims, stats[:, _MIN], stats[:, _MAX], stats[:, _SUM], stats[:, _COUNT])

    def to_json(self) -> dict[str, Any]:
        """Plain lists and numbers, for the store to keep beside a part."""
        stats = self._stats.tolist() if self.num_frames else []
        return {
            "fingerprint": self.feature_set.fingerprint,
            "num_frames": self.num_frames,
            "observed": sorted(self.observed),
            "stats": stats,
        }

    @classmethod
    def from_json(cls, feature_set: FeatureSet, stored: dict[str, Any]) -> "Audit":
        """Back from `to_json`; StoreError where it is of another feature table."""
        if stored.get("fingerprint") != feature_set.fingerprint:
            raise StoreError(
                f"an audit in the store is of another feature table than {feature_set.name} at hand"
            )
        audit = cls(feature_set)
        audit.num_frames = int(stored["num_frames"])
        audit.observed = set(stored["observed"])
        if stored["stats"]:
            audit._stats = np.array(stored["stats"], np.float64)
        return audit

    def rows(self) -> list[AuditRow]:
        """A row a dim, in the order of the dims."""
        offsets = {f.name: {dim: i for i, dim in enumerate(f.dims)} for f in self.feature_set.features}
        return [
            self._row(name, feature, self._first[feature.name] + offsets[feature.name][_bare(name, feature)])
            for name, feature in self.feature_set.dims
        ]

    def _row(self, name: str, feature: Feature, index: int) -> AuditRow:
        if not self.num_frames:
            return AuditRow(name, None, None, None, None, "unobserved")
        low, high, total, moved = self._stats[index].tolist()
        num = 2 * self.num_frames
        state: State = "alive"
        if low == high:
            state = "dead" if feature.observed_sources <= self.observed else "unobserved"
        return AuditRow(name, low, high, total / num, moved / num, state)


def _bare(name: str, feature: Feature) -> str:
    """The dim's name without the viewpoint's prefix."""
    return name if feature.scope == "shared" else name.split(".", 1)[1]
