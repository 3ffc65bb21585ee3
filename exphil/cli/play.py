"""`exphil play`: a trained policy at a console."""

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from cyclopts import Parameter

from exphil.cli import output
from exphil.cli.options import JsonFlag, ModelsOption
from exphil.cli.play_settings import check_settings, refuse_with_shadow
from exphil.config.roots import models_root
from exphil.errors import INTERRUPTED, UsageError

if TYPE_CHECKING:
    from exphil.play.engine import Engine
    from exphil.play.match import Player

Runtime = Literal["auto", "torch", "onnx", "int8"]
Optional = Parameter(show_default=False)
CPU_LEVEL: Final = 9


def play(
    run: str,
    /,
    *,
    dolphin: Annotated[Path | None, Optional] = None,
    iso: Annotated[Path | None, Optional] = None,
    port: Annotated[int | None, Optional] = None,
    character: Annotated[str | None, Optional] = None,
    opponent: str = "human",
    opponent_port: Annotated[int | None, Optional] = None,
    opponent_character: Annotated[str | None, Optional] = None,
    cpu_level: int = CPU_LEVEL,
    stage: Annotated[str | None, Optional] = None,
    games: Annotated[int | None, Optional] = None,
    delay: int = 0,
    temperature: float = 1.0,
    top_p: float = 1.0,
    seed: int = 0,
    runtime: Runtime = "auto",
    dolphin_home: Annotated[Path | None, Optional] = None,
    slippi_port: Annotated[int | None, Optional] = None,
    shadow: Annotated[Path | None, Optional] = None,
    fast: Annotated[bool, Parameter(negative=(), show_default=False)] = False,
    models: ModelsOption = None,
    as_json: JsonFlag = False,
) -> int:
    """Let a policy play.

    Launches Slippi's Dolphin, takes a port, goes through the menus, and plays game after game until Dolphin is closed
    or Ctrl-C. A line tells frame, latency, missed frames and stocks. Needs `pip install 'exphil[play]'`.

    With --shadow there is no Dolphin: a recording is streamed as a game would be, the policy answers beside its
    players, and what comes out is how fast, how punctual, and how like theirs its answers are.

    For example:

        exphil play mamba-20260101-1 --dolphin Slippi.AppImage --iso melee.iso
        exphil play mamba-20260101-1 --dolphin Slippi.AppImage --iso melee.iso --opponent cpu --stage fd --games 3
        exphil play mamba-20260101-1 --dolphin Slippi.AppImage --iso melee.iso --opponent gru-20260101-1
        exphil play mamba-20260101-1 --shadow game.slp --fast

    Parameters
    ----------
    run
        Name of the run, or its folder.
    dolphin
        Slippi's Dolphin: its executable, or the folder it is installed in.
    iso
        Disc image of Melee, version 1.02.
    port
        Port that the policy plays on, 1 to 4; else 1, or with --shadow those of both players.
    character
        What the policy plays; else the character it was trained on, else Fox.
    opponent
        `human`, `cpu`, or another run.
    opponent_port
        Port of the opponent; else 2, or 1 where the policy plays on 2.
    opponent_character
        What a CPU or another run plays.
    cpu_level
        Level of a CPU, 1 to 9.
    stage
        Stage to play on. Against a human the match starts by itself only if it is given; else the human chooses.
    games
        Stop after so many games.
    delay
        Frames for which the game itself holds inputs back, as online; at most the run's delay.
    temperature
        1 draws inputs as the policy has them; below, likelier ones more often; 0 always the likeliest.
    top_p
        Draw only from the likeliest inputs that hold this share of the probability.
    seed
        Of what is drawn.
    runtime
        What steps the policy. `auto`: the graph that `exphil export` wrote, where there is one, else torch.
    dolphin_home
        Dolphin's user folder, for its controller settings; it is copied. Else a human plays by a GameCube adapter.
    slippi_port
        UDP port of Dolphin's event stream; else 51441, or with --shadow one that is free.
    shadow
        Replay to answer beside, in place of a game in Dolphin.
    fast
        With --shadow: do not keep to 60 frames a second.
    """
    check_settings(
        port=port,
        opponent_port=opponent_port,
        delay=delay,
        temperature=temperature,
        top_p=top_p,
        slippi_port=slippi_port,
        shadow=shadow is not None,
    )
    if shadow is not None:
        refuse_with_shadow(
            {
                "--dolphin": dolphin,
                "--iso": iso,
                "--dolphin-home": dolphin_home,
                "--character": character,
                "--opponent": None if opponent == "human" else opponent,
                "--opponent-port": opponent_port,
                "--opponent-character": opponent_character,
                "--cpu-level": None if cpu_level == CPU_LEVEL else cpu_level,
                "--stage": stage,
                "--games": games,
                "--delay": delay or None,
            }
        )
        from exphil.cli.play_shadow import play_beside
        from exphil.play.shadow.run import Options

        beside = Options(
            port=port,
            fast=fast,
            server_port=slippi_port or 0,
            temperature=temperature,
            top_p=top_p,
            seed=seed,
        )
        return play_beside(models_root(models), run, runtime, shadow, beside, as_json)
    if fast:
        raise UsageError("--fast goes with --shadow FILE.slp; Dolphin keeps its own pace")
    if dolphin is None or iso is None:
        missing = " and ".join(
            name for name, given in (("--dolphin", dolphin), ("--iso", iso)) if given is None
        )
        raise UsageError(
            f"{missing}: needed to play; name Slippi's Dolphin and the disc image of Melee,"
            " or a recording to answer beside with --shadow FILE.slp"
        )
    from exphil.live.stream import EventStream
    from exphil.play.console import PORT
    from exphil.play.disc import check_disc
    from exphil.play.match import Match, MatchOptions, summary
    from exphil.play.status import Status

    ours = 1 if port is None else port
    options = MatchOptions(
        dolphin=dolphin,
        iso=iso,
        dolphin_home=dolphin_home,
        port=ours,
        opponent_port=opponent_port if opponent_port is not None else (1 if ours == 2 else 2),
        stage=stage,
        cpu_level=cpu_level,
        delay=delay,
        temperature=temperature,
        top_p=top_p,
        seed=seed,
        games=games,
        slippi_port=PORT if slippi_port is None else slippi_port,
    )
    check_disc(iso)
    root = models_root(models)
    engines: dict[Path, tuple[Engine, str]] = {}
    player, ran = _player(root, run, runtime, character, engines)
    if opponent in ("human", "cpu"):
        other: Player | str = opponent
    else:
        other, _ = _player(root, opponent, runtime, opponent_character, engines)
    match = Match(
        player,
        other,
        options,
        events=EventStream,
        status=Status(sys.stderr),
        opponent_character=opponent_character,
    )
    code = 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # else Dolphin would outlive us
    try:
        match.play()
    except KeyboardInterrupt:
        code = INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    report: dict[str, Any] = {"run": player.name, "runtime": ran, **match.report()}
    if as_json:
        output.json_document(report)
    else:
        output.table(["", ""], summary(report))
    if ran == "torch" and report["missed"] > report["frames"] // 100:
        output.note(f"`exphil export {player.name} --onnx` makes a step several times faster")
    if code:
        output.note("stopped by Ctrl-C or SIGTERM")
    return code


def _player(
    root: Path, run: str, runtime: Runtime, character: str | None, engines: "dict[Path, tuple[Engine, str]]"
) -> "tuple[Player, str]":
    """(the policy of a run, the runtime that steps it); `engines`: those opened already, by their run's folder."""
    from exphil.melee.characters import find_character
    from exphil.play.engines import open_engine
    from exphil.play.match import Player
    from exphil.training.runs import open_run

    opened = open_run(root, run)
    folder = opened.folder.resolve()
    if folder not in engines:
        engines[folder] = open_engine(opened, runtime)
    engine, ran = engines[folder]
    trained_on = opened.config.character
    return Player(
        opened.name, engine, character, None if trained_on is None else find_character(trained_on)
    ), ran
