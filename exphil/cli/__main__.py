"""`python -m exphil.cli`: the same as the `exphil` script."""

from exphil.cli import main

main()
