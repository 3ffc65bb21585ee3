"""`exphil stats`: a game's table as people know it from Slippi, without a store or from one."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from exphil.cli.options import JsonFlag, StoreOption
from exphil.errors import UsageError


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
    without files the games are those of a store, chosen by --where, --query or --player. Kill percents are those at
    which the opponent lost stocks, self-destructs among them, as slippi-stats has them.

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

    from exphil.cli import reading
    from exphil.cli.statistics import files
    from exphil.cli.statistics import store as of_store

    if replays:
        sources = reading.find_replays(replays)
        alone = len(replays) == len(sources) == 1 and reading.is_plain(replays[0], sources[0])
    else:
        choice = of_store.Choice(store, where, query, player)
        if not json:
            return files.print_tally(of_store.tally(choice), [])
        sources, alone = of_store.sources(choice), False
    reads = reading.read_games(sources, documents=json, num_workers=workers)
    if json:
        return files.print_json(reads, len(sources), player if replays else None, alone=alone)
    return files.print_tally(*files.tally(reads, len(sources), player))


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
