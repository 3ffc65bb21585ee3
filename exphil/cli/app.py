"""The application behind `exphil COMMAND`.

A command is a plain typed function in exphil/cli/<command>.py; cyclopts derives flags and help from its
signature and docstring. Its module is imported when the command is asked for, and imports torch, dagster,
polars and duckdb inside the function, so help stays fast.
"""

import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any, Final

from cyclopts import App, Parameter

from exphil import __version__
from exphil.cli.failures import explain
from exphil.cli.output import note

COMMANDS: Final[dict[str, str]] = {
    "demo": "exphil.cli.demo:demo",
    "synth": "exphil.cli.synth:synth",
    "materialize": "exphil.cli.materialize:materialize",
    "train": "exphil.cli.train:train",
    "evaluate": "exphil.cli.evaluate:evaluate",
    "export": "exphil.cli.export:export",
    "benchmark": "exphil.cli.benchmark:benchmark",
    "play": "exphil.cli.play:play",
    "stats": "exphil.cli.stats:stats",
    "report": "exphil.cli.report:report",
    "sql": "exphil.cli.sql:sql",
    "people": "exphil.cli.people:people",
    "features": "exphil.cli.features:features",
    "info": "exphil.cli.info:info",
    "doctor": "exphil.cli.doctor:doctor",
    "store": "exphil.cli.store:store",
}
"""Every command and where it lives, in the order of help."""

SIGPIPE_EXIT: Final = 141
PIPE_WIDTH: Final = 1000


def make_app() -> App:
    """The application, its commands registered by import path."""
    app = App(
        name="exphil",
        help="Melee replays to a feature store, SQL over every game, and policies that play on time.",
        help_epilogue="`exphil COMMAND --help` explains a command; `--debug` or EXPHIL_DEBUG=1 shows tracebacks.",
        help_format="plaintext",
        help_formatter="default" if sys.stdout.isatty() else "plain",
        version=__version__,
        default_parameter=Parameter(negative_iterable=()),
        suppress_keyboard_interrupt=False,
    )
    for place, (name, path) in enumerate(COMMANDS.items()):
        app.command(path, name=name, sort_key=place)
    return app


def run(tokens: Sequence[str]) -> int:
    """Run one command line; exit code 0, 1 failed, 2 usage, 130 Ctrl-C, 141 the reader of our output left."""
    debug = "--debug" in tokens or os.environ.get("EXPHIL_DEBUG", "") not in ("", "0")
    words = [token for token in tokens if token != "--debug"]
    if not debug and not sys.warnoptions:
        warnings.simplefilter("ignore")
    app = make_app()
    try:
        if not words or words[0] in app.help_flags:
            for name in COMMANDS:  # the overview shows each command's own first line
                app[name]
        result = app(
            words,
            exit_on_error=False,
            print_error=False,
            result_action="return_value",
            console=_help_console(words),
        )
        sys.stdout.flush()
    except BrokenPipeError:
        _silence_stdout()
        return SIGPIPE_EXIT
    except (Exception, KeyboardInterrupt) as error:
        line, code = explain(error)
        if debug:
            import traceback

            traceback.print_exc()
        note(line)
        return code
    return result if isinstance(result, int) else 0


def main() -> None:
    """Run the command line of this process, and exit."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:  # a player's name must not end a listing on a narrow encoding
            reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))


def _help_console(words: Sequence[str]) -> Any:
    """Where help goes: in a pipe lines are not folded. None where no help was asked for: rich is slow to import."""
    if sys.stdout.isatty() or (words and not {"--help", "-h"} & set(words)):
        return None
    from rich.console import Console

    return Console(width=PIPE_WIDTH)


def _silence_stdout() -> None:
    """Point stdout elsewhere, so that the interpreter's last flush does not complain about the pipe."""
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, sys.stdout.fileno())
    os.close(sink)
