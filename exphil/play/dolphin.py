"""Dolphin, launched by libmelee: its settings, its controllers' pipes, and the way through the menus into a game.

libmelee decodes menus only. Frames of a game go by it, to the code that reads recordings.
"""

import base64
import subprocess
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any, Final

from exphil.errors import PlayError, UsageError
from exphil.melee.characters import external_id, internal_id
from exphil.play.console import PORT
from exphil.play.libraries import load_melee
from exphil.play.pipe import PipeWriter
from exphil.play.seats import Seat, check_stage

START_S: Final = 60.0
"""Seconds that Dolphin may take until it reads its controllers and answers."""
VERSION_S: Final = 30.0
"""Seconds that it may take to tell its version."""

RESULTS_SCENE: Final = b"\x04\x02"
"""The screen after a game of versus mode, in a menu's event."""


class _Menus:
    """Stands in for libmelee's connection: gives its console the menus that came over ours."""

    playedOn = "dolphin"  # noqa: N815  (libmelee asks for it by this name)
    timestamp = ""
    consoleNick = ""  # noqa: N815

    def __init__(self) -> None:
        self.players: dict[str, Any] = {}
        self._waiting: deque[bytes] = deque()

    def only(self, payload: bytes) -> None:
        """The next message, and no other."""
        self._waiting.clear()
        self._waiting.append(payload)

    def dispatch(self, _polling: bool, timeout: float = 0) -> dict[str, str] | None:
        if not self._waiting:
            return None
        return {"type": "menu_event", "payload": base64.b64encode(self._waiting.popleft()).decode()}

    def shutdown(self) -> None:
        """Nothing to close: the connection is not libmelee's."""


class Dolphin:
    """Slippi's Dolphin with two seats taken, from its start to its end; a context.

    Args:
        executable: Dolphin itself, or the folder it is installed in.
        iso: the game.
        seats: two of them.
        stage: one of the six legal ones; None lets the human choose, or takes the random one where nobody is.
        home: Dolphin's user folder with a human's controller settings, copied and never changed; None for a GameCube
            adapter.
        slippi_port: UDP port of its event stream.
        game_delay: frames that it holds inputs back online.
    """

    def __init__(
        self,
        executable: Path,
        iso: Path,
        seats: Sequence[Seat],
        *,
        stage: str | None = None,
        home: Path | None = None,
        slippi_port: int = PORT,
        game_delay: int = 0,
    ) -> None:
        self.seats = tuple(seats)
        executable = executable.absolute()  # a bare name would be looked for on PATH
        self._iso = iso.absolute()
        self._melee = load_melee()
        self._stage = self._melee.Stage[check_stage(stage)]
        _check_runs(executable)
        with _told(f"--dolphin {executable}"):
            self._console = self._melee.Console(
                path=str(executable),
                dolphin_home_path=None if home is None else str(home),
                copy_home_directory=home is not None,
                slippi_port=slippi_port,
                online_delay=game_delay,
                fullscreen=False,
            )
        self._menus = _Menus()
        self._console._slippstream = self._menus
        self._console._polling_mode = True
        self.pipes: dict[int, PipeWriter] = {}
        self._controllers: dict[int, Any] = {}
        with _told("Dolphin's controllers cannot be set up"):
            for seat in self.seats:
                self._set_up(seat, own_settings=home is not None)
        self._helpers = {port: self._melee.MenuHelper() for port in self._controllers}
        # The seat that presses START and chooses the stage, unless a human is to.
        has_human = any(seat.kind == "human" for seat in self.seats)
        self._starts = None if has_human and stage is None else min(self._controllers)

    def _set_up(self, seat: Seat, own_settings: bool) -> None:
        melee = self._melee
        if seat.kind == "human":
            if not own_settings:
                melee.Controller(self._console, seat.port, type=melee.ControllerType.GCN_ADAPTER)
            return
        controller = _controller_of(melee)(self._console, seat.port)
        self._controllers[seat.port] = controller
        self.pipes[seat.port] = controller.writer = PipeWriter(Path(controller.pipe_path))

    def __enter__(self) -> "Dolphin":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Launch it, and wait until it reads its controllers.

        Raises:
            PlayError: it does not start, ends at once, or reads no controllers.
        """
        with _told("Dolphin cannot be started"):
            self._console.run(iso_path=str(self._iso))
        for pipe in self.pipes.values():
            pipe.connect(START_S, self.ended)

    def ended(self) -> int | None:
        """Its exit code; None while it runs."""
        process = self._console._process
        return None if process is None else process.poll()

    def menu(self, payload: bytes) -> None:
        """Press what leads from this menu towards the next game, one step.

        Raises:
            PlayError: libmelee cannot read the menu.
        """
        self._menus.only(payload)
        self._console._temp_gamestate = None  # half of a menu that could not be read
        try:
            state = self._console.step()
            if state is None:
                raise PlayError("a menu could not be read")
            if payload[1:3] == RESULTS_SCENE:  # libmelee has the way out of it, but not its number
                state.menu_state = self._melee.Menu.POSTGAME_SCORES
            for seat in self.seats:
                if seat.port in self._controllers:
                    self._press(seat, state)
        except PlayError:
            raise
        except Exception as error:  # whatever libmelee meets in a menu of another version
            raise PlayError(f"libmelee cannot read a menu ({type(error).__name__}: {error})") from error

    def _press(self, seat: Seat, state: Any) -> None:
        assert seat.character is not None
        controller = self._controllers[seat.port]
        self._helpers[seat.port].menu_helper_simple(
            state,
            controller,
            self._melee.Character(internal_id(external_id(seat.character))),
            self._stage,
            cpu_level=seat.cpu_level,
            autostart=seat.port == self._starts and self._cpus_are_set(state),
            frozen_stadium=False,
        )
        controller.flush()

    def _cpus_are_set(self, state: Any) -> bool:
        """Whether every CPU is one, at its level: the match must not start before."""
        if state.menu_state is not self._melee.Menu.CHARACTER_SELECT:
            return True
        is_cpu = self._melee.ControllerStatus.CONTROLLER_CPU
        cpus = [(seat, state.players[seat.port]) for seat in self.seats if seat.kind == "cpu"]
        return all(
            hand.controller_status is is_cpu
            and hand.cpu_level == seat.cpu_level
            and not hand.is_holding_cpu_slider
            for seat, hand in cpus
        )

    def stop(self) -> None:
        """End Dolphin and remove its temporary user folder; twice does no harm."""
        for pipe in self.pipes.values():
            pipe.close()
        self._console.stop()


def _controller_of(melee: Any) -> Any:
    """libmelee's controller, writing through our pipe: what it presses leaves in one write, without waiting."""

    class MenuController(melee.Controller):  # type: ignore[misc]
        def __init__(self, console: Any, port: int) -> None:
            super().__init__(console, port)
            self.writer: PipeWriter | None = None
            self._lines: list[str] = []
            self.pipe: Any = self  # libmelee asks whether there is one

        def _write(self, command: str) -> None:
            self._lines.append(command)

        def flush(self) -> None:
            self.prev = copy(self.current)
            lines, self._lines = "".join((*self._lines, "FLUSH\n")), []
            if self.writer is not None:
                self.writer.send(lines.encode())

        def disconnect(self) -> None:
            self.pipe = None

    return MenuController


def check_paths(executable: Path, iso: Path, home: Path | None) -> None:
    """Raise a UsageError that names the flag of a path that is not there."""
    if not executable.exists():
        raise UsageError(f"--dolphin {executable} does not exist: name Dolphin's executable or its folder")
    if not iso.is_file():
        raise UsageError(f"--iso {iso} is no file: name the disc image of Melee (1.02, NTSC)")
    if home is not None and not home.is_dir():
        raise UsageError(f"--dolphin-home {home} is no folder: name the one that holds Dolphin's Config")


def _check_runs(executable: Path) -> None:
    """A program that does not answer `--version` is no Dolphin; libmelee would wait for it for ever."""
    if executable.is_dir():
        return
    with _told(f"--dolphin {executable}"):
        try:
            subprocess.run(
                [str(executable), "--version"], capture_output=True, timeout=VERSION_S, check=False
            )
        except PermissionError as error:
            raise PlayError(
                f"--dolphin {executable}: {error.strerror}; make it executable with `chmod +x`"
            ) from error


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Turn whatever libmelee or the system raises into one line."""
    try:
        yield
    except subprocess.TimeoutExpired as error:
        raise PlayError(f"{what}: it does not tell its version; is it Slippi's Dolphin?") from error
    except (AssertionError, ValueError, RuntimeError) as error:
        said = f" ({error})" if str(error) else ""
        raise PlayError(f"{what}: this is no Dolphin that libmelee knows{said}") from error
    except OSError as error:
        raise PlayError(f"{what}: {error.strerror or error}") from error
