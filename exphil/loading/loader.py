"""Batches in order, gathered ahead while the policy computes; the same for any number of workers."""

import queue
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from typing import Final

import torch
from torch.utils.data import IterableDataset, get_worker_info

from exphil.loading.augmentation import AugmentOptions
from exphil.loading.batch import Augmentation, Batch
from exphil.loading.dataset import Gatherer, PackFiles, collate
from exphil.loading.sampler import Epoch, Sampler

HANDOVER: Final = 4
"""Batches handed over at a time: waking the other thread costs as much as gathering a batch."""

PREFETCH: Final = 2
"""Handovers kept ready: enough to hide a slow read, few enough to cost no memory worth naming."""

AWAY_SHARE: Final = 0.25
"""A reader that is away for this share of a batch's gathering time is worth a thread."""

POLL_SECONDS: Final = 0.1


class Loader:
    """Batches of any epoch from any batch on.

    Args:
        packs: memory maps.
        sampler: which windows.
        delay: frames between an observation and its target, beyond the one that is always there.
        pin: put batches in pinned memory, for copies to a CUDA device that overlap with its work.
        augment: which windows the policy is to change; none if not given.
    """

    def __init__(
        self,
        packs: PackFiles,
        sampler: Sampler,
        *,
        delay: int = 0,
        pin: bool = False,
        augment: AugmentOptions | None = None,
    ) -> None:
        self.sampler = sampler
        self._augment = augment if augment is not None and not augment.is_off else None
        self._gatherer = Gatherer(packs.parts, sampler.window_size + 1 + delay)
        self._pin = pin

    def batch(self, epoch: Epoch, index: int) -> Batch:
        """One batch, gathered now."""
        windows = epoch.batch(index)
        batch = collate(self.sampler.segments, self._gatherer, windows, self.sampler.window_size)
        if self._augment is not None:
            mirror, noise = self._augment.draw(windows.number, self.sampler.seed, epoch.number)
            scale = self._augment.noise_scale if self._augment.noise else 0.0
            augmentation = Augmentation(torch.from_numpy(mirror), torch.from_numpy(noise), scale)
            batch = replace(batch, augmentation=augmentation)
        return batch.pinned() if self._pin else batch

    def batches(self, epoch: int, first: int = 0) -> Generator[Batch, None, None]:
        """The epoch's batches from number `first` on, gathered ahead by a thread if the reader takes its time."""
        order = self.sampler.epoch(epoch)
        indices = iter(range(first, order.num_batches))

        def load() -> Batch | None:
            index = next(indices, None)
            return None if index is None else self.batch(order, index)

        return ahead_of_need(load)


def ahead_of_need(
    load: Callable[[], Batch | None], clock: Callable[[], float] = time.perf_counter
) -> Generator[Batch, None, None]:
    """What `load` returns until it returns None; called in a thread while the reader is away long enough.

    A reader that comes straight back gains nothing from a thread, and loses the handing over.

    Args:
        clock: seconds since any moment; read in the reader's thread alone.
    """
    while True:
        begun = clock()
        batch = load()
        if batch is None:
            return
        gathered = clock()
        yield batch
        worth = AWAY_SHARE * (gathered - begun)
        if clock() - gathered > worth and (yield from prefetched(load, worth, clock)):
            return


def prefetched(
    load: Callable[[], Batch | None], worth: float = 0.0, clock: Callable[[], float] = time.perf_counter
) -> Generator[Batch, None, bool]:
    """What `load` returns, called ahead in a thread that ends with the iterator.

    Ends when `load` returns None, or early when the reader keeps coming back within `worth` seconds; returns
    whether `load` is at its end.
    """
    ready: queue.Queue[list[Batch] | BaseException | bool] = queue.Queue(PREFETCH)
    stopped = threading.Event()  # nobody reads any more
    enough = threading.Event()  # hand over what there is, and end

    def offer(item: list[Batch] | BaseException | bool) -> bool:
        while not stopped.is_set():
            try:
                ready.put(item, timeout=POLL_SECONDS)
                return True
            except queue.Full:
                continue
        return False

    def work() -> None:
        try:
            while not enough.is_set():
                batches = [batch for _ in range(HANDOVER) if (batch := load()) is not None]
                if not offer(batches):
                    return
                if len(batches) < HANDOVER:
                    offer(True)
                    return
            offer(False)
        except BaseException as error:  # handed to the reader, who raises it
            offer(error)

    thread = threading.Thread(target=work, name="exphil-loader", daemon=True)
    thread.start()
    quick = 0
    try:
        while not isinstance(item := ready.get(), bool):
            if isinstance(item, BaseException):
                raise item
            for batch in item:
                left = clock()
                yield batch
                quick = quick + 1 if clock() - left < worth else 0
            if quick >= HANDOVER:
                enough.set()
        return item
    finally:
        stopped.set()
        thread.join()


class EpochBatches(IterableDataset[Batch]):
    """One epoch's batches for `torch.utils.data.DataLoader(..., batch_size=None, num_workers=W)`.

    Worker w gathers batches w, w + W, ...; the DataLoader takes them in turn, so any W gives the same order.
    """

    def __init__(self, loader: Loader, epoch: int, first: int = 0) -> None:
        self._loader = loader
        self._epoch = epoch
        self._first = first

    def __iter__(self) -> Iterator[Batch]:
        worker = get_worker_info()
        shift, step = (worker.id, worker.num_workers) if worker is not None else (0, 1)
        order = self._loader.sampler.epoch(self._epoch)
        for index in range(self._first + shift, order.num_batches, step):
            yield self._loader.batch(order, index)
