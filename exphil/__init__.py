"""ExPhil: Melee replays to a feature store, SQL over every game, and policies that play on time.

Importing the package is cheap: what needs polars, duckdb or torch is loaded on first use.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exphil.api import OpenStore as OpenStore
    from exphil.api import open_store as open_store
    from exphil.play.load import load_runner as load_runner

__all__ = ["OpenStore", "__version__", "load_runner", "open_store"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name in ("OpenStore", "open_store"):
        from exphil import api

        return getattr(api, name)
    if name == "load_runner":
        from exphil.play.load import load_runner

        return load_runner
    raise AttributeError(f"module 'exphil' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
