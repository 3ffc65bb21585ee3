"""Partitions: batches of replays. The store decides which there are; Dagster is told."""

from collections.abc import Iterable

import dagster as dg

from exphil.assets import plan
from exphil.store.store import Store

BATCHES = dg.DynamicPartitionsDefinition(name="batches")
"""`b00001`, `b00002`, ...: up to 500 paths each, filled in the order in which replays are found."""


def add_batches(instance: dg.DagsterInstance, batches: Iterable[str]) -> None:
    """Make partition keys known; those that are known already stay."""
    instance.add_dynamic_partitions("batches", sorted(set(batches)))


def store_batches(store: Store) -> list[str]:
    """The batches of a store: those with parts and those with files that wait to be read."""
    return sorted({*store.manifest.batches(), *plan.inbox_batches(store)})
