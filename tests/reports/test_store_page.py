"""A store's page makes sense whatever the store holds, and names nobody unasked."""

from pathlib import Path

import pytest

from exphil.reports.store_page import store_page
from exphil.schema import TABLES
from exphil.store import paths
from exphil.store.manifest import Part
from exphil.store.store import Store
from tests.pages.reading import ReadPage, without_vega
from tests.reports.tables import Rows, game, together, written

CODES = ("ABCD#123", "WXYZ#9")


def make_store(folder: Path, rows: dict[str, Rows]) -> Store:
    """A store whose one part holds rows written by hand."""
    store = Store.create(folder / "store")
    tables = written(folder, rows)
    with store.writing() as transaction:
        for asset in dict.fromkeys(table.asset for table in TABLES if table.name in rows):
            counts = {}
            for table in TABLES:
                if table.asset == asset and table.name in rows:
                    final = paths.table_part(transaction.staging, asset, table.name, "b00001-test")
                    final.parent.mkdir(parents=True)
                    Path(tables.files[table.name]).replace(final)
                    counts[table.name] = len(rows[table.name])
            part = Part(name="b00001-test", batch="b00001", rows=counts, num_bytes=1, made_by="test")
            transaction.change(asset, add=[part])
        transaction.commit()
    return store


def read(store: Store, *, names: bool = False) -> ReadPage:
    html = store_page(store, names=names).html()
    assert len(html) < 5e6
    return ReadPage(without_vega(html))


def all_text(page: ReadPage) -> str:
    return " ".join([*(text for _, text in page.texts), str(page.data)])


@pytest.fixture
def named(tmp_path: Path) -> Store:
    """Six games of two people with codes, names and tags; no statistics."""
    games = [
        game(str(n), ["FOX", "MARTH"], winner=1 if n else 2, started_at=f"2024-01-{n + 1:02}T10:00:00Z")
        for n in range(6)
    ]
    rows = together(games)
    for player in rows["players"]:
        port = player["port"]
        player |= {"connect_code": CODES[port - 1], "netplay_name": f"Name{port}", "name_tag": f"TAG{port}"}  # type: ignore[operator]
    return make_store(
        tmp_path, {**rows, "replays": [{**row, "path": "Bob's/game.slp"} for row in rows["replays"]]}
    )


def test_an_empty_store_says_how_to_fill_it(tmp_path: Path) -> None:
    page = read(Store.create(tmp_path))
    assert any("exphil materialize all" in text for text in page.of("p"))
    assert page.of("h2") == []


def test_a_store_without_statistics_says_how_to_get_them(named: Store) -> None:
    page = read(named)
    assert any("exphil materialize stats" in text for text in page.of("p"))
    assert any("exphil materialize embeddings" in text for text in page.of("p"))
    assert {"Games over time", "Characters", "Stages", "Files"} <= set(page.of("h2"))
    assert "Quality" not in page.of("h2")


def test_nobody_is_named_unasked(named: Store) -> None:
    hidden, shown = all_text(read(named)), all_text(read(named, names=True))
    for word in ("ABCD", "WXYZ", "Name1", "TAG1", "Bob"):
        assert word not in hidden, word
    assert "ABCD#123" in shown


def test_figures_are_those_of_the_games(named: Store) -> None:
    page = read(named)
    facts = dict(zip(page.of("dt"), page.of("dd"), strict=True))
    assert (facts["replays"], facts["games of two"], facts["quarantined"]) == ("6", "6", "0")
    assert (facts["first day"], facts["last day"]) == ("2024-01-01", "2024-01-06")
    rows = [page.of("td")[at : at + 5] for at in (0, 5)]
    assert rows == [["Fox", "6", "6", "0.833", "1"], ["Marth", "6", "6", "0.167", "1"]]


def test_a_built_store_has_every_part(small_store: Path) -> None:
    page = read(Store.open(small_store))
    assert page.of("h2")[-1] == "Features"
    assert {"Statistics", "Quality", "Files"} <= set(page.of("h2"))
    assert any("plain text" in text or "not a Slippi file" in text for text in page.of("td"))


def test_one_recording_of_one_player_is_enough(tmp_path: Path) -> None:
    rows = together([game("alone", ["FOX"], num_players=1, stage_name=None, started_at=None)])
    page = read(make_store(tmp_path, rows))
    assert any("No games of two" in text for text in page.of("p"))
    assert any("when its game began" in text for text in page.of("p"))
