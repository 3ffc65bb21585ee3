"""A folder of replays: reproducible, complete, and careful with what is there already."""

import errno
import hashlib
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from exphil.cli.synth import synth
from exphil.errors import ExphilError, UsageError
from exphil.synth import generate
from exphil.synth.generate import replay_name, synthesise, write_error
from exphil.synth.match import VERSIONS, draw_match, parse_version


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_files_do_not_depend_on_count_or_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synthesise(tmp_path / "five", count=5, max_frames=260)
    monkeypatch.setattr(generate, "_MAX_GAMES", 2)
    written = synthesise(tmp_path / "seven", count=7, max_frames=260)
    five, seven = digests(tmp_path / "five"), digests(tmp_path / "seven")
    assert set(seven) == {replay_name(index) for index in range(7)}
    assert five == {name: seven[name] for name in five}
    assert written.num_files == 7
    assert written.num_bytes == sum(path.stat().st_size for path in (tmp_path / "seven").iterdir())


@pytest.mark.slow
def test_files_do_not_depend_on_workers(tmp_path: Path) -> None:
    synthesise(tmp_path / "one", count=4, max_frames=220, workers=1)
    synthesise(tmp_path / "two", count=4, max_frames=220, workers=2)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


def test_a_second_run_leaves_the_same_files(tmp_path: Path) -> None:
    synthesise(tmp_path, count=2, max_frames=220)
    before = digests(tmp_path)
    synthesise(tmp_path, count=2, max_frames=220)
    assert digests(tmp_path) == before


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"thesis\.txt.*--overwrite"):
        synthesise(tmp_path, count=1, max_frames=220)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    synthesise(tmp_path, count=1, max_frames=220, overwrite=True)
    assert (tmp_path / "thesis.txt").read_text() == "mine"
    assert (tmp_path / replay_name(0)).exists()


def test_a_file_in_the_way_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        synthesise(tmp_path / "out", count=1)
    with pytest.raises(ExphilError, match="could not be written"):
        synthesise(tmp_path / "out" / "deeper", count=1)


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.ENOSPC, "disk is full"), (errno.EACCES, "not writable"), (errno.EIO, "could not be written")],
)
def test_failed_writes_name_the_way_out(number: int, words: str) -> None:
    assert words in str(write_error(Path("there"), OSError(number, "why")))


def test_a_failed_write_leaves_nothing_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(ExphilError, match="disk is full"):
        synthesise(tmp_path, count=1, max_frames=220)
    assert list(tmp_path.iterdir()) == []


def test_a_dead_worker_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Dying:
        def __init__(self, *args: object, **kwargs: object) -> None:
            self.closed = False

        def submit(self, *args: object) -> Future[None]:
            future: Future[None] = Future()
            future.set_exception(BrokenProcessPool("a child was killed"))
            return future

        def shutdown(self, **kwargs: object) -> None:
            self.closed = True

    monkeypatch.setattr(generate, "ProcessPoolExecutor", Dying)
    with pytest.raises(ExphilError, match="--workers 1"):
        synthesise(tmp_path, count=2, max_frames=220, workers=2)


def test_a_disk_too_small_is_noticed_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "_BYTES_A_FRAME", 10**18)
    with pytest.raises(ExphilError, match="--count"):
        synthesise(tmp_path, count=1, max_frames=220)


@pytest.mark.parametrize(
    "asked",
    [{"count": 0}, {"count": 1, "seed": -1}, {"count": 1, "max_frames": 5}, {"count": 1, "workers": 0}],
)
def test_senseless_requests_are_usage_errors(asked: dict[str, int], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="must be"):
        synthesise(tmp_path, **asked)


@pytest.mark.parametrize("text", ["3", "3.14.0.1", "three", "3.19.0", "0.0.1", "3.300"])
def test_unknown_versions_are_usage_errors(text: str) -> None:
    with pytest.raises(UsageError, match="version"):
        parse_version(text)


def test_versions_read_as_people_write_them() -> None:
    assert parse_version("3.14") == parse_version("3.14.0") == (3, 14, 0)


def test_the_default_mix_covers_versions_ports_and_players() -> None:
    matches = [draw_match(0, index) for index in range(150)]
    assert {match.version for match in matches} == set(VERSIONS)
    assert len({match.stage for match in matches}) == 6
    assert {tuple(player.port for player in match.players) for match in matches} > {(1, 2), (1, 3)}
    assert any(player.cpu_level for match in matches for player in match.players)
    assert any(match.rollbacks for match in matches)
    assert len({match.started_at[:10] for match in matches}) > 20
    online = [match for match in matches if match.version >= (3, 9, 0)]
    assert all(player.code for match in online for player in match.players if player.cpu_level is None)
    assert all(len({player.code for player in match.players}) == 2 for match in online)


def test_games_of_a_set_share_players_and_day() -> None:
    first, second, other = (draw_match(4, index, versions=((3, 14, 0),)) for index in (4, 5, 6))
    assert first.match_id
    assert [player.code for player in first.players] == [player.code for player in second.players]
    assert first.match_id == second.match_id
    assert [match.game_number for match in (first, second)] == [1, 2]
    assert first.started_at != second.started_at
    assert first.started_at[:10] == second.started_at[:10]
    assert other.match_id != first.match_id


def test_the_command_says_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    synth(tmp_path / "out", count=2, frames=220, versions=["1.7.1"])
    assert capsys.readouterr().out.startswith(f"2 replays in {tmp_path / 'out'}: ")
    assert len(list((tmp_path / "out").iterdir())) == 2
