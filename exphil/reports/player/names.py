"""Which player of a store a person means."""

from difflib import get_close_matches
from typing import Final

from exphil.errors import UsageError
from exphil.sql.database import Database
from exphil.sql.quoting import quoted_text

MOST_NAMES: Final = 8

_KNOWN: Final = """
    SELECT DISTINCT sides.player, name FROM sides
    JOIN players ON players.replay_id = sides.replay_id AND players.port = sides.port,
    unnest([sides.player, players.connect_code, players.netplay_name, players.name_tag]) AS of_player(name)
    WHERE sides.player IS NOT NULL AND name IS NOT NULL AND name <> ''
"""


def find_player(database: Database, text: str) -> str:
    """The player of `sides` who is called so, in any case: by person, connect code, name or tag.

    Raises:
        UsageError: nobody, or several are called so; the message says who is.
    """
    if not text.strip():
        raise UsageError("an empty name is nobody's: give a connect code, as ABCD#123, or a name")
    wanted = f"lower({quoted_text(text.strip())})"
    rows = database.query(
        f"SELECT DISTINCT player FROM ({_KNOWN}) WHERE lower(name) = {wanted} ORDER BY player"
    )
    found = [str(name) for name in rows.read_all()["player"].to_pylist()]
    exact = [name for name in found if name.casefold() == text.strip().casefold()]
    if len(found) == 1 or len(exact) == 1:
        return (exact or found)[0]
    if found:
        more = ", ..." if len(found) > MOST_NAMES else ""
        raise UsageError(
            f"{len(found)} players are called {text}: give the connect code of one of"
            f" {', '.join(found[:MOST_NAMES])}{more}"
        )
    raise UsageError(f"no player is called {text}: {_hint(database, text)}")


def _hint(database: Database, text: str) -> str:
    rows = database.query(f"SELECT name, count(*) AS n FROM ({_KNOWN}) GROUP BY name ORDER BY n DESC, name")
    names = [str(name) for name in rows.read_all()["name"].to_pylist()]
    if not names:
        return "no game of two in the store names its players"
    folded = {name.casefold(): name for name in names}
    near = get_close_matches(text.strip().casefold(), folded, n=3, cutoff=0.6)
    if near:
        return f"did you mean {' or '.join(folded[name] for name in near)}?"
    rows = database.query(
        "SELECT player FROM sides WHERE player IS NOT NULL GROUP BY player"
        f" ORDER BY count(*) DESC, player LIMIT {MOST_NAMES}"
    )
    return f"those with most games are {', '.join(rows.read_all()['player'].to_pylist())}"
