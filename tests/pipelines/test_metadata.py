"""What Dagster shows of a batch are the report's plots, of that batch alone."""

from functools import partial
from pathlib import Path

import dagster as dg
import pytest

from exphil.reports import feature_plots, stats_plots, store_plots
from exphil.reports.asking import asking
from exphil.store.store import Store
from pipelines import charts, metadata

SHOWN = {
    "of_replays": {
        "games_over_time": store_plots.games_over_time,
        "characters": partial(store_plots.characters, most=metadata.MOST_BARS),
        "matchups": store_plots.matchups,
        "characters_by_stage": store_plots.characters_by_stage,
        "quarantine_reasons": store_plots.quarantine_reasons,
    },
    "of_frames": {"game_lengths": store_plots.lengths},
    "of_stats": {
        "openings_per_kill": stats_plots.openings_per_kill,
        "damage_per_opening": stats_plots.damage_per_opening,
        "l_cancels": stats_plots.l_cancels,
        "openers": partial(stats_plots.openers, most=metadata.MOST_BARS),
        "kill_moves": partial(stats_plots.kill_moves, most=metadata.MOST_BARS),
        "kill_directions": stats_plots.kill_directions,
        "quality_scores": stats_plots.quality_scores,
        "quality_flags": stats_plots.quality_flags,
    },
    "of_windows": {"frames_by_split": store_plots.splits},
}


@pytest.mark.parametrize("name", SHOWN)
def test_metadata_and_report_draw_the_same(small_store: Path, name: str) -> None:
    store = Store.open(small_store)
    (batch,) = store.manifest.batches()
    shown = getattr(metadata, name)(store, batch)
    with asking(store) as ask:
        for title, plot in SHOWN[name].items():
            drawn = plot(ask)
            if drawn is None:
                assert title not in shown
                continue
            found = shown[title]
            assert isinstance(found, dg.MarkdownMetadataValue)
            assert found.value == charts.markdown(charts.svg(drawn), drawn.title)


def test_dims_are_drawn_beside_their_embeddings(small_store: Path) -> None:
    store = Store.open(small_store)
    (batch,) = store.manifest.batches()
    shown = metadata.of_embeddings(store, batch)
    rows = feature_plots.audit_rows(store)
    for title, plot in (
        ("dims", feature_plots.feature_states(rows)),
        ("feature_ranges", feature_plots.feature_ranges(rows)),
    ):
        assert plot is not None
        assert shown[title].value == charts.markdown(charts.svg(plot), plot.title)


def test_a_batch_is_not_the_store(small_store: Path) -> None:
    store = Store.open(small_store)
    with asking(store) as ask, asking(store, "another") as ask_another:
        (whole,), (none,) = (question("SELECT count(*) AS n FROM replays") for question in (ask, ask_another))
    assert (whole["n"], none["n"]) == (4, 0)


def test_a_batch_without_parts_shows_nothing(tmp_path: Path) -> None:
    store = Store.create(tmp_path)
    for name in SHOWN:
        assert getattr(metadata, name)(store, "b00001") == {}
