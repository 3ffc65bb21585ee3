"""The feature table, and what derives from it: encoder, decoder, audit, docs."""

from exphil.features.catalog import FEATURE_SETS, V1, feature_set
from exphil.features.encode import Blocks, Encoded
from exphil.features.layout import BlockName, FeatureSet
from exphil.features.mismatch import describe_mismatch

__all__ = [
    "FEATURE_SETS",
    "V1",
    "BlockName",
    "Blocks",
    "Encoded",
    "FeatureSet",
    "describe_mismatch",
    "feature_set",
]
