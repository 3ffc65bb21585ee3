"""What `exphil stats` prints of games that were read from files: tables, or slippi-js's documents."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Final

from exphil.cli.output import json_document, note, progress
from exphil.cli.reading import Read
from exphil.cli.statistics.tally import Tally, unknown_player
from exphil.errors import ReplayError

MOST_REASONS: Final = 5
"""Files without figures that are named; the rest is counted."""


def tally(reads: Iterable[Read], total: int, player: str | None) -> tuple[Tally, list[str]]:
    """The figures of every game of two, and why the other files gave none."""
    found = Tally(player)
    problems = []
    with progress("reading", total) as advance:
        for read in reads:
            advance()
            if read.problem is not None:
                problems.append(f"{read.path}: {read.problem}")
            elif read.played is None:
                players = "1 player" if read.num_players == 1 else f"{read.num_players} players"
                problems.append(f"{read.path}: {players}; there are statistics of games of two only")
            elif not found.add(read.played, read.game_id):
                problems.append(f"{read.path}: the same game as one before it")
    return found, problems


def print_tally(tally: Tally, problems: Sequence[str]) -> int:
    """Print figures, and what was left out; the exit code.

    Raises:
        UsageError: no game is of the player.
        ReplayError: the only file has no figures.
    """
    found = tally.print()
    if len(problems) == 1 and not found:
        raise ReplayError(problems[0])
    for problem in problems[:MOST_REASONS]:
        note(f"left out: {problem}")
    if len(problems) > MOST_REASONS:
        note(f"left out: {len(problems) - MOST_REASONS} more")
    return 0 if found else 1


def print_json(reads: Iterable[Read], total: int, player: str | None, *, alone: bool) -> int:
    """Print slippi-js's documents; the exit code.

    Args:
        player: only games of two that somebody of this name plays.
        alone: an object for the one file, without its path; else an array, a game a line, each with its path.

    Raises:
        ReplayError: the only file cannot be read.
        UsageError: no game is of the player.
    """
    found = 0
    names: set[str] = set()
    with progress("reading", total) as advance:
        for read in reads:
            advance()
            if read.problem is not None and alone:
                raise ReplayError(f"{read.path}: {read.problem}")
            if read.problem is not None:
                note(f"left out: {read.path}: {read.problem}")
            elif player is not None and not read.is_of(player):
                names.update(read.names)
            elif read.document is not None:
                if alone:
                    json_document(json.loads(read.document))
                else:
                    path = json.dumps({"path": read.path}, ensure_ascii=False)
                    sys.stdout.write(f"{',' if found else '['}\n{path[:-1]}, {read.document[1:]}")
                found += 1
    if not found and player is not None:
        raise unknown_player(player, names)
    if not alone:
        sys.stdout.write("\n]\n" if found else "[]\n")
    return 0 if found else 1
