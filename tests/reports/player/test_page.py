"""A player's page: the same games as their files tell, whoever's name is given."""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from exphil.assets import plan, replays, stats
from exphil.assets.workers import Workers
from exphil.cli.reading import find_replays, read_games
from exphil.errors import UsageError
from exphil.melee.attacks import move_name
from exphil.melee.characters import character_title
from exphil.reports.player import trends
from exphil.reports.player.names import find_player
from exphil.reports.player.page import player_page
from exphil.reports.player.subject import Subject
from exphil.sql.database import Database
from exphil.sql.people import write_people
from exphil.stats.figures import FIGURES
from exphil.stats.played import Played, Side
from exphil.stats.summary import Summary
from exphil.store.store import Store
from exphil.synth.generate import synthesise
from tests.pages.reading import ReadPage, without_vega


def build(folder: Path, files: Sequence[Path]) -> Path:
    """Root of a store of these files, in a folder of its own."""
    store = Store.create(folder / "store")
    with Workers(1) as workers:
        for batch in plan.enqueue(store, find_replays(files)):
            replays.ingest(store, batch, workers)
            stats.materialize(store, batch, workers)
    return folder / "store"


def games_of(files: Sequence[Path], name: str) -> list[tuple[Played, Side, Side]]:
    """(game, own side, opponent's) of the games that somebody of this name plays."""
    found = []
    for read in read_games(find_replays(files), documents=False):
        assert read.played is not None
        one, other = read.played.sides
        if one.is_called(name) or other.is_called(name):
            found.append((read.played, *((one, other) if one.is_called(name) else (other, one))))
    return found


class Tables:
    """A page's tables by their first column's heads."""

    def __init__(self, html: str) -> None:
        self.page = ReadPage(without_vega(html))
        self.rows: list[list[str]] = []
        cells = [(tag, text) for tag, text in self.page.texts if tag in ("button", "td", "h2", "h3")]
        for tag, text in cells:
            if tag == "button" and (not self.rows or self.rows[-1][0] != "head"):
                self.rows.append(["head"])
            if tag in ("h2", "h3"):
                self.rows.append([tag])
            elif not self.rows:
                continue
            elif tag == "td" and self.rows[-1][0] == "head":
                self.rows.append(["cells"])
            self.rows[-1].append(text)

    def of(self, *head: str, place: int = 0) -> list[list[str]]:
        """Lines of a table whose heads begin so: of several the one in that place."""
        found = []
        for number, row in enumerate(self.rows):
            names = [name for name in row[1:] if name != "Save as SVG"]
            if row[0] == "head" and tuple(names[: len(head)]) == head:
                cells = self.rows[number + 1][1:]
                found.append([cells[at : at + len(names)] for at in range(0, len(cells), len(names))])
        assert len(found) > place, f"no table begins with {head}"
        return found[place]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Synthesised games that name their players."""
    folder = tmp_path_factory.mktemp("games")
    synthesise(folder, count=10, max_frames=700, versions=((3, 14, 0), (3, 18, 0)))
    return sorted(folder.glob("*.slp"))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, files: list[Path]) -> Path:
    return build(tmp_path_factory.mktemp("player"), files)


@pytest.fixture(scope="module")
def shared(root: Path) -> tuple[str, list[str]]:
    """A netplay name that two connect codes have, and the codes."""
    with Database(Store.open(root)) as database:
        [found, *_] = (
            database.query(
                "SELECT netplay_name AS name, list(DISTINCT connect_code ORDER BY connect_code) AS codes FROM players"
                " GROUP BY ALL HAVING count(DISTINCT connect_code) = 2 ORDER BY name"
            )
            .read_all()
            .to_pylist()
        )
    return found["name"], found["codes"]


@pytest.fixture(scope="module")
def name(shared: tuple[str, list[str]]) -> str:
    """A connect code."""
    return shared[1][0]


@pytest.fixture(scope="module")
def html(root: Path, name: str) -> str:
    """The page, asked for in other letters."""
    return player_page(Store.open(root), name.lower()).html()


def test_the_record_is_that_of_the_files(html: str, files: list[Path], name: str) -> None:
    tables = Tables(html)
    games = games_of(files, name)
    expected: dict[str, list[int]] = {}
    for game, own, other in games:
        line = expected.setdefault(character_title(other.character), [0, 0, 0])
        line[0] += 1
        line[1] += game.winner == own.port
        line[2] += game.winner == other.port
    found = {row[0]: [int(cell) for cell in row[1:4]] for row in tables.of("opponent's character", "games")}
    assert found == expected


def test_the_figures_are_those_of_the_files(html: str, files: list[Path], name: str) -> None:
    own = others = Summary()
    for _, mine, theirs in games_of(files, name):
        own, others = own + mine.summary, others + theirs.summary
    found = Tables(html).of("group", "figure", name, "opponents")
    assert found == [
        [group, figure.title.strip(), figure.told(own), figure.told(others)]
        for group, figures in FIGURES.items()
        for figure in figures
    ]


@pytest.mark.parametrize(("most", "period"), [(90, "day"), (1, "month")])
def test_trends_go_by_day_or_by_month(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, period: str
) -> None:
    """One person is behind a code of every set: each set has a day of its own."""
    copy = tmp_path / "store"
    shutil.copytree(root, copy)
    with Database(Store.open(root)) as database:
        rows = (
            database.query(
                "SELECT min(connect_code) AS code, min(day)::VARCHAR AS day, count(*) AS games FROM sides"
                " GROUP BY least(connect_code, opponent_code), greatest(connect_code, opponent_code)"
            )
            .read_all()
            .to_pylist()
        )
    write_people(copy, tuple(("Somebody", row["code"]) for row in rows))
    monkeypatch.setattr(trends, "FEWEST_DAYS", 2)
    monkeypatch.setattr(trends, "MOST_POINTS", most)
    page = ReadPage(without_vega(player_page(Store.open(copy), "Somebody").html()))
    drawn = [row for spec in page.data for row in values(spec)]
    counted = {row["from"]: row["games"] for row in drawn if f"games a {period}" in row}
    expected: Counter[str] = Counter()
    for row in rows:
        expected[row["day"] if period == "day" else f"{row['day'][:7]}-01"] += row["games"] // 2
    assert counted == expected
    inputs = [row for row in drawn if row.get("inputs a minute") is not None]
    assert {(row["who"], row["point"]) for row in inputs} == {
        (who, point) for who in ("Somebody", "opponents") for point in expected
    }


def values(spec: Any) -> Iterator[dict[str, Any]]:
    """Every object of a list in a chart: its rows of data among them."""
    for part in spec.values() if isinstance(spec, dict) else spec if isinstance(spec, list) else ():
        if isinstance(spec, list) and isinstance(part, dict):
            yield part
        yield from values(part)


def test_what_quality_excludes_does_not_count() -> None:
    some = Subject.of(lambda _: [{"games": 5, "excluded": 2}], "ABCD#123")
    assert (some.num_games, some.num_left_out) == (3, 2)
    assert "excluded IS NOT TRUE" in some.rows("sides")
    every = Subject.of(lambda _: [{"games": 5, "excluded": 5}], "ABCD#123")
    assert (every.num_games, every.num_left_out) == (5, 0)
    assert "excluded" not in every.rows("sides")


def test_punishes_and_stocks_are_those_of_slippis_documents(full_replays: list[Path], tmp_path: Path) -> None:
    name = "NUT#356"
    files = [path for path in full_replays if "v3.14.0_falco-falco" in path.name][:3]
    openings: Counter[str] = Counter()
    first_moves: Counter[str] = Counter()
    taken: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    for read in read_games(find_replays(files), documents=True):
        found = json.loads(read.document or "")
        [index] = [p["playerIndex"] for p in found["settings"]["players"] if p["connectCode"] == name]
        kills = {True: [], False: []}
        for punish in found["stats"]["conversions"]:
            own = punish["lastHitBy"] == index
            if own:
                openings[punish["openingType"]] += 1
                first_moves.update(move_name(move["moveId"]) for move in punish["moves"][:1])
            if punish["didKill"]:
                kills[own].append(move_name(punish["moves"][-1]["moveId"]) if punish["moves"] else "no move")
        gone = {True: 0, False: 0}
        for stock in found["stats"]["stocks"]:
            gone[stock["playerIndex"] != index] += "endFrame" in stock
        for own, counted in ((True, taken), (False, lost)):
            counted.update(kills[own])
            counted["self-destruct"] += gone[own] - len(kills[own])
    tables = Tables(player_page(Store.open(build(tmp_path, files)), name).html())
    assert {row[0]: int(row[1]) for row in tables.of("how it began")} == openings
    assert {row[0]: int(row[1]) for row in tables.of("opening move")} == first_moves
    assert {row[0]: int(row[1]) for row in tables.of("move", "stocks")} == +taken
    assert {row[0]: int(row[1]) for row in tables.of("move", "stocks", place=1)} == +lost
    assert sum(lost.values()) == sum(int(row[1]) for row in tables.of("against", "stocks"))


def test_every_section_is_there_and_nothing_is_fetched(html: str, name: str) -> None:
    page = ReadPage(without_vega(html))
    assert page.of("h1") == [name]
    assert set(page.of("h2")) >= {
        "Record", "Head to head", "Over time", "Punishes", "Kills", "Stocks lost", "Off the stage",
        "Sets and sessions", "All figures",
    }  # fmt: skip
    assert not [value for tag, key, value in page.attributes if key in ("src", "href") and value[:1] != "#"]


def test_without_statistics_there_is_a_record_and_the_way_to_more(
    root: Path, tmp_path: Path, name: str
) -> None:
    shutil.copytree(root, tmp_path / "store")
    store = Store.open(tmp_path / "store")
    with store.writing() as transaction:
        transaction.change("stats", remove=[part.name for part in store.manifest.of("stats")])
        transaction.commit()
    page = ReadPage(without_vega(player_page(store, name).html()))
    assert "Punishes" not in page.of("h2")
    assert "Record" in page.of("h2")
    assert any("exphil materialize stats" in text for text in page.of("p"))


def test_several_codes_are_one_person(
    root: Path, files: list[Path], shared: tuple[str, list[str]], tmp_path: Path
) -> None:
    copy = tmp_path / "store"
    shutil.copytree(root, copy)
    write_people(copy, tuple(("O'Neil <3>", code) for code in shared[1]))
    apart = [games_of(files, code) for code in shared[1]]
    with Database(Store.open(copy)) as database:
        for text in ("o'neil <3>", shared[1][0], shared[1][1].lower()):
            assert find_player(database, text) == "O'Neil <3>"
    tables = Tables(player_page(Store.open(copy), shared[1][1]).html())
    assert tables.page.of("h1") == ["O'Neil <3>"]
    rows = tables.of("opponent's character", "games")
    assert sum(int(row[1]) for row in rows) == sum(map(len, apart)) > max(map(len, apart))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda name: name[:-1] + "~", "did you mean"),
        (lambda name: "~~~~~~~~", "those with most games"),
    ],
)
def test_nobody_of_that_name(root: Path, name: str, spoil: Callable[[str], str], told: str) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        player_page(Store.open(root), spoil(name))
    assert name in str(caught.value)


def test_a_name_that_several_have_asks_for_a_code(root: Path, shared: tuple[str, list[str]]) -> None:
    """Netplay names are chosen freely; connect codes are not."""
    with Database(Store.open(root)) as database:
        with pytest.raises(
            UsageError, match=f"2 players are called {shared[0]}: give the connect code"
        ) as caught:
            find_player(database, shared[0])
        assert all(code in str(caught.value) for code in shared[1])
        rows = database.query(
            "SELECT netplay_name AS name, any_value(connect_code) AS code FROM players GROUP BY ALL"
            " HAVING count(DISTINCT connect_code) = 1"
        ).read_all()
        assert rows.num_rows
        for row in rows.to_pylist():
            assert find_player(database, row["name"].upper()) == row["code"]


def test_an_empty_name_is_nobodys(root: Path) -> None:
    with pytest.raises(UsageError, match="empty name"):
        player_page(Store.open(root), " ")


def test_opponents_are_named_when_asked_and_numbered_otherwise(
    root: Path, files: list[Path], name: str, html: str
) -> None:
    met = {own_name for _, _, other in games_of(files, name) for own_name in other.names}
    assert met
    with Database(Store.open(root)) as database:
        others = (
            database.query("SELECT connect_code, netplay_name, name_tag FROM players").read_all().to_pylist()
        )
    own = {text for row in others if row["connect_code"] == name for text in row.values()}
    texts = {text for _, text in Tables(html).page.texts}
    for hidden in met - own:
        assert not [text for text in texts if hidden in text], hidden
        assert "#" not in hidden or hidden not in html
    named = Tables(player_page(Store.open(root), name, names=True).html())
    numbered = Tables(html)
    for head in (("opponent", "most often as"), ("day", "opponent")):
        assert len(numbered.of(*head)) == len(named.of(*head)) > 0
    people = [row[0] for row in named.of("opponent", "most often as")]
    numbers = [row[0] for row in numbered.of("opponent", "most often as")]
    assert set(people) <= met
    assert numbers == [f"opponent {place}" for place in range(1, len(people) + 1)]
    called = dict(zip(people, numbers, strict=True))
    days = named.of("day", "opponent")
    assert [called[row[1]] for row in days] == [row[1] for row in numbered.of("day", "opponent")]


def test_an_empty_store_names_nobody(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="names its players"):
        player_page(Store.create(tmp_path / "store"), "ABCD#123")
