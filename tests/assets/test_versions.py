"""What makes a part stale: contracts of its own asset and of those before it, and nothing else."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from exphil.assets import versions
from exphil.stats.quality import rules as quality_rules
from exphil.store import paths


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    """Fingerprints are remembered for a process; here the code changes."""
    versions.made_by.cache_clear()
    yield
    versions.made_by.cache_clear()


def _changed(monkeypatch: pytest.MonkeyPatch, module: object, name: str, value: object) -> set[str]:
    before = {asset: versions.made_by(asset) for asset in paths.ASSETS}
    versions.made_by.cache_clear()
    monkeypatch.setattr(module, name, value)
    return {asset for asset in paths.ASSETS if versions.made_by(asset) != before[asset]}


def test_another_threshold_makes_statistics_and_segments_stale_and_leaves_packs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, *others = quality_rules.RULES
    limit = replace(first.limits[0], bad=first.limits[0].bad - 1)
    rules = (replace(first, limits=(limit,)), *others)
    assert _changed(monkeypatch, quality_rules, "RULES", rules) == {"stats", "windows"}


@pytest.mark.parametrize("change", [{"penalty": 0.123}, {"flag": "renamed"}, {"excludes": False}])
def test_so_does_another_penalty_name_or_exclusion(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, object]
) -> None:
    first, *others = quality_rules.RULES
    rules = (replace(first, **change), *others)  # type: ignore[arg-type]
    assert _changed(monkeypatch, quality_rules, "RULES", rules) == {"stats", "windows"}


def test_another_wording_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    first, *others = quality_rules.RULES
    rules = (replace(first, doc="In other words."), *others)
    assert _changed(monkeypatch, quality_rules, "RULES", rules) == set()


@pytest.mark.parametrize(
    ("number", "stale"),
    [
        ("READER", set(paths.ASSETS)),
        ("STATS", {"stats", "windows"}),
        ("SEGMENTS", {"windows"}),
        ("ELIGIBLE", {"windows", "packs"}),
        ("PACKS", {"packs"}),
    ],
)
def test_a_raised_number_makes_stale_what_comes_of_it(
    monkeypatch: pytest.MonkeyPatch, number: str, stale: set[str]
) -> None:
    assert _changed(monkeypatch, versions, number, getattr(versions, number) + 1) == stale
