"""`exphil stats`: a game's table as people know it from Slippi, without a store or from one."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter

from exphil.cli.options import JsonFlag, StoreOption
from exphil.errors import UsageError

if TYPE_CHECKING:
    from exphil.cli.reading import Read
    from exphil.cli.stats_tally import Tally

MOST_REASONS: Final = 5
"""Files without figures that are named; the rest is counted."""


def stats(
    *replays: Annotated[Path, Parameter(help="Replays, folders or archives of them.", show_default=False)],
    player: Annotated[
        str | None,
        Parameter(help="Only games of this player: a connect code, or a name. Named first, and added up."),
    ] = None,
    store: StoreOption = None,
    where: Annotated[
        str | None,
        Parameter(help="Games of the store for which this SQL condition on `games` holds."),
    ] = None,
    query: Annotated[
        str | None, Parameter(help="Games of the store whose replay_id this SQL query gives.")
    ] = None,
    json: JsonFlag = False,
    workers: Annotated[
        int | None,
        Parameter(help="Processes that read files; chosen by their number if not given.", show_default=False),
    ] = None,
) -> int:
    """Show what happened in a game, or in many.

    For a game of two: openings, punishes, neutral, movement and inputs of both players, by the definitions of
    slippi-js. For several games: a line a game, then the figures of all of them by player. Files need no store;
    without files the games are those of a store, chosen by --where, --query or --player.

    --json prints what slippi-js answers (settings, gameEnd, winners, stats): for one file an object, else an
    array with the `path` of each; for games of a store it reads their files again.

    Exit code 1 when no file could be read, 2 when there is no replay.

    For example:

        exphil stats Game_20221201T201455.slp
        exphil stats ~/Slippi --player ABCD#123
        exphil stats Game_20221201T201455.slp --json
        exphil stats --where "stage = 'BATTLEFIELD' AND day >= '2022-12-01'"
    """
    _require_one_way(replays, store, where, query, player)
    if workers is not None and workers < 1:
        raise UsageError(f"--workers is {workers}; it must be at least 1")
    if not replays:
        return 0

    from exphil.cli.reading import find_replays, read_games

    sources = find_replays(replays)
    reads = read_games(sources, documents=json, num_workers=workers)
    if json:
        alone = len(replays) == 1 and [source.path for source in sources] == [_absolute(replays[0])]
        return _print_json(reads, len(sources), player, alone=alone)
    from exphil.cli.stats_tally import Tally

    tally = Tally(player)
    problems = _added(tally, reads, len(sources))
    return _printed(tally, problems)


def _require_one_way(
    replays: tuple[Path, ...], store: Path | None, where: str | None, query: str | None, player: str | None
) -> None:
    if replays and (where is not None or query is not None or store is not None):
        raise UsageError("name either files, or games of a store by --store, --where and --query")
    if where is not None and query is not None:
        raise UsageError("--where and --query both choose games: give one of them")
    if not replays and store is None and where is None and query is None and player is None:
        raise UsageError(
            "name a replay, a folder or an archive; or games of a store by --store, --where, --query or --player"
        )


def _added(tally: "Tally", reads: Iterable["Read"], total: int) -> list[str]:
    """Add every game of two; why the other files gave none."""
    from exphil.cli.output import progress

    problems = []
    with progress("reading", total) as advance:
        for read in reads:
            advance()
            if read.problem is not None:
                problems.append(f"{read.path}: {read.problem}")
            elif read.played is None:
                players = "1 player" if read.num_players == 1 else f"{read.num_players} players"
                problems.append(f"{read.path}: {players}; there are statistics of games of two only")
            elif not tally.add(read.played, read.game_id):
                problems.append(f"{read.path}: the same game as one before it")
    return problems


def _printed(tally: "Tally", problems: list[str]) -> int:
    from exphil.cli.output import note
    from exphil.errors import ReplayError

    found = tally.print()
    if len(problems) == 1 and not found:
        raise ReplayError(problems[0])
    for problem in problems[:MOST_REASONS]:
        note(f"left out: {problem}")
    if len(problems) > MOST_REASONS:
        note(f"left out: {len(problems) - MOST_REASONS} more")
    return 0 if found else 1


def _print_json(reads: Iterable["Read"], total: int, player: str | None, *, alone: bool) -> int:
    """An object for one file, else an array of a game a line: what could not be read is told aside."""
    import json
    import sys

    from exphil.cli.output import json_document, note, progress
    from exphil.errors import ReplayError

    found = 0
    with progress("reading", total) as advance:
        for read in reads:
            advance()
            if read.problem is not None and alone:
                raise ReplayError(f"{read.path}: {read.problem}")
            if read.problem is not None:
                note(f"left out: {read.path}: {read.problem}")
            elif read.document is not None and (player is None or read.is_of(player)):
                if alone:
                    json_document(json.loads(read.document))
                else:
                    path = json.dumps({"path": read.path}, ensure_ascii=False)
                    sys.stdout.write(f"{',' if found else '['}\n{path[:-1]}, {read.document[1:]}")
                found += 1
    if not alone:
        sys.stdout.write("\n]\n" if found else "[]\n")
    return 0 if found else 1


def _absolute(path: Path) -> str:
    return path.absolute().as_posix()
