"""From options to a policy that reads a feature set of the catalog."""

from typing import cast

from exphil.errors import UsageError
from exphil.features import FeatureSet, feature_set
from exphil.policy.augment import Augmenter
from exphil.policy.config import PolicyConfig
from exphil.policy.decode import FeatureDecoder
from exphil.policy.inputs import NUM_IDS, IdKind
from exphil.policy.policy import Policy


def build_policy(config: PolicyConfig) -> Policy:
    """A fresh policy; its weights come from torch's generator."""
    features = feature_set(config.feature_set)
    width = len(features.dense_dims)
    return Policy(config, FeatureDecoder(features), width, id_kinds(features), Augmenter(features))


def id_kinds(features: FeatureSet) -> tuple[IdKind, ...]:
    """What each id dim of a feature set is, by the last word of its name (`opponent.follower.action`)."""
    kinds = [features.names[index].rpartition(".")[2] for index in features.id_dims]
    for kind in kinds:
        if kind not in NUM_IDS:
            raise UsageError(f"feature set {features.name}: the policy embeds no ids of kind {kind!r}")
    return cast(tuple[IdKind, ...], tuple(kinds))
