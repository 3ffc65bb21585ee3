"""Generated pages, and the message about another table."""

import json
from pathlib import Path

from exphil.features import V1, describe_mismatch
from exphil.features.render import features_page

PAGE = Path(__file__).parent.parent.parent / "docs" / "features.md"


def test_docs_are_fresh():
    """`python -m exphil.features.render` writes the page anew."""
    assert PAGE.read_text(encoding="utf-8") == features_page(V1)


def test_docs_name_every_dim_once_a_scope():
    page = features_page(V1)
    for feature in V1.features:
        for dim in feature.dims:
            assert f"`{dim}`" in page


def test_mismatch_names_the_rows_that_differ():
    stored = json.loads(V1.canonical)
    stored["features"][3]["step"] = 0.5
    removed = stored["features"].pop(10)
    stored["features"].append({**stored["features"][0], "name": "aura"})
    told = describe_mismatch(json.dumps(stored))
    assert "changed: x (step)" in told
    assert f"added: {removed['name']}" in told
    assert "removed: aura" in told


def test_mismatch_tells_tables_and_formulas():
    stored = json.loads(V1.canonical)
    stored["tables"]["action_class"]["digest"] = "0"
    stored["formulas"]["geometry"] = 0
    told = describe_mismatch(json.dumps(stored))
    assert "action_class" in told
    assert "geometry" in told


def test_mismatch_has_an_answer_for_anything():
    assert describe_mismatch(V1.canonical) == "the tables are the same"
    assert "cannot be read" in describe_mismatch("{}")
    assert "cannot be read" in describe_mismatch("not json")
    stored = json.loads(V1.canonical)
    stored["row_bytes"] = 1
    assert "storage" in describe_mismatch(json.dumps(stored))
