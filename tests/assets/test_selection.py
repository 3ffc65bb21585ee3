"""Which files a command takes: filters look at each game's first and last bytes."""

import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from exphil.assets.selection import ReplaySelection, select
from exphil.errors import UsageError
from exphil.synth import synth_replay

GAMES = {
    "a.slp": {"characters": ("FOX", "MARTH"), "stage": "BATTLEFIELD"},
    "b.slp": {"characters": ("FALCO", "FOX"), "stage": "FINAL_DESTINATION"},
    "c.slp": {"characters": ("SHEIK", "PEACH"), "stage": "FINAL_DESTINATION"},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three games, and a file that is none."""
    root = tmp_path_factory.mktemp("games")
    for name, options in GAMES.items():
        (root / name).write_bytes(synth_replay(frames=200, **options))  # type: ignore[arg-type]
    (root / "zzz.slp").write_text("not a game")
    return root


def _names(folder: Path, **filters: object) -> tuple[list[str], int]:
    chosen = select(ReplaySelection(roots=(folder,), **filters))  # type: ignore[arg-type]
    return [Path(source.path).name for source in chosen.sources], chosen.num_left_out


def test_without_filters_everything_is_taken_in_order(folder: Path) -> None:
    assert _names(folder) == (["a.slp", "b.slp", "c.slp", "zzz.slp"], 0)
    assert _names(folder, max_files=2) == (["a.slp", "b.slp"], 0)


def test_filters_leave_out_games_but_not_what_cannot_be_told(folder: Path) -> None:
    assert _names(folder, characters=frozenset({"FOX"})) == (["a.slp", "b.slp", "zzz.slp"], 1)
    assert _names(folder, stages=frozenset({"FINAL_DESTINATION"})) == (["b.slp", "c.slp", "zzz.slp"], 1)
    both = {"characters": frozenset({"FOX"}), "stages": frozenset({"FINAL_DESTINATION"})}
    assert _names(folder, **both) == (["b.slp", "zzz.slp"], 2)


def test_the_limit_counts_what_matches(folder: Path) -> None:
    found, _ = _names(folder, characters=frozenset({"PEACH", "FALCO"}), max_files=2)
    assert found == ["b.slp", "c.slp"]


def test_since_goes_by_the_recording_and_else_by_the_file(tmp_path: Path) -> None:
    game = synth_replay(frames=200)
    (tmp_path / "recorded.slp").write_bytes(game)
    bare = game.replace(b"startAt", b"begunAt")
    assert bare != game
    for name, year in (("old.slp", 2020), ("new.slp", 2024)):
        (tmp_path / name).write_bytes(bare)
        then = datetime(year, 6, 1, tzinfo=UTC).timestamp()
        os.utime(tmp_path / name, (then, then))
    os.utime(tmp_path / "recorded.slp", (0, 0))
    found, left_out = _names(tmp_path, since=datetime(2022, 1, 1, tzinfo=UTC))
    assert "new.slp" in found
    assert "old.slp" not in found
    assert "recorded.slp" in found  # its own start counts, not the file's time
    assert left_out == 1


def test_members_of_archives_are_looked_into(folder: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "games.zip", "w") as archive:
        for name in GAMES:
            archive.write(folder / name, name)
    found, left_out = _names(tmp_path, characters=frozenset({"SHEIK"}))
    assert (found, left_out) == (["c.slp"], 2)


def test_nothing_to_take_is_explained(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        select(ReplaySelection(roots=(tmp_path / "none",)))
    with pytest.raises(UsageError, match="no replay in"):
        select(ReplaySelection(roots=(tmp_path,)))
    with pytest.raises(UsageError, match="none of the 1 replays matches"):
        select(ReplaySelection(roots=(folder / "a.slp",), characters=frozenset({"ROY"})))
