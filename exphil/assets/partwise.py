"""The mould of `stats`, `embeddings` and `packs`: one part for each part of the asset before, made by a worker each."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from exphil.assets import plan
from exphil.assets.report import Report
from exphil.assets.versions import made_by
from exphil.assets.workers import WorkerDied, Workers
from exphil.errors import StoreError
from exphil.store.atomic import require_space
from exphil.store.manifest import Part
from exphil.store.store import Store, Transaction


class PartTask(Protocol):
    """What a worker is given; `part` names the source and the result."""

    @property
    def part(self) -> str: ...


AnyTask = TypeVar("AnyTask", bound=PartTask)


@dataclass(frozen=True, slots=True)
class Staged:
    """What a worker staged: rows by table, games among them, and bytes on disk."""

    rows: Mapping[str, int]
    games: int
    num_bytes: int


def build_parts(
    store: Store,
    batch: str,
    workers: Workers,
    *,
    asset: str,
    make: Callable[[AnyTask], Staged],
    tasks: Callable[[Transaction, Sequence[Part]], Sequence[AnyTask]],
    needed_bytes: Callable[[Sequence[Part]], int],
    stats: Mapping[str, Any],
    counted: tuple[str, str] = ("game frames", "rows"),
    before_commit: Callable[[Transaction], None] = lambda transaction: None,
) -> Report:
    """Make the parts of `asset` that are missing or stale in a batch, and drop those whose source is gone.

    Args:
        make: runs in a worker, and stages one part.
        tasks: what to hand to `make`, a task a source part.
        needed_bytes: what the new parts may take on disk.
        stats: kept with every part.
        counted: what the report counts, and the table whose rows they are.
        before_commit: further changes of the same transaction.
    """
    workers.wait_until_ready()
    begun = time.perf_counter()
    with store.writing() as transaction:
        sources = plan.missing_parts(store, asset, batch)
        require_space(store.root, needed_bytes(sources))
        added: list[Part] = []
        for task, staged in workers.run(make, tasks(transaction, sources)):
            if isinstance(staged, WorkerDied):
                raise StoreError(
                    f"making part {task.part} of {asset} failed: {staged}; run the command again"
                )
            added.append(
                Part(
                    name=task.part,
                    batch=batch,
                    rows=staged.rows,
                    num_bytes=staged.num_bytes,
                    made_by=made_by(asset),
                    source=(task.part,),
                    stats={**stats, "games": staged.games},
                )
            )
        transaction.change(asset, add=added, remove=plan.orphans(store, asset, batch))
        before_commit(transaction)
        transaction.commit()
    report = Report(asset, batch, num_bytes=sum(part.num_bytes for part in added))
    what, table = counted
    report.made = {
        "parts": len(added),
        "games": sum(int(part.stats["games"]) for part in added),
        what: sum(part.rows[table] for part in added),
    }
    report.seconds = time.perf_counter() - begun
    return report
