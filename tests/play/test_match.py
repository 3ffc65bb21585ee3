"""`exphil play` at a program that behaves as Dolphin: launched by libmelee, through the menus, game after game."""

import gc
import io
import sys
from pathlib import Path
from typing import Any

import pytest

from exphil.errors import PlayError, UsageError
from exphil.live.stream import EventStream
from exphil.play.controller import ControllerState
from exphil.play.match import Match, MatchOptions, Player, summary
from exphil.play.runner import PolicyRunner
from exphil.play.status import Status
from exphil.play.watchdog import Watchdog
from exphil.synth.generate import synthesise
from tests.play.chain import ChainEngine
from tests.play.fake_menus import CPU, HUMAN
from tests.play.staged import Staged, as_held, decided

pytest.importorskip("melee")
pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the fake Dolphin is a script with named pipes"
)

SEED = 5
NEUTRAL = as_held(ControllerState())


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


def _place(name: str) -> int:
    """A character's place on the select screen, by libmelee's name."""
    melee: Any = pytest.importorskip("melee")
    return int(melee.from_internal(melee.Character[name]))


def test_against_a_human_who_chooses(staged: Staged, monkeypatch: pytest.MonkeyPatch) -> None:
    went: list[bool] = []
    monkeypatch.setattr("exphil.play.steady.go_first", lambda: went.append(gc.isenabled()) or (lambda: None))
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
    assert went == [False]  # it goes before other programs, and the collector rests
    assert gc.isenabled()


def test_against_a_cpu_on_a_chosen_stage(staged: Staged) -> None:
    staged.plan("menus", "game 1", "pause 20")
    report = Played(
        staged, "cpu", stage="bf", games=1, port=1, opponent_port=2, opponent_character="marth", cpu_level=7
    ).play()

    (left,) = staged.logged(menus="left")
    assert left["stage"] == "BATTLEFIELD"
    assert left["hands"]["1"] == {"character": _place("FOX"), "status": HUMAN, "level": 1}
    assert left["hands"]["2"] == {"character": _place("MARTH"), "status": CPU, "level": 7}
    assert held_in(staged, 1, 1) == expected(staged, 1, 1)
    assert {tuple(state["held"]) for state in held_in(staged, 1, 2).values()} == {()}  # the CPU's pad rests
    assert len(report["games"]) == 1


def test_two_runs_against_each_other(staged: Staged) -> None:
    staged.plan("menus", "game 0", "exit 0")
    report = Played(staged, player("other", "captain falcon"), port=1, opponent_port=2).play()

    (left,) = staged.logged(menus="left")
    assert [left["hands"][port]["character"] for port in "12"] == [_place("FOX"), _place("CPTFALCON")]
    for port in (1, 2):
        assert held_in(staged, 0, port) == expected(staged, 0, port)
    assert [one["run"] for one in report["players"]] == ["bot", "other"]


def test_rollbacks_leave_the_inputs_as_they_are(staged: Staged) -> None:
    staged.plan("menus", "rollbacks 0", "exit 0", human=1, human_starts=True)
    report = Played(staged).play()

    wanted = expected(staged, 0, 2)
    assert len(staged.logged(again=True)) > 30
    assert held_in(staged, 0, 2) == wanted  # the last input of every frame
    assert report["frames"] == len(wanted)


def test_a_console_that_sends_garbage_hangs_up_and_restarts(staged: Staged) -> None:
    staged.plan(
        "garbage", "menus", "garbage", "cut 0", "garbage", "hang up", "menus", "cut 1", "game 0", "exit 0",
        human=1, human_starts=True,
    )  # fmt: skip
    played = Played(staged)
    report = played.play()

    told = played.told.getvalue()
    assert "a packet of 13 bytes is no Slippi message" in told
    assert "unknown message 'weather_report'" in told
    assert "the console closed the connection; waiting for it to come back" in told
    assert "the console is back" in told
    assert "another game begins before the end of this one" in told
    assert len(report["games"]) == 3
    assert held_in(staged, 0, 2) == expected(staged, 0, 2)  # the second time it is played whole
    half = held_in(staged, 1, 2)
    assert half.items() <= expected(staged, 1, 2).items()
    assert len(half) > 20


def test_a_game_without_the_port_is_watched(staged: Staged) -> None:
    staged.plan("menus", "game 0", "exit 0", human=1, human_starts=True)
    played = Played(staged, port=4)
    report = played.play()

    assert "bot: port 4 has no part in this game of ports 1 and 2" in played.told.getvalue()
    assert {str(state) for state in held_in(staged, 0, 4).values()} == {str(NEUTRAL)}
    assert report["latency"]["p50_ms"] is None


def test_a_dolphin_that_fails_says_so(staged: Staged) -> None:
    staged.plan("exit 9")
    with pytest.raises(PlayError, match="exit code 9"):
        Played(staged).play()
    staged.plan("menus", "cut 0", "exit 9", human=1, human_starts=True)
    played = Played(staged)
    played.play()
    assert "Dolphin ended with exit code 9" in played.told.getvalue()


def test_dolphin_and_its_user_folder_are_gone_in_the_end(staged: Staged) -> None:
    staged.plan("menus", "game 0", "pause 60", human=1, human_starts=True)
    played = Played(staged, games=1)
    console = played.match.dolphin._console
    folder = Path(console.temp_dir)
    assert folder.is_dir()
    played.play()
    assert played.match.dolphin.ended() is None
    assert not folder.exists()


def test_what_is_no_dolphin_is_told(staged: Staged, tmp_path: Path) -> None:
    staged.plan("exit 0")
    wrong = tmp_path / "wrong"
    wrong.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    with pytest.raises(PlayError, match=r"--dolphin .*wrong: .*Permission denied"):
        Match(player(), "human", options(staged, dolphin=wrong), events=EventStream, status=quiet())
    wrong.chmod(0o755)
    with pytest.raises(PlayError, match="this is no Dolphin that libmelee knows"):
        Match(player(), "human", options(staged, dolphin=wrong), events=EventStream, status=quiet())


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"dolphin": Path("nowhere")}, "--dolphin nowhere does not exist"),
        ({"iso": Path("nowhere")}, "--iso nowhere is no file"),
        ({"dolphin_home": Path("nowhere")}, "--dolphin-home nowhere is no folder"),
        ({"stage": "venom"}, "--stage venom: only FOUNTAIN_OF_DREAMS"),
        ({"port": 5}, "port 5: a console has the ports 1 to 4"),
        ({"port": 1, "opponent_port": 1}, "both players sit at port 1: give another --opponent-port"),
        ({"games": 0}, "--games 0"),
        ({"slippi_port": 70_000}, "--slippi-port 70000: ports go from 1 to 65535"),
        ({"delay": 1}, r"--delay 1: bot was trained with a delay of 0 frames"),
        ({"temperature": -1.0}, "temperature -1.0 must be 0 or above"),
    ],
)
def test_what_cannot_be_is_told_before_dolphin_starts(
    staged: Staged, changed: dict[str, Any], said: str
) -> None:
    staged.plan("exit 0")
    with pytest.raises(UsageError, match=said):
        Match(player(), "human", options(staged, **changed), events=EventStream, status=quiet())


@pytest.mark.parametrize(
    ("ours", "kind", "theirs", "level", "said"),
    [
        ("giga bowser", "human", None, 9, "--character giga bowser: nobody can choose"),
        ("fox", "human", "fox", 9, "--opponent-character: a human chooses"),
        ("fox", "cpu", "sheik", 9, "a CPU cannot be made to choose Sheik"),
        ("fox", "cpu", "fox", 10, "--cpu-level 10: levels go from 1 to 9"),
    ],
)
def test_characters_that_cannot_be_chosen(
    staged: Staged, ours: str, kind: str, theirs: str | None, level: int, said: str
) -> None:
    staged.plan("exit 0")
    with pytest.raises(UsageError, match=said):
        Match(
            player(character=ours),
            kind,
            options(staged, cpu_level=level),
            events=EventStream,
            status=quiet(),
            opponent_character=theirs,
        )


def test_a_player_plays_what_it_was_trained_on() -> None:
    engine = ChainEngine(row_bytes=194)
    assert Player("bot", engine, "doc", "FOX").chosen("--character") == "DR_MARIO"
    assert Player("bot", engine, None, "MARTH").chosen("--character") == "MARTH"
    assert Player("bot", engine).chosen("--character") == "FOX"


def test_the_summary_names_what_a_person_asks(staged: Staged) -> None:
    staged.plan("menus", "game 0", "exit 0", human=1, human_starts=True)
    rows = dict(summary(Played(staged).play()))
    assert rows["games"] == "1"
    assert rows["missed"].startswith("0 ")
    assert rows["latency"].startswith("p50 ")


def options(staged: Staged, **changed: Any) -> MatchOptions:
    given = {"dolphin": staged.dolphin, "iso": staged.iso, "slippi_port": staged.slippi_port, **changed}
    return MatchOptions(**given)


def quiet() -> Status:
    return Status(io.StringIO())
