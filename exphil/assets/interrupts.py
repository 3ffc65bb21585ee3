"""Ctrl-C that cannot get lost.

A signal handler's exception vanishes when the signal arrives inside a destructor or a weak reference's callback,
and the run would go on as if nobody had asked it to stop. The interpreter notes the signal's arrival itself, before
any handler: what was noted and did not end the wait for a worker is sent once more.
"""

import signal
import socket
import sys
import threading
from types import TracebackType
from typing import Any, Final

LOST: Final = ("KeyboardInterrupt", "DagsterExecutionInterruptedError")
"""What Ctrl-C raises, and what Dagster makes of it: lost, it is sent again and need not be reported."""


class Interrupts:
    """Notes SIGINT while entered, in the main thread; elsewhere, and before it is entered, it notes nothing."""

    def __init__(self) -> None:
        self._ends: tuple[socket.socket, socket.socket] | None = None
        self._before = -1
        self._report: Any = None

    def __enter__(self) -> "Interrupts":
        if threading.current_thread() is threading.main_thread():
            reading, writing = socket.socketpair()
            reading.setblocking(False)
            writing.setblocking(False)
            self._before = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
            self._ends = (reading, writing)
            self._report, sys.unraisablehook = sys.unraisablehook, self._report_others
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._ends is not None:
            signal.set_wakeup_fd(self._before)
            sys.unraisablehook = self._report
            for end in self._ends:
                end.close()
            self._ends = None

    def repeat_lost(self) -> None:
        """Send SIGINT again if one arrived: had its exception not been lost, the caller would not be here."""
        if self._ends is None:
            return
        try:
            arrived = self._ends[0].recv(4096)
        except BlockingIOError:
            return
        if signal.SIGINT in arrived:
            signal.raise_signal(signal.SIGINT)

    def _report_others(self, unraisable: "sys.UnraisableHookArgs") -> None:
        if unraisable.exc_type.__name__ not in LOST:
            self._report(unraisable)
