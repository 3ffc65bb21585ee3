"""The table as a whole: width, names, storage, and the golden layout of a released set."""

import json
from pathlib import Path

import numpy as np
import pytest

from exphil.errors import UsageError
from exphil.features import V1, FeatureSet, feature_set
from exphil.features.encodings import Derived, Flag, Id
from exphil.features.render import layout_json

GOLDEN = Path(__file__).parent.parent / "golden" / "feature_layout_v1.json"
VALUES = GOLDEN.with_name("feature_values_v1.json")


def test_layout_is_the_released_one():
    """A released set never changes: a different table is another set. See tests/golden/README.md."""
    assert json.loads(layout_json(V1)) == json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_values_are_the_released_ones():
    """The same bytes read as the same dims for ever: formulas and tables may not drift under a fingerprint."""
    golden = json.loads(VALUES.read_text(encoding="utf-8"))
    assert golden["fingerprint"] == V1.fingerprint
    rows = np.frombuffer(bytes.fromhex(golden["rows"]), V1.row_dtype)
    for viewpoint, expected in enumerate(golden["values"]):
        np.testing.assert_allclose(V1.decode(rows, viewpoint), expected, rtol=1e-5, atol=1e-5)


def test_width_is_287_and_six_are_ids():
    assert V1.width == 287
    assert V1.padded_width == 288
    assert [V1.names[index] for index in V1.id_dims] == [
        "self.action", "self.character", "self.follower.action",
        "opponent.action", "opponent.character", "opponent.follower.action",
    ]  # fmt: skip
    assert len(V1.dense_dims) == 281
    assert len(V1.id_sizes) == 6


def test_names_are_unique_and_documented():
    assert len(set(V1.names)) == V1.width
    for feature in V1.features:
        assert feature.doc.endswith("."), feature.name
        assert feature.source, feature.name


def test_slices_cover_every_dim_once():
    covered = np.concatenate([np.arange(V1.width)[found] for found in V1.slices.values()])
    np.testing.assert_array_equal(np.sort(covered), np.arange(V1.width))
    assert V1.names[V1.slices["opponent.percent"]] == ("opponent.percent",)


def test_row_is_small_even_and_without_gaps():
    assert V1.row_dtype.itemsize <= 400
    assert V1.row_dtype.itemsize % 2 == 0
    stored = sum(dtype.itemsize * int(np.prod(shape)) for dtype, shape in V1.blocks.values())
    assert V1.row_dtype.itemsize - stored <= 3


def test_every_stored_feature_has_a_place_of_its_own():
    places = [(slot.block, slot.column, slot.bit) for slot in V1.slots.values()]
    assert len(set(places)) == len(places)
    stored = [
        f
        for f in V1.features
        if not isinstance(f.encoding, Derived) and getattr(f.encoding, "of", None) is None
    ]
    assert {feature.name for feature in stored} == set(V1.slots)


def test_buttons_are_the_bits_of_one_byte_in_head_order():
    slots = [V1.slots[feature.name] for feature in V1.features if feature.name.startswith("input.button_")]
    assert len({slot.column for slot in slots}) == 1
    assert [slot.bit for slot in slots] == list(range(8))


def test_since_follows_the_sources():
    by_name = {feature.name: feature for feature in V1.features}
    assert by_name["hitlag"].since == (3, 8, 0)
    assert by_name["hitstun"].since == (2, 0, 0)
    assert by_name["item0.owner"].since == (3, 6, 0)
    assert by_name["x"].since == (0, 1, 0)


def test_fingerprint_follows_what_is_stored_and_nothing_else():
    reworded = FeatureSet("v1", tuple(_with(f, doc="Other words.") for f in V1.features))
    assert reworded.fingerprint == V1.fingerprint
    moved = FeatureSet("v1", (V1.features[1], V1.features[0], *V1.features[2:]))
    assert moved.fingerprint != V1.fingerprint
    flag = next(f for f in V1.features if isinstance(f.encoding, Flag) and f.encoding.mask is not None)
    other = _with(flag, encoding=Flag(mask=0x01))
    changed = FeatureSet("v1", tuple(other if f is flag else f for f in V1.features))
    assert changed.fingerprint != V1.fingerprint


def _with(feature, **changes):
    from dataclasses import replace

    return replace(feature, **changes)


def test_a_name_given_twice_is_refused():
    with pytest.raises(ValueError, match="twice"):
        FeatureSet("v1", (V1.features[0], V1.features[0]))


def test_unknown_source_columns_are_refused():
    with pytest.raises(ValueError, match="post_nothing"):
        _with(V1.features[0], source=("post_nothing",))


def test_id_none_is_a_value_of_its_id():
    for feature in V1.features:
        if isinstance(feature.encoding, Id):
            assert 0 <= feature.encoding.none < feature.encoding.size


def test_unknown_sets_are_named():
    assert feature_set("v1") is V1
    with pytest.raises(UsageError, match="v1"):
        feature_set("v0")
