"""The feature table as people read it, and the layout that a released set keeps for ever."""

import json
from pathlib import Path

from exphil.features.catalog import V1
from exphil.features.encodings import Flag, Id, Lookup, Number
from exphil.features.feature import Feature
from exphil.features.layout import FeatureSet
from exphil.features.tables import TABLES


def since_of(feature: Feature) -> str:
    return ".".join(str(part) for part in feature.since)


def _encoding_text(feature: Feature) -> str:
    encoding = feature.encoding
    if isinstance(encoding, Number):
        return f"{encoding.dtype}, step {encoding.step:g}"
    if isinstance(encoding, Flag):
        if encoding.mask is not None:
            return f"bit 0x{encoding.mask:02x}"
        return "flag" if encoding.equals is None else f"= {encoding.equals}"
    if isinstance(encoding, Id):
        return f"id of {encoding.size}, none {encoding.none}"
    if isinstance(encoding, Lookup):
        return f"table `{encoding.table}`, {len(TABLES[encoding.table].columns)} dims"
    return f"formula `{encoding.group}`"


def layout_json(feature_set: FeatureSet) -> str:
    """What the golden file of a released set holds: every dim, where it is stored, and the fingerprint."""
    return (
        json.dumps(
            {
                "name": feature_set.name,
                "width": feature_set.width,
                "fingerprint": feature_set.fingerprint,
                "row_bytes": feature_set.row_dtype.itemsize,
                "id_dims": list(feature_set.id_dims),
                "id_sizes": list(feature_set.id_sizes),
                "columns": {name: list(columns) for name, columns in feature_set.columns.items()},
                "names": list(feature_set.names),
            },
            indent=1,
        )
        + "\n"
    )


def features_page(feature_set: FeatureSet) -> str:
    """docs/features.md: the whole table in Markdown."""
    lines = [
        f"# Feature set {feature_set.name}",
        "",
        "Generated from the table in `exphil/features`; `python -m exphil.features.render` writes it anew.",
        "",
        f"{feature_set.width} dims a viewpoint, of which {len(feature_set.id_dims)} are ids that the policy embeds.",
        f"A game frame takes {feature_set.row_dtype.itemsize} bytes in a pack, both players at once: a viewpoint is",
        "composed on reading, self first. Everything stored is a whole number of steps; what can be computed from",
        "other dims (distances, classes, one-hots) is computed on reading and takes no room. A field that the",
        "replay's version lacks reads as 0. Row t holds the state after frame t and the input of frame t.",
        "",
        f"Fingerprint: `{feature_set.fingerprint}`",
    ]
    titles = {
        "player": "Players: each row appears as `self.*` and as `opponent.*`",
        "self": "Own: previous input and relation, `self.*`",
        "shared": "Game: stage, clock, items",
    }
    for scope, title in titles.items():
        lines += [
            "",
            f"## {title}",
            "",
            "| dims | source | unit | encoding | since | |",
            "|---|---|---|---|---|---|",
        ]
        for feature in feature_set.features:
            if feature.scope == scope:
                lines.append(_line(feature))
    return "\n".join(lines) + "\n"


def _line(feature: Feature) -> str:
    dims = feature.dims
    name = f"`{dims[0]}`" if len(dims) == 1 else ", ".join(f"`{dim}`" for dim in dims)
    source = ", ".join(f"`{column}`" for column in feature.source)
    return f"| {name} | {source} | {feature.unit} | {_encoding_text(feature)} | {since_of(feature)} | {feature.doc} |"


if __name__ == "__main__":
    Path("docs/features.md").write_text(features_page(V1), encoding="utf-8")
    Path("tests/golden/feature_layout_v1.json").write_text(layout_json(V1), encoding="utf-8")
