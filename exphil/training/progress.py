"""What a run tells whoever watches: a terminal, a pipe, Dagster, or nobody."""

from typing import Protocol


class Reporter(Protocol):
    """Receives a run's progress. All texts are plain lines."""

    def note(self, text: str) -> None:
        """A remark, worth a line of its own."""

    def begin(self, done: int, total: int) -> None:
        """Training starts at batch `done` of `total`."""

    def step(self, done: int, text: str) -> None:
        """`done` batches are done; `text` has the figures since the last call."""

    def end(self) -> None:
        """Training is over, or was stopped."""


class Silent:
    """A reporter for nobody."""

    def note(self, text: str) -> None: ...

    def begin(self, done: int, total: int) -> None: ...

    def step(self, done: int, text: str) -> None: ...

    def end(self) -> None: ...
