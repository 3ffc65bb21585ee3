"""A policy for a feature set: the decoder's dims and ids tell the sizes of its inputs."""

from typing import Final

from exphil.features import feature_set
from exphil.training.decode import FeatureDecoder
from exphil.training.inputs import IdKind
from exphil.training.policy import Policy
from exphil.training.policy_config import PolicyConfig

KINDS: Final[tuple[IdKind, ...]] = ("action", "character")


def build_policy(config: PolicyConfig) -> Policy:
    """A fresh policy, its weights drawn from torch's random state.

    Raises:
        UsageError: no feature set or backbone is called as the configuration says.
    """
    features = feature_set(config.feature_set)
    kinds = [_kind(features.names[index]) for index in features.id_dims]
    return Policy(config, FeatureDecoder(features), len(features.dense_dims), kinds)


def _kind(name: str) -> IdKind:
    """What an id dim such as `opponent.follower.action` is an id of."""
    last = name.rsplit(".", 1)[-1]
    for kind in KINDS:
        if last == kind:
            return kind
    raise ValueError(f"{name} is an id of no known kind")
