"""The command line: `exphil COMMAND`, one module a command."""

import sys

from exphil.errors import INTERRUPTED


def main() -> None:
    """Entry point of the `exphil` script."""
    try:
        from exphil.cli.app import main as start
    except KeyboardInterrupt:  # imports take the first half second
        print("stopped by Ctrl-C", file=sys.stderr)
        sys.exit(INTERRUPTED)
    start()
