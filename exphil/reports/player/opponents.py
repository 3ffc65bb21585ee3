"""What a player's page calls the opponents: a page is made to be shared, and they were not asked."""

from exphil.reports.asking import Ask
from exphil.reports.player.subject import Subject
from exphil.sql.quoting import quoted_text

NUMBERED = "Opponents are numbered, those with most games first; --names names them."


def called(ask: Ask, who: Subject, *, names: bool) -> dict[str, str]:
    """What to write for each opponent of the player's games: the name, or a number that is the same on all the page."""
    rows = ask(
        f"SELECT opponent FROM sides WHERE player = {quoted_text(who.name)} AND opponent IS NOT NULL"
        " GROUP BY opponent ORDER BY count(*) FILTER (excluded IS NOT TRUE) DESC, count(*) DESC, opponent"
    )
    opponents = [str(row["opponent"]) for row in rows]
    return {name: name if names else f"opponent {place}" for place, name in enumerate(opponents, start=1)}
