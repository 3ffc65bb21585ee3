"""How games and players are printed: a game as a table side by side, many as a line each and a line a player."""

import shutil
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from exphil.cli import output
from exphil.melee.action_names import DEATH_DIRECTIONS
from exphil.melee.attacks import move_name
from exphil.melee.characters import character_title
from exphil.melee.short_names import short_name
from exphil.melee.stages import stage_title
from exphil.stats.figures import FIGURES, NOTHING, number, share
from exphil.stats.game import Ratio
from exphil.stats.played import Loss, Played, Side
from exphil.stats.summary import Summary
from exphil.stats.walk import PLAY_STARTS

ENDS: Final = {
    "game": "",
    "resolved": "",
    "time": "time ran out",
    "no-contest": "ended without a contest",
    "unresolved": "ended without a winner",
    None: "the recording stops before the end",
}
MOST_PLAYERS: Final = 40
"""Players that are listed; the others are counted."""
LEAST_NAME: Final = 12
"""Letters of a game's name that are left on the narrowest terminal."""

Line = tuple[str, str, str, str, str, str]
Player = tuple[str, Summary]
"""What a player is called, and the figures of all their games."""


def print_game(game: Played) -> None:
    """One game: where and how it ended, each figure side by side, and how stocks were lost."""
    output.say(_headline(game))
    output.say(game.path)
    output.say()
    facts = [
        ("character", *(character_title(side.character) for side in game.sides)),
        ("port", *(str(side.port) for side in game.sides)),
        ("stocks left", *(NOTHING if side.stocks is None else str(side.stocks) for side in game.sides)),
    ]
    print_figures([(side.player or f"port {side.port}", side.summary) for side in game.sides], facts)
    if game.losses:
        output.say()
        _print_losses(game)


def _print_losses(game: Played) -> None:
    """A line a stock that was lost: when, whose, and to what."""
    names = {side.port: _called(side) for side in game.sides}
    rows = [
        (
            _clock((loss.frame - PLAY_STARTS) / 60),
            names[loss.port],
            number(loss.percent, 1),
            _killer(loss),
            DEATH_DIRECTIONS.get(loss.state, NOTHING),
        )
        for loss in game.losses
    ]
    output.table(("at", "stock of", "percent", "lost to", "blast zone"), rows, right=("at", "percent"))


def _killer(loss: Loss) -> str:
    if loss.killed:
        return NOTHING if loss.attack is None else move_name(loss.attack)
    return "self-destruct"


def print_figures(players: Sequence[Player], facts: Iterable[Sequence[str]] = ()) -> None:
    """Every figure, a line each, a column a player; `facts` are lines above them."""
    columns = ["", *_distinct([name for name, _ in players])]
    rows: list[Sequence[str]] = list(facts)
    for group, figures in FIGURES.items():
        rows.append((group.upper(), *("" for _ in players)))
        rows += [
            (f"  {figure.title}", *(figure.told(summary) for _, summary in players)) for figure in figures
        ]
    output.table(columns, rows, right=columns[1:])


def game_line(game: Played) -> Line:
    """A game from the first-named player's side."""
    one, other = map(_called, game.sides)
    return _name(game.path), short_name(game.stage), _clock(game.seconds), one, other, _result(game)


def print_games(lines: Sequence[Line]) -> None:
    """A line a game."""
    columns = ("game", "stage", "time", "player", "opponent", "result")
    output.table(columns, _fitted(columns, lines), right=("time",))


def print_players(players: Sequence[Player]) -> None:
    """A line a player."""
    columns = ("player", "games", "won", "op/kill", "dmg/op", "inputs", "L-cancel", "kill %")
    rows = [
        (
            name,
            summary.games,
            NOTHING if not (summary.wins + summary.losses) else f"{summary.wins}-{summary.losses}",
            number(summary.ratios["openings_per_kill"].value, 1),
            number(summary.ratios["damage_per_opening"].value, 1),
            number(summary.ratios["inputs_per_minute"].value, 0),
            _percent(summary.l_cancels),
            number(summary.taken.mean, 1),
        )
        for name, summary in players[:MOST_PLAYERS]
    ]
    output.table(columns, rows, right=columns[1:])
    if len(players) > MOST_PLAYERS:
        output.say(f"and {len(players) - MOST_PLAYERS} more players; --player shows one")


def print_total(games: int, players: Sequence[Player]) -> None:
    """Two players' figures over all their games, side by side."""
    facts = [
        ("games", *(str(summary.games) for _, summary in players)),
        ("won", *(share(Ratio(summary.wins, summary.wins + summary.losses)) for _, summary in players)),
    ]
    minutes = players[0][1].minutes
    output.say(f"{games} games, {minutes:,.0f} minutes of play")
    output.say()
    print_figures(players, facts)


def _headline(game: Played) -> str:
    place = f"{stage_title(game.stage)}, {_clock(game.seconds)}"
    when = f", {_day(game.started_at)}" if game.started_at is not None else ""
    return f"{place}{when}: {_outcome(game)}"


def _outcome(game: Played) -> str:
    won = next((_called(side) for side in game.sides if side.port == game.winner), None)
    quitter = next((_called(side) for side in game.sides if side.port == game.quitter), None)
    if quitter is not None:
        return f"{quitter} quit" + (f", {won} won" if won else "")
    how = ENDS.get(game.end_method, game.end_method or "")
    return ", ".join(part for part in (f"{won} won" if won else "", how) if part) or "nobody won"


def _result(game: Played) -> str:
    """`won 2-0`: whether the first-named player won, and both players' stocks."""
    one, other = game.sides
    stocks = "-".join("?" if side.stocks is None else str(side.stocks) for side in game.sides)
    word = {one.port: "won ", other.port: "lost "}.get(game.winner or 0, "")
    return f"{word}{stocks}"


def _called(side: Side) -> str:
    return f"{short_name(side.character)} {side.player or f'port {side.port}'}"


def _distinct(names: Sequence[str]) -> list[str]:
    """Column names that differ, though two players may have one name."""
    return [f"{name} ({place})" if names.count(name) > 1 else name for place, name in enumerate(names, 1)]


def _percent(ratio: Ratio) -> str:
    return NOTHING if ratio.value is None else f"{ratio.value:.1%}"


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def _day(time: datetime) -> str:
    """In UTC where the zone is known."""
    known = time.astimezone(UTC) if time.tzinfo is not None else time
    return f"{known:%Y-%m-%d %H:%M}"


def _name(path: str) -> str:
    """A file's name without what all of them end in."""
    name = path.rsplit("/", 1)[-1]
    return name.removesuffix(".gz").removesuffix(".slpz").removesuffix(".slp")


def _fitted(columns: Line, lines: Sequence[Line]) -> Sequence[Line]:
    """Lines that fit the terminal: of the games' names only the ends are kept, which tell them apart."""
    if not (lines and sys.stdout.isatty()):
        return lines
    widths = [max(map(len, column)) for column in zip(columns, *lines, strict=True)]
    spare = shutil.get_terminal_size().columns - sum(widths[1:]) - 3 * (len(widths) - 1)
    width = max(LEAST_NAME, spare)
    return [(name if len(name) <= width else f"…{name[1 - width :]}", *rest) for name, *rest in lines]  # type: ignore[misc]
