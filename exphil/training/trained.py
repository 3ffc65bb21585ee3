"""A trained policy back from its run's folder, to be used rather than trained on."""

from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError

from exphil.errors import FingerprintError, StoreError, UsageError
from exphil.features import V1, describe_mismatch
from exphil.policy.build import build_policy
from exphil.policy.policy import Policy
from exphil.training.checkpoint import stored_features
from exphil.training.runs import WEIGHTS, Run


def load_policy(run: Run, device: str | torch.device = "cpu") -> Policy:
    """The policy of a run as it is to be used, in evaluation mode: the best that has been validated.

    Raises:
        StoreError: the run has no weights yet, or they are damaged or do not fit its configuration.
        FingerprintError: it was trained with another feature table.
        UsageError: no such device here.
    """
    path = run.folder / WEIGHTS
    if not path.exists():
        raise StoreError(
            f"{run.folder} has no weights: it stopped before its first checkpoint; train it anew"
        )
    _check_features(path, run)
    policy = build_policy(run.config.policy)
    try:
        policy.load_state_dict(safetensors.torch.load_file(path))
    except (SafetensorError, OSError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise StoreError(f"{path} cannot be read ({reason}); restore it, or train another run") from error
    try:
        return policy.to(device).eval()
    except (RuntimeError, AssertionError) as error:
        raise UsageError(f"device {device} cannot be used here: {str(error).splitlines()[0]}") from error


def _check_features(path: Path, run: Run) -> None:
    """Refuse weights that read rows of another feature table."""
    try:
        stored = stored_features(run.folder)
    except (SafetensorError, OSError, ValueError) as error:
        raise StoreError(f"{path} cannot be read ({error}); restore it, or train another run") from error
    if stored != V1.canonical:
        raise FingerprintError(
            f"{run.folder} was trained with another feature table ({describe_mismatch(stored)});"
            " train another run, or use the version of exphil that made it"
        )
