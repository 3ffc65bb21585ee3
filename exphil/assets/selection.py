"""Which replay files a command is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from exphil.errors import UsageError
from exphil.replays.sources import Source, find_sources


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaySelection:
    """Which of the files under some folders to take.

    Attributes:
        roots: folders, archives or files.
        max_files: at most so many, the first in order of path.
    """

    roots: tuple[Path, ...]
    max_files: int | None = None


def select(selection: ReplaySelection) -> list[Source]:
    """The selected files and archive members, in order of path.

    Raises:
        UsageError: a root does not exist, or there is no replay under them.
    """
    for root in selection.roots:
        if not root.exists():
            raise UsageError(
                f"{root} does not exist; name a folder of .slp files with --replays or EXPHIL_REPLAYS"
            )
    found: Sequence[Source] = sorted(find_sources(selection.roots), key=lambda source: source.path)
    if not found:
        listed = ", ".join(str(root) for root in selection.roots)
        raise UsageError(
            f"no replay in {listed}; name a folder of .slp files, or archives of them, with --replays"
        )
    return list(found if selection.max_files is None else found[: selection.max_files])
