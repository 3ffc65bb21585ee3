"""What a run is trained on and with: data, device, ranks, loaders and a fresh policy, from its options."""

from dataclasses import dataclass
from pathlib import Path

import torch

from exphil.backbones.initialise import initialise
from exphil.errors import UsageError
from exphil.loading.augmentation import AugmentOptions
from exphil.loading.loader import Loader
from exphil.loading.sampler import Sampler, Segments
from exphil.policy.build import build_policy
from exphil.policy.policy import Policy
from exphil.store.store import Store
from exphil.training.config import TrainConfig
from exphil.training.distributed import World
from exphil.training.progress import Reporter, Silent
from exphil.training.selection import Selection, select


@dataclass(frozen=True, slots=True)
class Setting:
    """What a run is trained on and with.

    Attributes:
        reporter: that of the caller; a silent one on every rank but the first.
    """

    selection: Selection
    device: torch.device
    world: World
    reporter: Reporter


def find_setting(config: TrainConfig, store: Path, world: World, reporter: Reporter) -> Setting:
    """Choose the device and the data: the first rank first, which makes stale packs anew and tells what is wrong.

    Raises:
        UsageError: no such device, nothing chosen, or the ranks chose differently: a query of chance.
    """
    heard = reporter if world.is_first else Silent()
    device = _find_device(config, world)
    found: list[Selection] = []

    def choose() -> str:
        found.append(select(Store.open(store), config, heard.note))
        return found[0].digest

    digest = world.first(choose)
    selection = found[0] if found else select(Store.open(store), config, heard.note)
    if selection.digest != digest:
        raise UsageError(
            "the data of two processes differ: a query must give the same rows every time"
            " (LIMIT after ORDER BY ALL, samples with REPEATABLE, no random())"
        )
    return Setting(selection, device, world, heard)


def fresh_policy(config: TrainConfig, device: torch.device) -> Policy:
    """A fresh policy, its weights drawn by the run's seed."""
    torch.manual_seed(config.seed)
    policy = build_policy(config.policy)
    initialise(policy.backbone, config.init)
    return policy.to(device)


def make_loader(config: TrainConfig, setting: Setting, segments: Segments, *, training: bool) -> Loader:
    """Batches of a side of the split, this rank's slice of each."""
    augment = AugmentOptions(mirror=config.mirror, noise=config.noise, noise_scale=config.noise_scale)
    return Loader(
        setting.selection.packs,
        make_sampler(config, segments, setting.world, training=training),
        delay=config.policy.delay,
        pin=setting.device.type == "cuda",
        augment=augment if training else None,
    )


def make_sampler(config: TrainConfig, segments: Segments, world: World, *, training: bool) -> Sampler:
    """Windows of a side of the split. Those of validation hang on no seed or balance: figures of runs compare."""
    return Sampler(
        segments,
        window_size=config.window_size,
        batch_size=config.batch_size,
        context=config.context,
        supervise=config.supervise,
        num_windows=config.windows_per_epoch if training else None,
        balance=config.balance if training else "none",
        seed=config.seed if training else 0,
        rank=world.rank,
        num_ranks=world.size,
    )


def _find_device(config: TrainConfig, world: World) -> torch.device:
    """Settings of torch, and the device; each rank on a machine with GPUs has its own.

    Raises:
        UsageError: no such device here.
    """
    if config.threads is not None:
        torch.set_num_threads(config.threads)
    asked = config.device
    if asked == "auto":
        mps = torch.backends.mps.is_available() and world.size == 1
        asked = "cuda" if torch.cuda.is_available() else "mps" if mps else "cpu"
    if world.size > 1 and asked.startswith("cuda"):
        asked = f"cuda:{world.local_rank}"
    try:
        device = torch.device(asked)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"--device {config.device} cannot be used here: {reason}") from error
    return device
