"""What a check of a store's content is, and what it finds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from exphil.store.store import Store

MOST_EXAMPLES: Final = 5


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
