"""`exphil materialize`: replays become the feature store."""

import datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from exphil.cli.options import JsonFlag, StoreOption

ReplaysOptions = Annotated[
    list[Path] | None,
    Parameter(
        name="--replays",
        help="Folders, archives or files of replays; else EXPHIL_REPLAYS, else ./replays, else Slippi's own folder.",
        show_default=False,
    ),
]


def materialize(
    asset: Annotated[str, Parameter(help="replays, frames, embeddings, windows, packs, or all.")],
    /,
    *,
    replays: ReplaysOptions = None,
    store: StoreOption = None,
    max_files: Annotated[
        int | None, Parameter(help="Take at most so many replays, the first by path.")
    ] = None,
    character: Annotated[
        list[str] | None, Parameter(help="Only games in which this character is played.")
    ] = None,
    stage: Annotated[list[str] | None, Parameter(help="Only games on this stage.")] = None,
    since: Annotated[
        datetime.datetime | None, Parameter(help="Only games begun on that day or later, as 2022-12-01.")
    ] = None,
    workers: Annotated[int | None, Parameter(help="Worker processes; one a CPU core if not given.")] = None,
    anonymise: Annotated[
        bool,
        Parameter(
            negative=(),
            help="In a new store: hide connect codes, names, tags and consoles behind keyed pseudonyms, for good.",
        ),
    ] = False,
    strict: Annotated[bool, Parameter(negative=(), help="Exit 1 when a replay could not be read.")] = False,
    json: JsonFlag = False,
) -> int:
    """Build an asset from replays, and what it needs.

    Reads what is new and builds what is stale; a second run ends at once. Files that cannot be read are listed
    with the reason and stop nothing. Exit code 1 when none could be read, 2 when there is no replay.

    For example:

        exphil materialize all --replays ~/Slippi
        exphil materialize embeddings --max-files 50
        exphil materialize all --replays games.zip --character fox --stage fd --since 2022-12-01
        exphil materialize all --replays ~/Slippi --store public/ --anonymise
    """
    from exphil.assets import plan
    from exphil.assets.selection import ReplaySelection
    from exphil.cli import building
    from exphil.cli.output import json_document
    from exphil.config.roots import replays_root, store_root
    from exphil.errors import UsageError
    from exphil.melee.characters import find_character
    from exphil.melee.stages import find_stage

    assets = plan.upstream(asset)
    for flag, number in (("--max-files", max_files), ("--workers", workers)):
        if number is not None and number < 1:
            raise UsageError(f"{flag} is {number}; it must be at least 1")
    selection = ReplaySelection(
        roots=tuple(replays_root(given) for given in replays) if replays else (replays_root(),),
        max_files=max_files,
        characters=frozenset(find_character(text) for text in character or ()),
        stages=frozenset(find_stage(text) for text in stage or ()),
        since=since if since is None or since.tzinfo else since.replace(tzinfo=datetime.UTC),
    )
    built = building.build(store_root(store), assets, selection, workers, anonymise=anonymise)
    if json:
        json_document(built.to_json())
    else:
        built.print()
    return built.exit_code(strict=strict)
