"""`exphil report`: a page with pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from exphil.cli.options import ModelsOption, StoreOption
from exphil.errors import UsageError

if TYPE_CHECKING:
    from exphil.pages.page import Page


def report(
    run: str | None = None,
    /,
    *,
    store: StoreOption = None,
    models: ModelsOption = None,
    player: Annotated[str | None, Parameter(show_default=False)] = None,
    names: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
    no_latency: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
    output: Annotated[Path | None, Parameter(show_default=False)] = None,
    open: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
) -> None:
    """Write a page with pictures: of a store, a training run, or a player.

    One HTML file that needs no network, for wide and narrow screens, light and dark. Without a run and without
    `--player` it is about the store: games over time, characters, stages, statistics, quality, what could not be
    read, feature ranges. About a run: curves, likelihood by head and by character, latency, data and options. About
    a player: record, trends, punishes, how stocks were lost.

    For example:

        exphil report
        exphil report --store /data/melee --output melee.html
        exphil report mamba-20260101-1
        exphil report --player ABC#123

    Parameters
    ----------
    run
        Name of a training run, or its folder.
    player
        Connect code, or the name of a person of `exphil people`.
    names
        Name players: without it a page names nobody but the one that --player asks for.
    no_latency
        Leave out how long single decisions of the run take on this machine, which takes some seconds to find.
    output
        File to write; else `store-report.html` or `player-report.html` here, or `report.html` in the run's folder.
    open
        Show it in the browser.
    """
    from exphil.cli.output import note, say

    if run is not None and player is not None:
        raise UsageError(f"{run} and --player {player}: a page is about a run or a player; ask twice")
    if run is not None:
        if store is not None:
            raise UsageError("--store: a run's page is made from its folder; leave it out")
        page, path = _of_run(run, models, names=names, latency=not no_latency)
    else:
        for flag, given in (("--models", models is not None), ("--no-latency", no_latency)):
            if given:
                raise UsageError(f"{flag}: name a run, or leave it out")
        page, path = _of_store(store, player, names=names)
    path = output or path
    written = _write(page, path)
    say(str(path))
    note(f"{written / 1e6:.1f} MB")
    if open:
        import webbrowser

        webbrowser.open(path.resolve().as_uri())


def _of_run(run: str, models: Path | None, *, names: bool, latency: bool) -> "tuple[Page, Path]":
    from exphil.cli.output import progress
    from exphil.config.roots import models_root
    from exphil.reports.latency import STEPS, WINDOWS, time_decisions
    from exphil.reports.run_page import PAGE, run_page
    from exphil.training.runs import open_run

    opened = open_run(models_root(models), run)
    timed = None
    if latency:
        with progress("decisions", STEPS + WINDOWS) as advance:
            timed = time_decisions(opened, advance=advance)
    return run_page(opened, latency=timed, names=names), opened.folder / PAGE


def _of_store(store: Path | None, player: str | None, *, names: bool) -> "tuple[Page, Path]":
    from exphil.config.roots import store_root
    from exphil.store.store import Store

    opened = Store.open(store_root(store))
    if player is None:
        from exphil.reports.store_page import store_page

        return store_page(opened, names=names), Path("store-report.html")
    from exphil.reports.player.page import player_page

    return player_page(opened, player, names=names), Path("player-report.html")


def _write(page: "Page", path: Path) -> int:
    """Write the file whole or not at all; its size in bytes."""
    from exphil.errors import StoreError
    from exphil.store.atomic import write_bytes

    if path.is_dir():
        raise UsageError(f"--output {path} is a folder; name a file in it")
    content = page.html().encode()
    try:
        write_bytes(path, content)
    except (OSError, StoreError) as error:
        cause = error if isinstance(error, OSError) else error.__cause__
        if not isinstance(cause, OSError):
            raise
        raise StoreError(f"{path} could not be written ({cause.strerror or cause}); try --output") from error
    return len(content)
