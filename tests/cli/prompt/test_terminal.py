"""The prompt as a person meets it: keys through prompt_toolkit's own pipe, and a real terminal."""

import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from exphil.cli.prompt.session import Session
from exphil.cli.prompt.terminal import ask
from exphil.config.history import HISTORY_VARIABLE
from exphil.store.store import Store

CTRL_C, CTRL_D, UP, TAB, ENTER = "\x03", "\x04", "\x1b[A", "\t", "\r"

Type = Callable[[str], tuple[str, str]]


@pytest.fixture
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "state" / "history"
    monkeypatch.setenv(HISTORY_VARIABLE, str(file))
    return file


@pytest.fixture
def typed(small_store: Path, history: Path, capsys: pytest.CaptureFixture[str]) -> Type:
    """Type keys into a prompt until it ends; what is printed, and what is remarked beside it."""

    def keys(text: str) -> tuple[str, str]:
        with create_pipe_input() as pipe, create_app_session(pipe, DummyOutput()):
            pipe.send_text(text)
            ask(Session(Store.open(small_store)))
        out, remarks = capsys.readouterr()
        return out, remarks

    return keys


def test_a_query_of_several_lines(typed: Type) -> None:
    out, remarks = typed(f"SELECT 1 AS a,{ENTER}2 AS b{ENTER};{ENTER}{CTRL_D}")
    assert out.split() == ["a", "b", "1", "2"]
    assert ".help" in remarks
    assert "1 row (" in remarks


def test_ctrl_c_drops_the_line(typed: Type) -> None:
    assert typed(f"SELECT 'x{CTRL_C}SELECT 2 AS two;{ENTER}.quit{ENTER}")[0].split() == ["two", "2"]


def test_a_mistake_and_on(typed: Type) -> None:
    out, remarks = typed(f"SELEC;{ENTER}SELECT 2 AS two;{ENTER}{CTRL_D}")
    assert "syntax error" in remarks
    assert out.split() == ["two", "2"]


def test_what_was_asked_is_remembered(typed: Type, history: Path) -> None:
    typed(f"SELECT 3 AS{ENTER}three;{ENTER}{CTRL_D}")
    assert "SELECT 3 AS" in history.read_text()
    assert typed(f"{UP}{ENTER}{CTRL_D}")[0].split() == ["three", "3"]
    if os.name == "posix":
        assert history.stat().st_mode & 0o077 == 0


def test_a_history_that_cannot_be_kept_is_told(
    typed: Type, history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history.parent.write_text("a file where the folder should be")
    out, remarks = typed(f"SELECT 1 AS one;{ENTER}{CTRL_D}")
    assert out.split() == ["one", "1"]
    assert "will not be remembered" in remarks
    monkeypatch.setenv(HISTORY_VARIABLE, "")
    assert "remembered" not in typed(CTRL_D)[1]


ON_A_TERMINAL = """
import fcntl, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # so that Ctrl-C reaches it
from exphil.cli import main
main()
"""


class Terminal:
    """`exphil sql` on a pseudo terminal; what it shows without the codes that colour it and move about."""

    def __init__(self, store: Path, history: Path, *words: str) -> None:
        import pty
        import termios

        self._fd, other = pty.openpty()
        termios.tcsetwinsize(other, (40, 100))
        self._process = subprocess.Popen(
            [sys.executable, "-c", ON_A_TERMINAL, "sql", "--store", str(store), *words],
            stdin=other,
            stdout=other,
            stderr=other,
            start_new_session=True,
            env={**os.environ, HISTORY_VARIABLE: str(history), "TERM": "xterm-256color"},
        )
        os.close(other)
        self._out = b""
        self._seen = 0

    @property
    def shown(self) -> str:
        return re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|\r", b"", self._out).decode(errors="replace")

    def wait_for(self, text: str, seconds: float = 60) -> str:
        """What is shown since the last wait, until the text is there."""
        until = time.monotonic() + seconds
        while text not in self.shown[self._seen :]:
            assert time.monotonic() < until, f"no {text!r} in {self.shown[self._seen :]!r}"
            if not self._read():
                break
        found = self.shown[self._seen :]
        assert text in found
        self._seen = len(self.shown)
        return found

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def end(self) -> int:
        """Wait until it ends; its exit code."""
        while self._read():
            pass
        os.close(self._fd)
        return self._process.wait()

    def _read(self) -> bool:
        if not select.select([self._fd], [], [], 0.1)[0]:
            return True
        try:
            found = os.read(self._fd, 65536)
        except OSError:  # how Linux tells that the other end has gone
            return False
        if b"\x1b[6n" in found:
            self.type("\x1b[1;1R")  # a terminal answers where its cursor is
        self._out += found
        return bool(found)


@pytest.fixture
def terminal(small_store: Path, history: Path) -> Terminal:
    shown = Terminal(small_store, history)
    shown.wait_for("exphil> ")
    return shown


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo terminals of this kind")
def test_on_a_terminal(terminal: Terminal) -> None:
    terminal.type("SELECT count(*) AS games\r")
    terminal.wait_for("...>")
    terminal.type(f"FROM repla{TAB}")
    terminal.wait_for("replays")
    terminal.type(";\r")
    assert "games" in terminal.wait_for("1 row (")
    terminal.wait_for("exphil> ")
    terminal.type("SELECT count(*) FROM range(1_000_000_000_000) WHERE range % 7 = 3;\r")
    terminal.wait_for("% 7 = 3;\n")
    time.sleep(0.5)
    terminal.type(CTRL_C)
    terminal.wait_for("stopped by Ctrl-C")
    terminal.wait_for("exphil> ")
    terminal.type("FROM repalys;\r")
    terminal.wait_for("error: no table repalys: did you mean replays?")
    terminal.wait_for("exphil> ")
    terminal.type(CTRL_D)
    assert terminal.end() == 0
    assert "Traceback" not in terminal.shown
