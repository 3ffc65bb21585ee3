"""The asset's tables against the same recordings read directly: whole, cut, rolled back, in teams, of every version."""

import json
from pathlib import Path

import pytest

from exphil.assets import plan, replays, stats
from exphil.assets.workers import Workers
from exphil.replays.frames import frame_tables
from exphil.replays.reader import read_game
from exphil.replays.sources import find_sources
from exphil.stats.slippi_json import document
from exphil.store.store import Store
from tests.replays import slp
from tests.stats.tables import told_by_tables

FRAMES = 180


def recordings(version: slp.Version) -> dict[str, slp.Recording]:
    """By what is the matter with them."""
    sound = slp.recording(version, frames=FRAMES)
    cut = slp.recording(version, frames=FRAMES, end=False)
    cut.events.append(slp.pre(version, -123 + FRAMES, 0))
    found = {"sound": sound, "cut": cut, "unended": slp.recording(version, frames=FRAMES, end=False)}
    teams = slp.recording(version, frames=FRAMES)
    teams.start[0xC] = 1
    for index in range(2):
        teams.start[0x64 + 0x24 * index + 9] = 1
    found["teams"] = teams
    found["three"] = slp.recording(version, frames=FRAMES, players={0: (2, 0), 1: (20, 0), 3: (9, 1)})
    nana = slp.recording(version, frames=0, players={0: (14, 0), 3: (2, 0)}, end=False)
    for number in range(FRAMES):
        here = [(0, False), (0, True), (3, False)] if not 40 <= number < 90 else [(0, False), (3, False)]
        nana.events += slp.frame_events(version, -123 + number, here)
    nana.events.append(slp.game_end(version))
    found["nana"] = nana
    if version >= (3, 7, 0):
        rolled = slp.recording(version, frames=FRAMES, end=False)
        for number in (FRAMES - 5, FRAMES - 4):
            rolled.events += slp.frame_events(version, -123 + number, salt=3)
        rolled.start[0x1A3] = 8
        found["rolled back"] = rolled
    for recording in found.values():
        recording.events = [_hurt(event) for event in recording.events]
    return found


def _hurt(event: bytes) -> bytes:
    """The second of the ports is hurt for ten frames of every ninety."""
    frame = int.from_bytes(event[1:5], "big", signed=True)
    hurt = event[0] == 0x38 and event[5] > 0 and frame % 90 < 10
    return event[:8] + b"\x00\x4b" + event[10:] if hurt else event


VERSIONS = [(0, 1, 0), (1, 7, 1), (2, 2, 0), (3, 6, 1), (3, 14, 0), (3, 18, 0)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("recordings")
    for number, version in enumerate(VERSIONS):
        for place, (name, recording) in enumerate(recordings(version).items()):
            seed = bytes([place, number])  # of its own: no two are the same game
            recording.start[0x13C:0x13E] = seed
            (made / f"{name} {version[0]}.{version[1]}.slp").write_bytes(recording.to_bytes())
    return made


def test_the_tables_say_what_is_read_directly(folder: Path, tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store")
    with Workers(1) as workers:
        for batch in plan.enqueue(store, list(find_sources([folder]))):
            replays.ingest(store, batch, workers)
            stats.materialize(store, batch, workers)
    told = told_by_tables(store)
    assert set(told) == {path.name for path in folder.iterdir()}
    assert len(told["sound 3.14.slp"]["conversions"]) > 1
    shares = [
        told[f"{name} 3.14.slp"]["overall"][1]["neutralWinRatio"]["total"] for name in ("sound", "teams")
    ]
    assert shares[0] > shares[1] == 0
    for path in folder.iterdir():
        game = read_game(path.read_bytes())
        direct = json.loads(json.dumps(document(game, frame_tables(game))))["stats"]
        if len(game.start["players"]) != 2:
            direct["overall"] = []
        assert told[path.name] == {part: direct[part] for part in told[path.name]}, path.name


@pytest.mark.parametrize(
    ("name", "last"),
    [("sound", FRAMES - 1), ("unended", FRAMES - 1), ("cut", FRAMES), ("rolled back", FRAMES - 4)],
)
def test_the_last_frame_is_the_one_written_last(folder: Path, name: str, last: int) -> None:
    for path in folder.glob(f"{name} 3.1*.slp"):
        game = read_game(path.read_bytes())
        assert game.latest_frame == -123 + last, path.name
