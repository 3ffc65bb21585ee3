"""Which replay files a command is about."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from exphil.errors import UsageError
from exphil.melee.characters import external_name
from exphil.melee.stages import stage_name
from exphil.replays.header import Header, read_header
from exphil.replays.sources import Source, find_sources


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaySelection:
    """Which of the files under some folders to take.

    Attributes:
        roots: folders, archives or files.
        max_files: at most so many, the first in order of path.
        characters: names; games in which one of them is played. Empty for all.
        stages: names; games on one of them. Empty for all.
        since: games begun at that time or later: as recorded, else by the file's modification time.
    """

    roots: tuple[Path, ...]
    max_files: int | None = None
    characters: frozenset[str] = frozenset()
    stages: frozenset[str] = frozenset()
    since: datetime | None = None

    @property
    def looks_inside(self) -> bool:
        """Whether files have to be opened to decide."""
        return bool(self.characters or self.stages or self.since)


@dataclass(frozen=True, slots=True)
class Selected:
    """The chosen files and archive members in order of path, and how many were looked at and left out."""

    sources: list[Source]
    num_left_out: int = 0


def select(selection: ReplaySelection) -> Selected:
    """Choose files and archive members.

    A file whose start cannot be made out is kept: reading it says what is wrong.

    Raises:
        UsageError: a root does not exist, there is no replay under them, or none that matches.
    """
    for root in selection.roots:
        if not root.exists():
            raise UsageError(
                f"{root} does not exist; name a folder of .slp files with --replays or EXPHIL_REPLAYS"
            )
    found = list(find_sources(selection.roots))
    if not found:
        listed = ", ".join(str(root) for root in selection.roots)
        raise UsageError(
            f"no replay in {listed}; name a folder of .slp files, or archives of them, with --replays"
        )
    if not selection.looks_inside:
        return Selected(found if selection.max_files is None else found[: selection.max_files])
    chosen = _matching(selection, found)
    if not chosen.sources:
        raise UsageError(f"none of the {len(found)} replays matches --character, --stage and --since")
    return chosen


def _matching(selection: ReplaySelection, found: Iterable[Source]) -> Selected:
    sources: list[Source] = []
    left_out = 0
    for source in found:
        if len(sources) == selection.max_files:
            break
        header = read_header(source)
        if header is None or matches(selection, header, source.mtime_ns):
            sources.append(source)
        else:
            left_out += 1
    return Selected(sources, left_out)


def matches(selection: ReplaySelection, header: Header, mtime_ns: int) -> bool:
    """Whether a game passes every filter."""
    if selection.characters and not selection.characters & {external_name(c) for c in header.characters}:
        return False
    if selection.stages and stage_name(header.stage) not in selection.stages:
        return False
    if selection.since is None:
        return True
    begun = header.started_at or datetime.fromtimestamp(mtime_ns / 1e9, UTC)
    return begun >= selection.since
