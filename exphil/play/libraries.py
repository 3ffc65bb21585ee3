"""The door to libmelee and to ENet, its network library: both come with the extra `play`."""

import importlib
from typing import Any

from exphil.errors import UsageError

_WAY_OUT = "run `pip install 'exphil[play]'` (it brings libmelee)"


def load_melee() -> Any:
    """The package `melee`: launches Dolphin and finds its way through the game's menus.

    Raises:
        UsageError: it is not installed.
    """
    return _load("melee")


def load_enet() -> Any:
    """The package `enet`: the protocol that Slippi's Dolphin hands its events on by.

    Raises:
        UsageError: it is not installed.
    """
    return _load("enet")


def _load(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UsageError(f"playing needs the Python package {name} ({error}): {_WAY_OUT}") from error
