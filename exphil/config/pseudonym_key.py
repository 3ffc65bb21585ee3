"""The key of pseudonyms: EXPHIL_PSEUDONYM_KEY, else a file of the user's own, never in a store."""

import hashlib
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from exphil.errors import StoreError, UsageError

KEY_VARIABLE: Final = "EXPHIL_PSEUDONYM_KEY"
FEWEST_CHARACTERS: Final = 16
"""Whoever guesses the key can tell who is who; shorter ones are guessed."""


def key_file(platform: str = sys.platform, environment: Mapping[str, str] = os.environ) -> Path:
    """Where the key is kept when the variable is not set; it need not exist."""
    if platform == "win32":
        folder = Path(environment.get("APPDATA") or Path.home() / "AppData" / "Roaming")
    elif platform == "darwin":
        folder = Path.home() / "Library" / "Application Support"
    else:
        folder = Path(environment.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return folder / "exphil" / "pseudonym.key"


def find_key(environment: Mapping[str, str] = os.environ) -> bytes | None:
    """32 bytes; None where neither the variable nor the file is there.

    Raises:
        UsageError: the variable's text is too short.
        StoreError: the file cannot be read, or what it holds is too short.
    """
    if text := environment.get(KEY_VARIABLE, "").strip():
        if len(text) < FEWEST_CHARACTERS:
            raise UsageError(f"{KEY_VARIABLE} has {len(text)} characters; give at least {FEWEST_CHARACTERS}")
        return _key(text)
    file = key_file(environment=environment)
    try:
        text = file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise StoreError(f"{file} cannot be read ({error}); restore it, or set {KEY_VARIABLE}") from error
    if len(text) < FEWEST_CHARACTERS:
        raise StoreError(f"{file} holds no key; restore it, or delete it to have another made")
    return _key(text)


def find_or_make_key(environment: Mapping[str, str] = os.environ) -> bytes:
    """The key; where there is none a random one is made, in a file that the user alone may read.

    Raises:
        UsageError, StoreError: as `find_key`, or the file cannot be written.
    """
    found = find_key(environment)
    if found is not None:
        return found
    file = key_file(environment=environment)
    text = secrets.token_hex(32)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            opened.write(text + "\n")
    except FileExistsError:  # another process was quicker
        return find_or_make_key(environment)
    except OSError as error:
        raise StoreError(
            f"{file} cannot be written ({error.strerror or error}); set {KEY_VARIABLE} instead"
        ) from error
    return _key(text)


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=32).digest()
