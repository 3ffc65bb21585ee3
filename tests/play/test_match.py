"""`exphil play` at a program that behaves as Dolphin: launched by libmelee, through the menus, game after game."""

import io
import sys
from pathlib import Path
from typing import Any

import pytest

from exphil.errors import PlayError, UsageError
from exphil.live.stream import EventStream
from exphil.play.match import Match, MatchOptions, Player, summary
from exphil.play.runner import PolicyRunner
from exphil.play.status import Status
from exphil.play.watchdog import Watchdog
from exphil.synth.generate import synthesise
from tests.play.chain import ChainEngine
from tests.play.staged import Staged, decided

pytest.importorskip("melee")
pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the fake Dolphin is a script with named pipes"
)

SEED = 5
FOX, MARTH, FALCO = 1, 23, 19  # as libmelee numbers the select screen's places


@pytest.fixture(scope="module")
def replays(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two games of a few seconds."""
    folder = tmp_path_factory.mktemp("games")
    synthesise(folder, count=2, max_frames=200, versions=((3, 18, 0),), workers=1)
    return sorted(folder.rglob("*.slp"))


@pytest.fixture
def staged(tmp_path: Path, replays: list[Path]) -> Staged:
    return Staged(tmp_path, replays)


def player(name: str = "bot", character: str | None = "fox", delay: int = 0) -> Player:
    return Player(name, ChainEngine(delay, row_bytes=194), character)


class Played:
    """A match that is over."""

    def __init__(self, staged: Staged, opponent: Player | str = "human", **options: Any) -> None:
        self.told = io.StringIO()
        self.engine = ChainEngine(row_bytes=194)
        other = options.pop("opponent_character", None)
        self.match = Match(
            Player("bot", self.engine, "fox"),
            opponent,
            MatchOptions(
                dolphin=staged.dolphin,
                iso=staged.iso,
                slippi_port=staged.slippi_port,
                seed=SEED,
                **{"port": 2, "opponent_port": 1, **options},
            ),
            events=EventStream,
            status=Status(self.told),
            opponent_character=other,
            watchdog=Watchdog(budget_s=60.0),
        )

    def play(self) -> dict[str, Any]:
        self.match.play()
        return self.match.report()


def held_in(staged: Staged, game: int, port: int, **more: Any) -> dict[int, dict[str, Any]]:
    return {line["frame"]: line["pads"][str(port)] for line in staged.logged(game=game, **more)}


def expected(staged: Staged, game: int, port: int) -> dict[int, dict[str, Any]]:
    runner = PolicyRunner(ChainEngine(row_bytes=194), seed=SEED + port)
    return decided(runner, staged.replays[game], port)


def test_against_a_human_who_chooses(staged: Staged) -> None:
    staged.plan("menus", "game 0", "results", "menus", "game 1", "exit 0", human=1, human_starts=True)
    played = Played(staged)
    report = played.play()

    chosen = [line["hands"]["2"] for line in staged.logged(menus="left")]
    assert [hand["character"] for hand in chosen] == [_place("FOX")] * 2
    assert len(report["games"]) == 2
    assert report["missed"] == 0
    for game in (0, 1):
        held = held_in(staged, game, 2)
        wanted = expected(staged, game, 2)
        assert held == wanted
        assert len({str(state) for state in held.values()}) > 50  # it did play
    assert "starting Dolphin" in played.told.getvalue()


def _place(name: str) -> int:
    import melee

    return int(melee.from_internal(melee.Character[name]))
