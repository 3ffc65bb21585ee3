"""`exphil store verify` and `exphil store gc`."""

from typing import Annotated

from cyclopts import App, Parameter

from exphil.cli.options import JsonFlag, StoreOption

store = App(name="store", help="Check a feature store, or tidy it up.")


@store.command
def verify(*, store: StoreOption = None, json: JsonFlag = False) -> int:
    """Compare the manifest with what lies on disk, then check what the tables say.

    Keys, gaps, ranges, split and fingerprints. Exit code 1 when something is missing, stale, damaged or wrong.

    For example:

        exphil store verify
    """
    from dataclasses import asdict

    from exphil.assets import checks, maintenance
    from exphil.cli.output import json_document, say, table
    from exphil.config.roots import store_root
    from exphil.store import paths
    from exphil.store.store import Store

    opened = Store.open(store_root(store))
    problems = maintenance.verify(opened) or checks.faults(opened)
    if json:
        json_document([asdict(problem) for problem in problems])
    elif problems:
        table(("asset", "part", "problem"), [(p.asset, p.part, p.message) for p in problems])
    else:
        parts = sum(len(opened.manifest.of(asset)) for asset in paths.ASSETS)
        passed = sum(check.is_fault for check in checks.CHECKS)
        say(f"{opened.root}: {parts} parts, all as the manifest says; their content passes {passed} checks")
    return 1 if problems else 0


@store.command
def gc(
    *,
    store: StoreOption = None,
    workers: Annotated[int, Parameter(help="Worker processes.")] = 2,
) -> None:
    """Remove stray files and merge small parts.

    Stray is what no manifest names; small parts are what many small ingests leave.

    For example:

        exphil store gc
    """
    from exphil.assets import maintenance
    from exphil.assets.workers import Workers
    from exphil.cli.output import num_bytes, say
    from exphil.config.roots import store_root
    from exphil.errors import UsageError
    from exphil.store.store import Store

    if workers < 1:
        raise UsageError(f"--workers is {workers}; it must be at least 1")
    opened = Store.open(store_root(store))
    with Workers(workers) as pool:
        done = maintenance.gc(opened, pool)
    say(
        f"{opened.root}: removed {done.files_removed} stray files ({num_bytes(done.bytes_removed)}),"
        f" merged {done.parts_merged} parts; {done.parts_after} parts now"
    )
