"""The command line: `exphil COMMAND`, one module a command."""

import sys

from exphil.errors import INTERRUPTED


def main() -> None:
    """Entry point of the `exphil` script."""
    try:
        from exphil.cli.app import main as start

        start()
    except KeyboardInterrupt:  # in the first half second, which imports take; later ones are told of inside
        print("stopped by Ctrl-C", file=sys.stderr)
        sys.exit(INTERRUPTED)
