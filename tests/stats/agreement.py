"""Compares answers with those of slippi-js, value by value, and counts them by field.

Run as a script it prints the counts: `python -m tests.stats.agreement REPLAYS ANSWERS`, two folders, the second
with what slippi-js answers for the files of the first, as JSON of the same names.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exphil.errors import ReplayError
from exphil.replays.frames import frame_tables
from exphil.replays.reader import read_game
from exphil.stats.slippi_json import document

PARTS = ("settings", "gameEnd", "winners", "stats")
EXCERPTS = ("settings", "gameEnd")
"""Of these the answers keep a few fields only: what else we tell cannot be compared."""
TOLERANCE = 1e-4
"""Of floats, absolute or relative. Integers and texts are equal or not."""

ABSENT = "(absent)"


@dataclass
class Tally:
    """Values by field; `settings.players[].port` stands for that field of all players of all files."""

    compared: Counter[str] = field(default_factory=Counter)
    equal: Counter[str] = field(default_factory=Counter)
    differences: list[tuple[str, str, Any, Any]] = field(default_factory=list)
    """(file, field, ours, theirs)."""

    def compare(self, file: str, name: str, ours: Any, theirs: Any) -> None:
        """Count every value below a field. One that only one side has is a difference."""
        if isinstance(theirs, dict) and isinstance(ours, dict):
            for key in theirs if name.startswith(EXCERPTS) else theirs.keys() | ours.keys():
                self.compare(file, f"{name}.{key}", ours.get(key, ABSENT), theirs.get(key, ABSENT))
        elif isinstance(theirs, list) and isinstance(ours, list):
            self._count(file, f"{name}[]", len(ours), len(theirs))
            for mine, other in zip(ours, theirs, strict=False):
                self.compare(file, f"{name}[]", mine, other)
        else:
            self._count(file, name, ours, theirs)

    def _count(self, file: str, name: str, ours: Any, theirs: Any) -> None:
        self.compared[name] += 1
        if same(ours, theirs):
            self.equal[name] += 1
        else:
            self.differences.append((file, name, ours, theirs))


def same(ours: Any, theirs: Any) -> bool:
    """Equal, or floats within the tolerance. A whole number is written alike whichever kind it is."""
    if isinstance(ours, bool) or isinstance(theirs, bool):
        return ours is theirs
    numbers = isinstance(ours, (int, float)) and isinstance(theirs, (int, float))
    if numbers and (isinstance(ours, float) or isinstance(theirs, float)):
        return bool(abs(ours - theirs) <= TOLERANCE * max(1.0, abs(theirs)))
    return bool(ours == theirs)


def answers(answer_dir: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(replay's path in its folder, what slippi-js tells of it) for every file that it tells statistics of."""
    for path in sorted(answer_dir.rglob("*.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        if told.get("stats") is not None:
            yield path.relative_to(answer_dir).with_suffix(".slp").as_posix(), told


def agreement(replay_dir: Path, answer_dir: Path) -> tuple[Tally, list[str]]:
    """All values of all files, and the files that we do not read."""
    tally, refused = Tally(), []
    for name, told in answers(answer_dir):
        try:
            game = read_game((replay_dir / name).read_bytes())
        except ReplayError:
            refused.append(name)
            continue
        ours = json.loads(json.dumps(document(game, frame_tables(game))))
        tally.compared["files"] += 1
        tally.equal["files"] += 1
        for part in PARTS:
            tally.compare(name, part, ours.get(part, ABSENT), told.get(part, ABSENT))
    return tally, refused


def main() -> None:
    """Print the counts by field, then what differs."""
    tally, refused = agreement(Path(sys.argv[1]), Path(sys.argv[2]))
    for name in sorted(tally.compared):
        print(f"{tally.compared[name]:8,} {tally.equal[name]:8,}  {name}")
    print(f"{tally.compared.total():8,} {tally.equal.total():8,}  all")
    print(*(f"not read: {name}" for name in refused), *tally.differences, sep="\n")


if __name__ == "__main__":
    main()
