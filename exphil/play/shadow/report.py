"""What `exphil.play.shadow.run` found, as rows of tables for a person."""

from collections.abc import Mapping, Sequence
from typing import Any

from exphil.melee.controller import HEADS
from exphil.play.spread import TITLES

Table = tuple[Sequence[str], list[list[str]]]
"""Titles of the columns, and rows."""


def summary(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was played, and how punctually."""
    game, deadline = report["game"], report["deadline"]
    rolled = f", {game['rolled_back']:,} computed again after rollbacks" if game["rolled_back"] else ""
    late = f", {deadline['left_out']:,} of them never seen" if deadline["left_out"] else ""
    broken = "" if game["complete"] else "; the stream ended before the game"
    rows = [
        ("recording", report["file"]),
        ("game", f"{game['stage']}, {game['frames']:,} frames{rolled}{broken}"),
        ("pace", "as fast as it answers" if report["pace"] == "fast" else report["pace"]),
        (
            "missed",
            f"{deadline['missed']:,} of {deadline['frames']:,} frames"
            f" (answered later than {deadline['budget_ms']:.1f} ms, or not at all){late}",
        ),
    ]
    rows += [("trouble", text) for text in report["trouble"]]
    return rows


def latency_table(report: Mapping[str, Any]) -> Table:
    """Milliseconds of the whole path and of its parts."""
    names = list(report["latency"])
    rows = [
        [title, *("" if found[name] is None else f"{found[name]:.3f}" for name in names)]
        for title, found in (
            ("whole path", report["latency"]),
            ("reading and features", report["parts"]["reading"]),
            ("policy step", report["parts"]["step"]),
            ("controller bytes", report["parts"]["pipe"]),
        )
    ]
    return ["ms", *(TITLES[name] for name in names)], rows


def player_table(report: Mapping[str, Any]) -> Table:
    """One row a player: nats a frame, and how often the answer was the player's own input."""
    rows = [
        [
            str(player["port"]),
            player["character"],
            f"{player['agreement']['frames']:,}",
            _number(player["likelihood"]["nats"]),
            _share(player["agreement"]["exact"]),
            _share(player["agreement"]["repeat"]["exact"]),
            _share(player["agreement"]["changed"]["exact"]),
        ]
        for player in report["players"]
    ]
    return ["port", "character", "frames", "nats", "same input", "repeat", "at changes"], rows


def head_tables(report: Mapping[str, Any]) -> list[Table]:
    """The same for each head, a table a player: both in one are too wide for a terminal of 80 columns."""
    return [_head_table(player) for player in report["players"]]


def _head_table(player: Mapping[str, Any]) -> Table:
    found = player["agreement"]
    rows = [
        [
            head,
            _number(player["likelihood"]["by_head"][head]),
            *(_share(part["by_head"][head]) for part in (found, found["repeat"], found["changed"])),
        ]
        for head in HEADS
    ]
    return [
        f"port {player['port']}, {player['character']}",
        "nats",
        "same input",
        "repeat",
        "at changes",
    ], rows


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"
