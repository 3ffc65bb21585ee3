"""Plots of what a store holds, one function each: the report and Dagster's metadata draw the same.

Each asks the whole store or one batch, and gives None where there is nothing to draw.
"""

import datetime
from typing import Any, Final

from exphil.melee.characters import character_title
from exphil.melee.stages import stage_title
from exphil.reports.asking import Ask
from exphil.reports.counted import counts, histogram
from exphil.reports.plot import Bars, Grid, Histogram, Timeline

GAMES: Final = "(SELECT * FROM replays WHERE status = 'ok')"
"""A row a recording that counts."""

SIDES: Final = f"""(
    SELECT me.replay_id, me.character_name AS character, you.character_name AS opponent, me.won,
        coalesce(game.stage_name, 'UNKNOWN') AS stage
    FROM players AS me
    JOIN players AS you ON you.replay_id = me.replay_id AND you.port <> me.port
    JOIN {GAMES} AS game ON game.replay_id = me.replay_id
    WHERE game.num_players = 2
)"""
"""A row a player of a game of two."""

MOST_CHARACTERS: Final = 14
"""A grid of more characters could not be read on a phone."""

FEWEST_GAMES: Final = 5
"""A share of wins over fewer games is not drawn."""

SPANS: Final = ((92, "day"), (730, "week"), (10_000, "month"))
"""Days between the first game and the last, and what a bar of games over time then stands for."""


def games_over_time(ask: Ask) -> Timeline | None:
    """Games by when they began."""
    dated = f"(SELECT try_cast(started_at AS TIMESTAMP)::DATE AS day FROM {GAMES})"
    (ends,) = ask(f"SELECT min(day) AS first, max(day) AS last FROM {dated}")
    if ends["first"] is None:
        return None
    days = (ends["last"] - ends["first"]).days
    span = next((name for most, name in SPANS if days <= most), "year")
    rows = ask(
        f"SELECT date_trunc('{span}', day)::DATE AS first, count(*) AS n FROM {dated}"
        " WHERE day IS NOT NULL GROUP BY ALL ORDER BY first"
    )
    spans = [(row["first"].isoformat(), _after(row["first"], span).isoformat(), row["n"]) for row in rows]
    return Timeline(f"Games by the {span} in which they began.", f"games a {span}", spans)


def characters(ask: Ask, most: int | None = None) -> Bars | None:
    """How often each character is played."""
    title = "How often each character is played."
    found = counts(ask, "character", SIDES, title=title, unit="players", most=most)
    if found is None:
        return None
    return Bars(found.title, found.unit, [(_titled(name), number) for name, number in found.rows])


def matchups(ask: Ask) -> Grid | None:
    """Games of each pair of characters, both ways round; a mirror match counts once."""
    rows = ask(
        f"SELECT character, opponent, count(DISTINCT replay_id) AS n FROM {SIDES} GROUP BY ALL ORDER BY ALL"
    )
    cells = {
        (character_title(row["character"]), character_title(row["opponent"])): float(row["n"]) for row in rows
    }
    names = _most_played(ask)
    title = "Games of each pair of characters" + _of_most(names)
    return Grid(title, "character", "opponent", "games", names, names, cells) if cells else None


def win_rates(ask: Ask) -> Grid | None:
    """Share of games that the character of the row won; pairs of few games are left out."""
    rows = ask(
        f"SELECT character, opponent, count(*) AS n, avg(won::INT) AS share FROM {SIDES}"
        " WHERE won IS NOT NULL AND character <> opponent GROUP BY ALL"
        f" HAVING count(*) >= {FEWEST_GAMES} ORDER BY ALL"
    )
    if not rows:
        return None
    pairs = {(character_title(row["character"]), character_title(row["opponent"])): row for row in rows}
    names = [name for name in _most_played(ask) if any(name in pair for pair in pairs)]
    if not names:
        return None
    return Grid(
        f"Share of games that the row's character won, over at least {FEWEST_GAMES} decided games.",
        "character",
        "opponent",
        "share won",
        names,
        names,
        {pair: row["share"] for pair, row in pairs.items()},
        share=True,
        games={pair: row["n"] for pair, row in pairs.items()},
    )


def characters_by_stage(ask: Ask) -> Grid | None:
    """How often each character is played on each stage."""
    rows = ask(f"SELECT character, stage, count(*) AS n FROM {SIDES} GROUP BY ALL ORDER BY ALL")
    if not rows:
        return None
    cells = {(character_title(row["character"]), stage_title(row["stage"])): float(row["n"]) for row in rows}
    totals: dict[str, float] = {}
    for (_, stage), count in cells.items():
        totals[stage] = totals.get(stage, 0) + count
    names = _most_played(ask)
    columns = sorted(totals, key=lambda stage: (-totals[stage], stage))
    title = "How often each character is played on each stage" + _of_most(names)
    return Grid(title, "character", "stage", "players", names, columns, cells)


def lengths(ask: Ask) -> Histogram | None:
    """Lengths of recordings of two players."""
    return histogram(
        ask,
        "num_frames / 3600",
        f"{GAMES} WHERE num_players = 2",
        title="Length of games of two.",
        unit="minutes",
        counted="games",
    )


def versions(ask: Ask) -> Bars | None:
    """Replay formats, oldest first."""
    found = counts(ask, "version", GAMES, title="Replay formats.", unit="replays")
    if found is None:
        return None
    return Bars(found.title, found.unit, sorted(found.rows, key=lambda row: _version(row[0])))


def splits(ask: Ask) -> Bars | None:
    """Frames that training may score, by side of the split."""
    rows = ask(
        "SELECT split, count(*) AS n, sum(num_frames) AS frames FROM segments WHERE NOT excluded"
        " GROUP BY ALL ORDER BY frames DESC, split"
    )
    bars = [(f"{row['split']} ({row['n']:,} segments)", float(row["frames"])) for row in rows]
    title = "Frames to learn from and to be measured on, both players' counted; excluded games left out."
    return Bars(title, "frames", bars) if bars else None


def statuses(ask: Ask) -> Bars | None:
    """What became of the files."""
    return counts(ask, "status", "replays", title="What became of the files.", unit="files")


def quarantine_reasons(ask: Ask, most: int = 12) -> Bars | None:
    """Why files could not be read; figures in a reason, as places in the file, are left out."""
    return counts(
        ask,
        REASON,
        "replays WHERE status = 'quarantined'",
        title="Why files could not be read.",
        unit="files",
        most=most,
    )


REASON: Final = "regexp_replace(reason, '[0-9]+', '…', 'g')"
"""A reason without its figures."""


def _titled(name: str) -> str:
    """A character's title; what stands for several others stays as it is."""
    return character_title(name) if name.isupper() else name


def _most_played(ask: Ask) -> list[str]:
    rows = ask(
        f"SELECT character, count(*) AS n FROM {SIDES} GROUP BY ALL ORDER BY n DESC, character"
        f" LIMIT {MOST_CHARACTERS}"
    )
    return [character_title(row["character"]) for row in rows]


def _of_most(names: list[str]) -> str:
    return f", of the {len(names)} played most." if len(names) == MOST_CHARACTERS else "."


def _after(day: datetime.date, span: str) -> datetime.date:
    """First day of the next span."""
    if span == "year":
        return day.replace(year=day.year + 1)
    if span == "month":
        return (day.replace(day=28) + datetime.timedelta(days=4)).replace(day=1)
    return day + datetime.timedelta(days=7 if span == "week" else 1)


def _version(text: str) -> tuple[Any, ...]:
    return tuple(int(part) if part.isdigit() else -1 for part in text.split("."))
