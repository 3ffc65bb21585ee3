"""Tables that codes of a row look up, laid under each other, so that one look-up serves every code.

A table that is narrower than its bank is filled up with zeros, which no dim shows.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn.functional import pad

UNUSED = -1
"""Place of a column that nothing reads."""


@dataclass(slots=True)
class Bank:
    """Tables of about the same width, and what each code's row of numbers stands for.

    Attributes:
        width: of the widest table it takes.
        tables: (rows, width) each.
        first: of each code, the row of its table's first.
        places: of each code, the policy's inputs that its row gives, `UNUSED` where none.
    """

    width: int
    tables: list[Tensor] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    places: list[list[int]] = field(default_factory=list)

    def add(self, table: Tensor) -> int:
        """Lay a table under those that are there; the row where it begins."""
        start = sum(len(known) for known in self.tables)
        self.tables.append(pad(table.detach().float(), (0, self.width - table.shape[1])))
        return start

    def look_up(self, first: int, places: list[int]) -> None:
        """One more code, in the table that begins at `first`."""
        self.first.append(first)
        self.places.append(places + [UNUSED] * (self.width - len(places)))

    def values(self) -> Tensor:
        """(rows, width)"""
        return torch.cat(self.tables)
