"""The audit says what the decoded dims say, merges, and calls dead what is dead."""

import json

import numpy as np
import pytest

from exphil.errors import StoreError
from exphil.features import V1
from exphil.features.audit import Audit
from exphil.features.encodings import Id


def audit_of(*games):
    audit = Audit(V1)
    for game in games:
        audit.add(game)
    return audit


def test_no_dim_is_dead_on_real_replays(real_encoded):
    """A dead dim is a defect. Only fields that no recording carries may stay unobserved."""
    rows = audit_of(*real_encoded.values()).rows()
    assert len(rows) == V1.width
    assert [row.name for row in rows if row.state == "dead"] == []
    # Wind and Stadium's events are recorded from 3.18 on, and no such game is at hand.
    unobserved = {row.name for row in rows if row.state == "unobserved"}
    assert unobserved <= {name for name in V1.names if name.startswith(("whispy.", "stadium."))}


def test_audit_agrees_with_the_decoded_dims(real_encoded):
    games = [
        game
        for name, game in real_encoded.items()
        if "itemexport" in name or "_ics" in name or "zelda" in name
    ]
    assert len(games) >= 3
    decoded = np.concatenate([V1.decode(game.blocks, view) for game in games for view in (0, 1)])
    for index, row in enumerate(audit_of(*games).rows()):
        values = decoded[:, index].astype(np.float64)
        encoding = V1.dims[index][1].encoding
        default = encoding.none if isinstance(encoding, Id) else 0
        expected = [values.min(), values.max(), values.mean(), (values != default).mean()]
        np.testing.assert_allclose(
            [row.min, row.max, row.mean, row.share], expected, rtol=1e-4, atol=2e-5, err_msg=row.name
        )


def test_merged_audits_equal_one_audit(real_encoded):
    """Parts keep their own audit as JSON; merging them gives what one pass over everything gives."""
    games = list(real_encoded.values())[:6]
    merged = Audit(V1)
    for start in range(0, 6, 2):
        part = audit_of(*games[start : start + 2])
        merged.merge(Audit.from_json(V1, json.loads(json.dumps(part.to_json()))))
    whole = audit_of(*games)
    assert merged.num_frames == whole.num_frames
    for one, other in zip(merged.rows(), whole.rows(), strict=True):
        assert (one.name, one.state) == (other.name, other.state)
        np.testing.assert_allclose(
            [one.min, one.max, one.mean, one.share],
            [other.min, other.max, other.mean, other.share],
            rtol=1e-12,
        )


def test_states_tell_still_from_missing(build):
    """Still although its source is there: dead. Still because no version brought it: unobserved."""
    moving = {"post_percent": [0.0, 5.0, 9.0, 9.0]}
    states = {
        row.name: row.state for row in audit_of(build(4, {1: moving, 2: {}}, since=(2, 0, 0)).encode()).rows()
    }
    assert states["self.percent"] == "alive"
    assert states["opponent.percent"] == "alive"
    assert states["self.shield"] == "dead"
    assert states["self.hitlag"] == "unobserved"
    assert states["self.follower.x"] == "unobserved"
    assert states["item0.exists"] == "unobserved"
    assert states["stadium.fire"] == "unobserved"


def test_follower_that_never_moves_is_dead_once_there_is_one(build):
    game = build(4, {1: {}, 2: {}, (1, True): {}}).encode()
    states = {row.name: row.state for row in audit_of(game).rows()}
    # It stands at 0 without a pause, but only one player has it.
    assert states["self.follower.x"] == "dead"
    assert states["self.follower.exists"] == "alive"


def test_empty_audit_has_rows_without_figures():
    rows = Audit(V1).rows()
    assert len(rows) == V1.width
    assert all(row.min is None and row.state == "unobserved" for row in rows)
    assert Audit.from_json(V1, json.loads(json.dumps(Audit(V1).to_json()))).rows() == rows


def test_merging_an_empty_audit_changes_nothing(build):
    audit = audit_of(build(4).encode())
    before = audit.rows()
    audit.merge(Audit.from_json(V1, json.loads(json.dumps(Audit(V1).to_json()))))
    assert audit.rows() == before


def test_audit_of_another_table_is_refused():
    stored = {**Audit(V1).to_json(), "fingerprint": "0" * 32}
    with pytest.raises(StoreError, match="another feature table"):
        Audit.from_json(V1, stored)
