"""`exphil stats` as people type it: files, folders, archives, and games of a store."""

import gzip
import json
import re
import shutil
import signal
import zipfile
from pathlib import Path

import pytest

from exphil.cli import reading
from exphil.cli.reading import find_replays, read_games
from exphil.replays.frames import frame_tables
from exphil.replays.reader import read_game
from exphil.reports.player.games import chosen_games, played_games
from exphil.sql.database import Database
from exphil.stats.figures import FIGURES
from exphil.stats.slippi_json import document
from exphil.store.store import Store
from exphil.synth.generate import synthesise
from tests.cli.outcome import Run

GAMES = 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of synthesised games."""
    made = tmp_path_factory.mktemp("games")
    synthesise(made, count=GAMES, max_frames=900)
    return made


@pytest.fixture(scope="module")
def games(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.slp"))


def shape(path: Path) -> dict:
    """The file's document, as slippi-js would give it, gone through JSON."""
    game = read_game(path.read_bytes(), path)
    return json.loads(json.dumps(document(game, frame_tables(game))))


def test_a_game_side_by_side(exphil: Run, games: list[Path]) -> None:
    outcome = exphil("stats", games[0])
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert lines[1] == games[0].as_posix()
    for figures in FIGURES.values():
        for figure in figures:
            assert sum(line.strip().startswith(figure.title.strip()) for line in lines) >= 1
    assert max(map(len, lines[2:])) <= 80
    found = shape(games[0])
    [inputs] = [line.split() for line in lines if line.strip().startswith("inputs / minute")]
    rates = [player["inputsPerMinute"]["ratio"] for player in found["stats"]["overall"]]
    assert inputs[-2:] == [f"{rate:,.1f}" for rate in rates]


def test_one_file_as_json_is_the_document_itself(exphil: Run, games: list[Path]) -> None:
    outcome = exphil("stats", games[0], "--json")
    assert json.loads(outcome.out) == shape(games[0])
    assert list(json.loads(outcome.out)) == ["settings", "gameEnd", "winners", "stats"]


def test_one_file_is_one_however_it_is_named(
    exphil: Run, games: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (games[0].parent / "deeper").mkdir(exist_ok=True)
    monkeypatch.chdir(games[0].parent / "deeper")
    assert json.loads(exphil("stats", f"../{games[0].name}", "--json").out) == shape(games[0])


def test_several_files_as_json_are_a_list_with_paths(exphil: Run, folder: Path, games: list[Path]) -> None:
    expected = [{"path": path.as_posix(), **shape(path)} for path in games]
    assert json.loads(exphil("stats", folder, "--json").out) == expected
    assert json.loads(exphil("stats", games[1], games[0], "--json").out) == expected[:2]


def test_a_folder_with_one_game_is_a_list_still(exphil: Run, games: list[Path], tmp_path: Path) -> None:
    shutil.copy(games[0], tmp_path / "only.slp")
    [found] = json.loads(exphil("stats", tmp_path, "--json").out)
    assert found == {"path": (tmp_path / "only.slp").as_posix(), **shape(games[0])}


def test_packed_games_are_read_in_place(exphil: Run, games: list[Path], tmp_path: Path) -> None:
    packed = tmp_path / "game.slp.gz"
    packed.write_bytes(gzip.compress(games[0].read_bytes()))
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        for path in (games[2], games[1]):
            archive.write(path, f"night/{path.name}")
    assert json.loads(exphil("stats", packed, "--json").out) == shape(games[0])
    members = json.loads(exphil("stats", tmp_path / "more.zip", "--json").out)
    prefix = f"{(tmp_path / 'more.zip').as_posix()}!/night/"
    assert members == [{"path": f"{prefix}{path.name}", **shape(path)} for path in games[1:3]]
    assert len(list(tmp_path.iterdir())) == 2


def test_many_games_are_a_line_each_and_a_sum(exphil: Run, folder: Path, games: list[Path]) -> None:
    out = exphil("stats", folder).out
    for path in games:
        assert sum(line.startswith(f"{path.stem} ") for line in out.splitlines()) == 1
    sides = [side for path in games for side in shape(path)["stats"]["overall"]]
    lines, players = (part.splitlines() for part in out.rstrip().split("\n\n"))
    assert len(lines) == 1 + len(games)
    counted = [int(re.search(r" (\d+) +(?:-|\d+-\d+) ", line)[1]) for line in players[1:]]
    assert sum(counted) == len(sides)


def test_tables_fit_a_terminal_of_80_columns(
    exphil: Run, full_replays: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = [path for path in full_replays if "v3.14.0" in path.name or "v3.7.0" in path.name]
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    lines = re.sub(r"\x1b\[\d*m", "", exphil("stats", *chosen).out).splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(bool(re.search(r" │ \d+:\d\d │ ", line)) for line in lines) == len(chosen)
    assert not [line for line in lines if line.startswith(" ")]  # no cell is folded


def test_a_game_that_is_there_twice_counts_once(exphil: Run, games: list[Path], tmp_path: Path) -> None:
    shutil.copy(games[0], tmp_path / "a.slp")
    shutil.copy(games[0], tmp_path / "b.slp")
    outcome = exphil("stats", tmp_path)
    assert outcome.code == 0
    assert outcome.out.splitlines()[1] == (tmp_path / "a.slp").as_posix()
    assert outcome.err == f"left out: {(tmp_path / 'b.slp').as_posix()}: the same game as one before it\n"


def test_what_cannot_be_read_is_told_and_stops_nothing(
    exphil: Run, games: list[Path], tmp_path: Path
) -> None:
    shutil.copy(games[0], tmp_path / "game.slp")
    for number in range(7):
        (tmp_path / f"broken{number}.slp").write_bytes(b"no replay")
    outcome = exphil("stats", tmp_path)
    assert outcome.code == 0
    assert "OFFENCE" in outcome.out
    assert [line.split(":")[0] for line in outcome.err.splitlines()] == ["left out"] * 6
    assert outcome.err.splitlines()[-1] == "left out: 2 more"
    (tmp_path / "game.slp").unlink()
    outcome = exphil("stats", tmp_path)
    assert (outcome.code, outcome.out) == (1, "")
    outcome = exphil("stats", tmp_path, "--json")
    assert (outcome.code, json.loads(outcome.out)) == (1, [])


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_one_broken_file_is_one_line(exphil: Run, tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "broken.slp").write_bytes(b"no replay")
    outcome = exphil("stats", tmp_path / "broken.slp", *words)
    assert (outcome.code, outcome.out) == (1, "")
    assert len(outcome.err.splitlines()) == 1
    assert outcome.err.startswith(f"error: {(tmp_path / 'broken.slp').as_posix()}: ")


def test_games_of_more_than_two_are_told(exphil: Run, replay_dir: Path) -> None:
    [path] = replay_dir.glob("test_v3.13.0_teams-p1p2*.slp")
    outcome = exphil("stats", path)
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.endswith("players; there are statistics of games of two only\n")
    found = json.loads(exphil("stats", path, "--json").out)
    assert found["stats"]["conversions"] == []
    assert len(found["stats"]["overall"]) == len(found["settings"]["players"]) > 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "name a replay"),
        (("nowhere.slp",), "nowhere.slp does not exist"),
        ((".",), "no replay in ."),
        ((".", "--where", "true"), "--where"),
        (("--where", "true", "--query", "SELECT 1"), "--query"),
        ((".", "--workers", "0"), "--workers"),
    ],
)
def test_mistakes_are_one_line(exphil: Run, words: tuple[str, ...], told: str) -> None:
    outcome = exphil("stats", *words)
    assert (outcome.code, outcome.out, len(outcome.err.splitlines())) == (2, "", 1)
    assert told in outcome.err


def test_a_player_comes_first_and_strangers_are_asked_back(
    exphil: Run, full_replays: list[Path], tmp_path: Path
) -> None:
    chosen = [path for path in full_replays if "v3.14.0_falco-falco" in path.name]
    outcome = exphil("stats", *chosen, "--player", "nut#356")
    assert outcome.code == 0
    table = outcome.out.split("\n\n")[0].splitlines()
    assert len(table) == 1 + len(chosen)
    assert all(re.search(r"\d:\d\d  Falco NUT#356 +Falco \S+ +(won|lost) ", line) for line in table[1:])
    assert f"{len(chosen)} games" in outcome.out
    stranger = exphil("stats", *chosen, "--player", "NUT#355")
    assert (stranger.code, stranger.out) == (2, "")
    assert "did you mean NUT#356?" in stranger.err
    assert exphil("stats", *chosen, "--player", "NUT#355", "--json") == stranger
    of_one = json.loads(exphil("stats", *chosen, "--player", "CARO#994", "--json").out)
    assert [Path(found["path"]) for found in of_one] == [path for path in chosen if "_fod_" in path.name]


def test_workers_read_the_same_in_the_same_order(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken.slp").write_bytes(b"no replay")
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        for path in sorted(folder.glob("*.slp"), reverse=True):
            archive.write(path, path.name)
    monkeypatch.setattr(reading, "CHUNK_BYTES", 200_000)
    sources = find_replays([folder, tmp_path])
    alone = list(read_games(sources, documents=True, num_workers=1))
    shared = list(read_games(sources, documents=True, num_workers=2))
    assert alone == shared
    assert [read.path for read in alone] == [source.path for source in sources]


class Swallows:
    """Ctrl-C that arrives while this is destroyed is lost, as in the parser's destructors."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


def test_ctrl_c_that_a_destructor_swallows_ends_the_reading(
    games: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = []

    def one(*given: object) -> reading.Read:
        begun.append(given)
        Swallows()
        return reading.Read("game.slp")

    monkeypatch.setattr(reading, "_one", one)
    with pytest.raises(KeyboardInterrupt):
        list(read_games(find_replays(games), documents=False))
    assert len(begun) == 1


def test_a_store_and_its_files_give_one_summary(small_store: Path) -> None:
    files = [
        (read.played, read.game_id)
        for read in read_games(find_replays([small_store.parent / "replays"]), documents=False)
        if read.played is not None
    ]
    with Database(Store.open(small_store)) as database:
        stored = list(played_games(database, chosen_games()))
    by_path = {game.path: (game, game_id) for game, game_id in stored}
    assert len(stored) == len(files) > 1
    for game, game_id in files:
        other, other_id = by_path[game.path]
        assert game_id == other_id
        assert [side.summary for side in game.sides] == [side.summary for side in other.sides]
        assert [(s.port, s.character, s.player, s.names, s.stocks) for s in game.sides] == [
            (s.port, s.character, s.player, s.names, s.stocks) for s in other.sides
        ]
        assert (game.losses, game.stage, game.end_method, game.quitter, game.winner) == (
            other.losses, other.stage, other.end_method, other.quitter, other.winner,
        )  # fmt: skip


def test_games_of_a_store_by_condition_and_by_query(exphil: Run, small_store: Path) -> None:
    files = sorted((small_store.parent / "replays").glob("*.slp"))
    every = exphil("stats", "--store", small_store)
    assert every.code == 0
    one = exphil(
        "stats", "--store", small_store, "--query", "SELECT replay_id FROM games ORDER BY path LIMIT 1;"
    )
    path = one.out.splitlines()[1]
    assert path in [known.as_posix() for known in files]
    assert one.out == exphil("stats", path).out
    assert exphil("stats", "--store", small_store, "--where", f"path = '{path}' -- this one").out == one.out
    [found] = json.loads(exphil("stats", "--store", small_store, "--where", f"path = '{path}'", "--json").out)
    assert found == {"path": path, **shape(Path(path))}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--where", "stag = 1"), '"stage"'),
        (("--where", "stage = "), "no SQL condition"),
        (("--where", "stage = 'NOWHERE'"), "chooses no game"),
        (("--query", "SELECT path FROM games"), "replay_id"),
        (("--query", "SELECT replay_id FROM game"), "did you mean games?"),
        (("--query", "DROP VIEW games"), "--query"),
        (("--player", "nobody at all"), "nobody at all"),
    ],
)
def test_mistakes_about_a_store_are_one_line(
    exphil: Run, small_store: Path, words: tuple[str, ...], told: str
) -> None:
    outcome = exphil("stats", "--store", small_store, *words)
    assert (outcome.code, outcome.out, len(outcome.err.splitlines())) == (2, "", 1)
    assert told in outcome.err


def test_a_store_that_is_missing_or_empty(exphil: Run, tmp_path: Path) -> None:
    missing = exphil("stats", "--store", tmp_path / "none")
    assert (missing.code, missing.out) == (1, "")
    Store.create(tmp_path / "store")
    empty = exphil("stats", "--store", tmp_path / "store")
    assert (empty.code, empty.out) == (2, "")
    assert "no game of two" in empty.err


def test_a_store_without_statistics_says_how_to_build_them(
    exphil: Run, small_store: Path, tmp_path: Path
) -> None:
    shutil.copytree(small_store, tmp_path / "store")
    store = Store.open(tmp_path / "store")
    with store.writing() as transaction:
        transaction.change("stats", remove=[part.name for part in store.manifest.of("stats")])
        transaction.commit()
    outcome = exphil("stats", "--store", tmp_path / "store")
    assert (outcome.code, outcome.out, len(outcome.err.splitlines())) == (1, "", 1)
    assert "exphil materialize stats" in outcome.err
