"""What a run was made with: code, features and store, as its configuration and card record them."""

import datetime
import hashlib
import platform
import subprocess
from pathlib import Path
from typing import Any

import exphil
from exphil.features import V1
from exphil.store import paths
from exphil.store.store import Store


def made_with(store: Store) -> dict[str, Any]:
    """For `config.json`, under `run`."""
    import torch

    return {
        "begun": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "exphil": exphil.__version__,
        "git": git_revision(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "feature_set": V1.name,
        "fingerprint": V1.fingerprint,
        "store": store.root.resolve().as_posix(),
        "store_fingerprint": store_fingerprint(store),
    }


def store_fingerprint(store: Store) -> str:
    """16 hex digits of the store's manifest: equal where the same parts count."""
    content = (store.root / paths.MANIFEST).read_bytes()
    return hashlib.blake2b(content, digest_size=8).hexdigest()


def git_revision() -> str | None:
    """Revision of the checkout that the code runs from, `+` added where files differ from it; None elsewhere."""
    package = Path(exphil.__file__).resolve().parent

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(package), *arguments], capture_output=True, text=True, timeout=10, check=True
        )
        return done.stdout.strip()

    try:
        # An installed package may lie inside somebody else's repository.
        if Path(git("rev-parse", "--show-toplevel")).resolve() != package.parent:
            return None
        changed = git("status", "--porcelain", "--untracked-files=no")
        return git("rev-parse", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.SubprocessError):
        return None
