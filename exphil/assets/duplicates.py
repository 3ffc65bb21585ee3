"""Which of several recordings of one game counts: the others keep their row and lose their frames."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

KEYS = ("replay_id", "game_id", "match_key")
"""What makes two rows recordings of one game, in the order in which the reason is looked for."""

_WORDS = {
    "replay_id": "the same bytes as",
    "game_id": "the same game as",
    "match_key": "the same ranked game as",
}


@dataclass(slots=True)
class Winners:
    """The rows that count so far, by each key."""

    by_key: dict[str, dict[str, str]]

    @classmethod
    def of(cls, rows: pl.DataFrame) -> "Winners":
        """Start from the rows of `replays` that are in the store: columns of `WINNER_COLUMNS`, status `ok` alone."""
        found = cls({key: {} for key in KEYS})
        for row in rows.iter_rows(named=True):
            found._admit(row)
        return found

    def judge(self, row: Mapping[str, Any]) -> str | None:
        """Admit a row, or say in words what it duplicates."""
        for key in KEYS:
            value = _value(row, key)
            if value is not None and value in self.by_key[key]:
                return f"{_WORDS[key]} {self.by_key[key][value]}"
        self._admit(row)
        return None

    def _admit(self, row: Mapping[str, Any]) -> None:
        for key in KEYS:
            value = _value(row, key)
            if value is not None:
                self.by_key[key][value] = row["path"]


WINNER_COLUMNS = ("path", "replay_id", "game_id", "match_id", "match_game", "match_tiebreaker")


def _value(row: Mapping[str, Any], key: str) -> str | None:
    if key != "match_key":
        value: str | None = row[key]
        return value
    match = row["match_id"]
    # An unranked match id is no set: one id has been seen to span 62 games. Only ranked games are told apart by it.
    if not match or not match.startswith("mode.ranked"):
        return None
    return f"{match}/{row['match_game']}/{row['match_tiebreaker']}"


def mark_duplicates(rows: Sequence[dict[str, Any]], winners: Winners) -> list[dict[str, Any]]:
    """Set status and reason of freshly read rows: complete recordings win, then the first path in order.

    Returns:
        The rows, in order of path.
    """
    judged = sorted((row for row in rows if row["status"] != "quarantined"), key=_precedence)
    for row in judged:
        reason = winners.judge(row)
        row["status"], row["reason"] = ("ok", None) if reason is None else ("duplicate", reason)
    return sorted(rows, key=lambda row: row["path"])


def _precedence(row: Mapping[str, Any]) -> tuple[bool, str]:
    return (not row["complete"], row["path"])
