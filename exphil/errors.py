"""Every error that a person may meet. The message is one line: what is wrong, where, and the way out."""

from typing import Final

INTERRUPTED: Final = 130
"""Exit code of a command that Ctrl-C ended."""


class ExphilError(Exception):
    """Base of all errors that the CLI prints without a traceback."""

    exit_code = 1


class UsageError(ExphilError):
    """What was asked for cannot be: a misspelt name, a contradiction, a query that is none, no replay found."""

    exit_code = 2


class ReplayError(ExphilError):
    """One replay that cannot be read. Becomes a quarantine row; never stops a batch."""

    def __init__(self, reason: str, offset: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.offset = offset

    def __reduce__(self) -> tuple[type["ReplayError"], tuple[str, int | None]]:
        return type(self), (self.reason, self.offset)


class StoreError(ExphilError):
    """The feature store is missing, locked, of another format, stale, full or damaged."""


class FingerprintError(StoreError):
    """An artefact was made with another feature table than the one at hand; names the rows that differ."""


class PlayError(ExphilError):
    """A game that is being played, or what runs it: a console that is gone, a stream of events that makes no sense."""
