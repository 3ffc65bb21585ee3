"""What the assets of one run share: the store, the worker processes, and the reports of what was done."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg

from exphil.assets.report import Report
from exphil.assets.workers import Workers
from exphil.config.roots import models_root, store_root
from exphil.store.store import Store


class Session:
    """Store, models and workers of a run. The CLI hands one in, with workers that are warm already."""

    def __init__(
        self, store: Path, models: Path, workers: Workers, on_report: Callable[[Report], None] | None = None
    ) -> None:
        self.store_root = store
        self.models_root = models
        self.workers = workers
        self.reports: list[Report] = []
        self._on_report = on_report

    def store(self) -> Store:
        """The store's newest snapshot; an empty one is made where there is none."""
        return Store.create(self.store_root)

    def add(self, report: Report) -> None:
        """Note what an asset did."""
        self.reports.append(report)
        if self._on_report is not None:
            self._on_report(report)


_CONFIG = {
    "store": dg.Field(
        dg.Noneable(str), default_value=None, description="Feature store; else EXPHIL_STORE, else ./storage."
    ),
    "models": dg.Field(
        dg.Noneable(str), default_value=None, description="Training runs; else EXPHIL_MODELS, else ./models."
    ),
    "workers": dg.Field(
        dg.Noneable(int), default_value=None, description="Worker processes; else one a CPU core."
    ),
}


@dg.resource(
    config_schema=_CONFIG, description="The feature store, the folder of runs, and worker processes."
)
def session(context: dg.InitResourceContext) -> Iterator[Session]:
    """The session of a run that the UI or a sensor started: workers end with the run."""
    options: dict[str, Any] = context.resource_config
    with Workers(options["workers"]) as workers:
        yield Session(store_root(options["store"]), models_root(options["models"]), workers)
