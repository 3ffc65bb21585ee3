"""Games of two in a store, each with its players' figures, as `exphil.stats.played` reads them from files."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from exphil.errors import StoreError, UsageError
from exphil.replays.sources import Source
from exphil.schema.stats import ACTIONS
from exphil.sql.database import Database
from exphil.sql.guard import require_expression
from exphil.sql.quoting import quoted_text
from exphil.stats.game import Ratio
from exphil.stats.played import Loss, Played, Side
from exphil.stats.summary import RATIOS, Percents, Summary

ACTION_NAMES: Final = tuple(column.name for column in ACTIONS)

_SIDES: Final = f"""
    WITH chosen AS ({{chosen}}),
    punished AS (
        SELECT replay_id, attacker_port AS port, max(end_percent - start_percent) AS best_punish,
            list(last_move) FILTER (killed AND last_move IS NOT NULL) AS kill_moves,
            list(first_move) FILTER (opening = 'neutral-win' AND first_move IS NOT NULL) AS openers
        FROM conversions WHERE replay_id IN (FROM chosen) GROUP BY ALL
    ),
    lost AS (
        SELECT replay_id, port, count(*) AS n, sum(end_percent) AS total, min(end_percent) AS lowest,
            max(end_percent) AS highest, min(end_frame) AS first_frame
        FROM stocks WHERE end_frame IS NOT NULL AND replay_id IN (FROM chosen) GROUP BY ALL
    ),
    losses AS (
        SELECT stock.replay_id, list({{{{'frame': stock.end_frame, 'port': stock.port, 'percent': stock.end_percent,
            'attack': kill.last_move, 'killed': kill.replay_id IS NOT NULL, 'state': stock.death_state}}}}
            ORDER BY stock.end_frame, stock.port) AS losses
        FROM stocks AS stock
        LEFT JOIN (FROM conversions WHERE killed) AS kill ON kill.replay_id = stock.replay_id
            AND kill.victim_port = stock.port AND kill.end_frame = stock.end_frame
        WHERE stock.end_frame IS NOT NULL AND stock.replay_id IN (FROM chosen) GROUP BY ALL
    )
    SELECT games.replay_id, games.path, games.stage, games.started_at, games.end_method, games.lras_port,
        games.winner_port, replays.game_id, sides.port, sides.character, sides.player, players.connect_code,
        players.netplay_name, players.name_tag, sides.stocks_left, overall.playable_frames, overall.kill_count,
        {", ".join(f"overall.{name}_count, overall.{name}_total" for name in RATIOS)},
        {", ".join(f"counts.{name}" for name in ACTION_NAMES)},
        punished.best_punish, punished.kill_moves, punished.openers,
        lost.n, lost.total, lost.lowest, lost.highest, lost.first_frame, losses.losses
    FROM chosen
    JOIN games ON games.replay_id = chosen.replay_id
    JOIN replays ON replays.replay_id = chosen.replay_id AND replays.path = games.path
    JOIN sides ON sides.replay_id = chosen.replay_id
    JOIN players ON players.replay_id = chosen.replay_id AND players.port = sides.port
    JOIN overall ON overall.replay_id = chosen.replay_id AND overall.port = sides.port
    JOIN action_counts AS counts ON counts.replay_id = chosen.replay_id AND counts.port = sides.port
    LEFT JOIN punished ON punished.replay_id = chosen.replay_id AND punished.port = sides.port
    LEFT JOIN losses ON losses.replay_id = chosen.replay_id
    LEFT JOIN lost ON lost.replay_id = chosen.replay_id AND lost.port = sides.port
    ORDER BY games.started_at NULLS LAST, games.path, sides.port
"""


def chosen_games(where: str | None = None, query: str | None = None) -> str:
    """A query for the replay ids of the chosen games; of all games without a choice.

    Raises:
        UsageError: `where` is no condition.
    """
    if where is not None:
        require_expression(where)
        return f"SELECT replay_id FROM games WHERE ({where}\n)"
    if query is not None:
        text = query.strip().rstrip(";")
        return f"SELECT DISTINCT replay_id FROM ({text}\n) SEMI JOIN games USING (replay_id)"
    return "SELECT replay_id FROM games"


def of_player(chosen: str, player: str) -> str:
    """Those of the chosen games that a player of `sides` plays."""
    return f"SELECT DISTINCT replay_id FROM sides WHERE player = {quoted_text(player)} AND replay_id IN ({chosen})"


def check_query(database: Database, query: str) -> None:
    """Refuse a query that gives no replay ids.

    Raises:
        UsageError: the message says what it gives.
    """
    names = database.query(f"SELECT * FROM ({query.strip().rstrip(';')}\n) LIMIT 0").schema.names
    if "replay_id" not in names:
        raise UsageError(f"it gives {', '.join(names)}; it must give replay_id, as SELECT replay_id FROM ...")


def played_games(database: Database, chosen: str) -> Iterator[tuple[Played, str]]:
    """(game, game id) of the chosen games that have statistics, in order of their time."""
    waiting: Mapping[str, Any] | None = None
    for batch in database.query(_SIDES.format(chosen=chosen), batch_rows=2048):
        for row in batch.to_pylist():
            if waiting is None or waiting["replay_id"] != row["replay_id"]:
                waiting = row
                continue
            yield _played(waiting, row), row["game_id"]
            waiting = None


def _played(one: Mapping[str, Any], other: Mapping[str, Any]) -> Played:
    return Played(
        path=one["path"],
        stage=one["stage"],
        started_at=one["started_at"],
        end_method=one["end_method"],
        quitter=one["lras_port"],
        winner=one["winner_port"],
        sides=(_side(one, other), _side(other, one)),
        losses=tuple(Loss(**loss) for loss in one["losses"] or ()),
    )


def _side(own: Mapping[str, Any], opponent: Mapping[str, Any]) -> Side:
    names = [own[name] for name in ("player", "connect_code", "netplay_name", "name_tag")]
    return Side(
        port=own["port"],
        character=own["character"],
        player=own["player"],
        names=frozenset(name for name in names if name),
        stocks=own["stocks_left"],
        summary=_summary(own, opponent),
    )


def _summary(own: Mapping[str, Any], opponent: Mapping[str, Any]) -> Summary:
    blood = _first_blood(own["first_frame"], opponent["first_frame"])
    return Summary(
        games=1,
        wins=int(own["winner_port"] == own["port"]),
        losses=int(own["winner_port"] == opponent["port"]),
        playable_frames=own["playable_frames"],
        ratios={name: Ratio(own[f"{name}_count"], own[f"{name}_total"]) for name in RATIOS},
        actions={name: own[name] for name in ACTION_NAMES},
        kills=own["kill_count"],
        taken=_percents(opponent),
        lost=_percents(own),
        killed=opponent["kill_count"],
        best_punish=own["best_punish"],
        first_bloods=int(blood is True),
        bloody=int(blood is not None),
        kill_moves=_times(own["kill_moves"]),
        openers=_times(own["openers"]),
    )


def _percents(row: Mapping[str, Any]) -> Percents:
    return Percents(row["n"], row["total"], row["lowest"], row["highest"]) if row["n"] else Percents()


def _first_blood(own: int | None, opponent: int | None) -> bool | None:
    """Whether the opponent lost the first stock; None where nobody or both did."""
    if own == opponent:
        return None
    return own is None or (opponent is not None and opponent < own)


def _times(attacks: Sequence[int] | None) -> dict[int, int]:
    found: dict[int, int] = {}
    for attack in attacks or ():
        found[attack] = found.get(attack, 0) + 1
    return found


def check_statistics(database: Database) -> None:
    """Refuse a store that has games of two and no statistics of any.

    Raises:
        StoreError: the message says how to build them.
    """
    query = "SELECT (SELECT count(*) FROM overall) AS known, (SELECT count(*) FROM games) AS games"
    (row,) = database.query(query).read_all().to_pylist()
    if not row["known"] and row["games"]:
        raise StoreError("the store has no statistics yet: build them with `exphil materialize stats`")


def num_games(database: Database, chosen: str) -> tuple[int, int]:
    """How many games are chosen, and how many of them have statistics."""
    query = (
        "SELECT count(*) AS chosen, count(known.replay_id) AS known FROM"
        f" ({chosen}) AS chosen LEFT JOIN (SELECT DISTINCT replay_id FROM overall) AS known USING (replay_id)"
    )
    (row,) = database.query(query).read_all().to_pylist()
    return row["chosen"], row["known"]


def sources(database: Database, chosen: str) -> list[Source]:
    """The files and archive members of the chosen games, in order of their time, as they were when read."""
    rows = database.query(
        "SELECT replays.path, num_bytes, mtime_ns FROM games JOIN replays ON replays.path = games.path"
        f" WHERE games.replay_id IN ({chosen}) ORDER BY games.started_at NULLS LAST, games.path"
    ).read_all()
    return [Source(row["path"], row["num_bytes"], row["mtime_ns"]) for row in rows.to_pylist()]
