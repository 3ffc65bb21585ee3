"""The feature sets that exist, by name."""

from typing import Final

from exphil.errors import UsageError
from exphil.features.layout import FeatureSet
from exphil.features.own import OWN_V1
from exphil.features.player import PLAYER_V1
from exphil.features.shared import SHARED_V1

V1: Final = FeatureSet("v1", PLAYER_V1 + OWN_V1 + SHARED_V1)
FEATURE_SETS: Final = {V1.name: V1}


def feature_set(name: str) -> FeatureSet:
    """The set of that name; UsageError names those that exist."""
    found = FEATURE_SETS.get(name)
    if found is None:
        raise UsageError(f"no feature set is called {name!r}: known are {', '.join(FEATURE_SETS)}")
    return found
