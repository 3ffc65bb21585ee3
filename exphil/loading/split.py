"""Train, validation and test: stable shares of the sets of games, cut where `--split` says."""

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exphil.errors import UsageError

if TYPE_CHECKING:  # the command line reads options without loading Arrow
    import pyarrow as pa

SIDES: Final = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Split:
    """Shares of the three sides, in percent.

    A set of games (the same people on the same day) has one hash in [0, 1), so no game lies on two sides, and
    a set keeps its side as the store grows.
    """

    train: float
    validation: float
    test: float

    @classmethod
    def parse(cls, text: str) -> "Split":
        """Read `80/10/10`.

        Raises:
            UsageError: it is not three shares that make 100, or trains or validates on nothing.
        """
        try:
            train, validation, test = (float(share) for share in text.split("/"))
        except ValueError:
            raise UsageError(f"--split {text}: give three shares, as 80/10/10") from None
        if min(train, validation, test) < 0 or abs(train + validation + test - 100) > 1e-6:
            raise UsageError(f"--split {text}: the three shares must make 100")
        if not train or not validation:
            raise UsageError(f"--split {text}: training and validation need a share each")
        return cls(train, validation, test)

    def __str__(self) -> str:
        return f"{self.train:g}/{self.validation:g}/{self.test:g}"

    def side(self, segments: "pa.Table", name: str) -> "pa.Table":
        """The rows of `segments` on one side, by their `split_key`."""
        import pyarrow as pa
        import pyarrow.compute as pc

        low, high = {
            "train": (0.0, self.train),
            "validation": (self.train, self.train + self.validation),
            "test": (self.train + self.validation, 100.0 + 1e-6),
        }[name]
        key = segments.column("split_key")
        return segments.filter(
            pc.and_(pc.greater_equal(key, pa.scalar(low / 100)), pc.less(key, pa.scalar(high / 100)))
        )

    def sides(self, segments: "pa.Table") -> dict[str, "pa.Table"]:
        """All three sides.

        Raises:
            UsageError: a side that has a share got no game.
        """
        found = {name: self.side(segments, name) for name in SIDES}
        for name, table in found.items():
            if getattr(self, name) and not table.num_rows:
                raise UsageError(self._empty(name, segments))
        return found

    def _empty(self, name: str, segments: "pa.Table") -> str:
        keys = sorted(set(segments.column("split_key").to_pylist()))
        text = (
            f"--split {self} leaves nothing for {name}: the {len(keys)} sets of selected games fall elsewhere"
        )
        fitting = fitting_split(keys)
        if fitting is None:
            return f"{text}; add replays of other players or days, or select more with --where"
        return f"{text}; add replays, or take --split {fitting}"


def fitting_split(keys: list[float]) -> Split | None:
    """Whole shares that leave no side empty, as near to 80/10/10 as the sets allow; None where no shares do.

    Args:
        keys: distinct hashes of the sets, sorted.
    """
    if len(keys) < 2:
        return None
    candidates = [
        Split(train, validation, 100 - train - validation)
        for train in range(1, 100)
        for validation in range(1, 101 - train)
    ]
    candidates.sort(key=lambda split: (split.test == 0, abs(split.train - 80) + abs(split.validation - 10)))
    for split in candidates:
        first = bisect_left(keys, split.train / 100)
        second = bisect_left(keys, (split.train + split.validation) / 100)
        if 0 < first < second and (second < len(keys) or not split.test):
            return split
    return None
