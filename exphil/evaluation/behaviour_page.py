"""The free run's part of an evaluation's page: the policy's inputs beside people's."""

from collections.abc import Iterator, Mapping
from math import log10
from typing import Any, Final

from exphil.melee.controller import STICK_BINS
from exphil.pages import charts
from exphil.pages.page import Page

Report = Mapping[str, Any]

HUMAN: Final = "people"
RAREST: Final = 1e-4
"""Positions rarer than that are not drawn: on a log scale a single frame would draw a chasm."""
POWER: Final = "share, 10^"
PLANE_PIXELS: Final = 280
"""A stick's plane is square, and fits a phone."""


def add_free_run(page: Page, free: Report) -> None:
    """Headings, text, charts and tables."""
    players: dict[str, Report] = {HUMAN: free["human"], **free["policy"]}
    page.heading("Free run")
    page.text(
        "The policy's own inputs are fed back to it as what is held, while the game stays as it was recorded: what it"
        " does not see are the consequences. People's inputs over the same frames are counted alike. Temperature 1"
        " draws from the policy as it is; argmax takes the likeliest class of each head."
    )
    page.text(
        f"An input that stays the same for {free['frozen_frames']} frames (a second) or longer counts as frozen."
    )
    page.table(
        [
            "who", "frozen", "untouched", "inputs a second", "median frames", "mean frames",
            "90% end within", "longest",
        ],
        [
            [
                name, played["frozen"], played["neutral"], played["inputs_a_second"], played["runs"]["median"],
                played["runs"]["mean"], played["runs"]["p90"], played["longest_run"],
            ]
            for name, played in players.items()
        ],
        "Share of time frozen and with nothing pressed; how often the whole input changes, and how long it stays.",
    )  # fmt: skip
    page.chart(
        charts.bars(
            [
                {"who": name, "share of time": played["frozen"], "of it": "frozen"}
                for name, played in players.items()
            ],
            "who",
            "share of time",
        ),
        "Share of time frozen.",
    )
    _add_lengths(page, players)
    _add_presses(page, players)
    _add_sticks(page, players)
    _add_divergences(page, free)


def _add_lengths(page: Page, players: Mapping[str, Report]) -> None:
    page.heading("How long inputs stay", 3)
    rows = [
        {"who": name, "frames": row["from"], "share of time": row["share"]}
        for name, played in players.items()
        for row in played["run_lengths"]
    ]
    page.chart(
        charts.line(
            rows, "frames", "share of time", series="who", points=True, log_x=True, zero=True,
            x_title="frames that the whole input stays, from",
        ),
        "Share of time in inputs by how long they stay; a point stands for all lengths up to the next.",
    )  # fmt: skip


def _add_presses(page: Page, players: Mapping[str, Report]) -> None:
    page.heading("Presses", 3)
    buttons = list(players[HUMAN]["buttons"])
    rows = [
        {"button": button, "who": name, "presses a minute": played["buttons"][button]["presses_a_minute"]}
        for button in buttons
        for name, played in players.items()
    ]
    page.chart(
        charts.bars(rows, "button", "presses a minute", series="who"), "How often each button is pressed."
    )
    page.table(
        ["button", "who", "presses a minute", "time held", "median frames", "mean frames", "90% end within"],
        [
            [
                button, name, row["presses_a_minute"], row["held"], row["median"], row["mean"], row["p90"],
            ]
            for button in buttons
            for name, played in players.items()
            for row in [played["buttons"][button]]
        ],
    )  # fmt: skip


def _add_sticks(page: Page, players: Mapping[str, Report]) -> None:
    page.heading("Where the sticks are", 3)
    for axis, title in (("main_x", "Main stick, left to right"), ("main_y", "Main stick, down to up")):
        rows = [
            {"who": name, "position": position(at), "share of time": share if share >= RAREST else None}
            for name, played in players.items()
            for at, share in enumerate(played["classes"][axis])
        ]
        page.chart(
            charts.line(
                rows, "position", "share of time", series="who", points=True, log_y=True, x_title=axis
            ),
            f"{title}: share of time by position.",
        )
    for name, played in players.items():
        page.chart(
            charts.heatmap(
                list(_cells(played["planes"]["main"])), "x", "y", POWER, domain=(log10(RAREST), 0.0)
            ).properties(width=PLANE_PIXELS, height=PLANE_PIXELS),
            f"Main stick, {name}: share of time by position, as a power of ten; empty where it never was.",
        )


def _add_divergences(page: Page, free: Report) -> None:
    page.heading("How far from people", 3)
    page.text(
        "Jensen-Shannon divergence from people's histogram over the same frames, in bits: 0 where they are equal,"
        " 1 where they share nothing."
    )
    runs = free["policy"]
    names = list(next(iter(runs.values()))["divergence"])
    page.table(
        ["histogram", *runs],
        [[name, *(run["divergence"][name] for run in runs.values())] for name in names],
    )


def position(place: int) -> float:
    """A stick bin's centre, -1 to 1."""
    half = STICK_BINS // 2
    return (place - half) / half


def _cells(plane: list[list[float]]) -> Iterator[dict[str, float | None]]:
    """A row a cell, from top left to bottom right; None where the stick never was."""
    # Powers, because a log scale's legend would crowd its labels.
    for y in reversed(range(STICK_BINS)):
        for x in range(STICK_BINS):
            yield {"x": position(x), "y": position(y), POWER: log10(plane[x][y]) if plane[x][y] else None}
