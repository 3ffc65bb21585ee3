"""Whose page it is, and which games it counts: the sources that its questions are put to."""

from dataclasses import dataclass

from exphil.reports.asking import Ask
from exphil.sql.quoting import quoted_text


@dataclass(frozen=True, slots=True)
class Subject:
    """A player, as `sides.player` spells the name.

    Attributes:
        num_games: that count.
        num_left_out: that quality excludes, and that therefore do not count.
    """

    name: str
    num_games: int
    num_left_out: int

    @classmethod
    def of(cls, ask: Ask, name: str) -> "Subject":
        """The games that quality does not exclude; all of them where it excludes every one."""
        (found,) = ask(
            "SELECT count(*) AS games, count(*) FILTER (excluded IS TRUE) AS excluded"
            f" FROM sides WHERE player = {quoted_text(name)}"
        )
        every = found["excluded"] == found["games"]
        return cls(
            name, found["games"] - (0 if every else found["excluded"]), 0 if every else found["excluded"]
        )

    def rows(self, view: str, column: str = "player") -> str:
        """SQL of a view's rows in which the player is in `column`; it stands after FROM, under the view's name."""
        kept = " AND excluded IS NOT TRUE" if self.num_left_out else ""
        return f"(FROM {view} WHERE {column} = {quoted_text(self.name)}{kept}) AS {view}"

    @property
    def games(self) -> str:
        """A query for the replay ids of the games that count."""
        return f"SELECT DISTINCT replay_id FROM {self.rows('sides')}"
