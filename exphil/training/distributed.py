"""Several processes that train one policy, as `torchrun` starts them: who is who, and what they do together.

Each rank computes its slice of every batch; sums over the ranks make the batch whole again. All decide from the
same sums, so their weights and their courses stay equal; the first rank alone writes.
"""

import datetime
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from exphil.errors import UsageError

Result = TypeVar("Result")

PATIENCE: Final = datetime.timedelta(hours=4)
"""How long a rank waits for the others: the first may be making packs. torchrun ends them all when one fails."""


@dataclass(frozen=True, slots=True)
class World:
    """The processes of a run, seen from one of them.

    Attributes:
        rank: of this process, from 0.
        size: how many there are; 1 without torchrun.
        local_rank: its number on this machine, and of the GPU that is its own.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that writes and reports."""
        return self.rank == 0

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Replace tensors of one type by their sums over the ranks, in one exchange; every rank gets the same bits."""
        if self.size == 1 or not tensors:
            return
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        dist.all_reduce(flat)
        parts = flat.split([tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view_as(tensor))

    def copy_first(self, tensors: Sequence[Tensor]) -> None:
        """Replace tensors by those of the first rank."""
        if self.size > 1:
            for tensor in tensors:
                dist.broadcast(tensor, 0)

    def first(self, action: Callable[[], Result]) -> Result:
        """What `action` returns on the first rank, which alone does it. If it fails there, the others leave quietly.

        Raises:
            SystemExit: on the others, where it failed on the first.
        """
        if self.size == 1:
            return action()
        told: list[Any] = [None, 1]
        if not self.is_first:
            dist.broadcast_object_list(told, 0)
            if told[1] is not None:
                raise SystemExit(told[1])
            result: Result = told[0]
            return result
        try:
            told = [action(), None]
        except BaseException as error:
            told[1] = getattr(error, "exit_code", 1)
            raise
        finally:
            dist.broadcast_object_list(told, 0)
        done: Result = told[0]
        return done


ALONE: Final = World()
"""A run without torchrun."""


@contextmanager
def joined(device: str) -> Iterator[World]:
    """The processes that torchrun started this one among, connected while the block runs.

    Args:
        device: as `--device` names it.

    Raises:
        UsageError: ranks on a device that they cannot share.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1 or "MASTER_ADDR" not in os.environ:
        yield ALONE
        return
    world = World(int(os.environ["RANK"]), size, int(os.environ.get("LOCAL_RANK", "0")))
    on_cuda = device.startswith("cuda") or (device == "auto" and torch.cuda.is_available())
    if not on_cuda and device not in ("auto", "cpu"):
        raise UsageError(f"--device {device} cannot be shared by ranks: give cpu or cuda")
    if on_cuda:
        if world.local_rank >= torch.cuda.device_count():
            raise UsageError(
                f"torchrun started more processes than this machine has GPUs ({torch.cuda.device_count()});"
                " lower --nproc-per-node"
            )
        torch.cuda.set_device(world.local_rank)
    dist.init_process_group("nccl" if on_cuda else "gloo", rank=world.rank, world_size=size, timeout=PATIENCE)
    try:
        yield world
    finally:
        dist.destroy_process_group()
