"""An evaluation as a page: figures first, then each part with what it means."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from exphil.evaluation.behaviour_page import add_free_run
from exphil.evaluation.scored import PREDICTORS
from exphil.pages import charts
from exphil.pages.page import Page

Report = Mapping[str, Any]


def evaluation_page(report: Report) -> str:
    """HTML of what `evaluate` gives."""
    data, policy = report["data"], report["policy"]
    page = Page(
        f"{report['run']}: evaluation",
        f"{policy['backbone']}, {policy['parameters']:,} parameters, on the {report['side']} side:"
        f" {data['games']:,} games, {data['viewpoints']:,} viewpoints,"
        f" {report['streaming']['num_frames']:,} scored frames",
    )
    _add_summary(page, report)
    _add_likelihood(page, report)
    _add_groups(page, report)
    _add_buttons(page, report["buttons"])
    _add_sticks(page, report["sticks"])
    _add_calibration(page, report["calibration"])
    add_free_run(page, report["free_run"])
    _add_origin(page, report)
    return page.html()


def summary(report: Report) -> list[tuple[str, float | None]]:
    """The figures that say most, for the head of the page and for the command's answer."""
    streaming, buttons, free = report["streaming"], report["buttons"]["mean"], report["free_run"]
    rows: list[tuple[str, float | None]] = [
        ("nats a frame, memory carried", streaming["policy"]["nats"]),
        ("its standard error", streaming["policy"]["standard_error"]),
        ("nats a frame, cold windows", report["cold"]["nats"]),
        ("baseline: repeat", streaming["repeat"]["nats"]),
        ("baseline: marginal", streaming["marginal"]["nats"]),
        ("F1 of buttons", buttons["policy"]["f1"]),
        ("F1 of button onsets", buttons["policy"]["onset_f1"]),
        ("average precision of onsets", buttons["policy"]["onset_average_precision"]),
        ("time frozen: people", free["human"]["frozen"]),
    ]
    return rows + [(f"time frozen: {name}", played["frozen"]) for name, played in free["policy"].items()]


def _add_summary(page: Page, report: Report) -> None:
    page.facts(summary(report))
    page.text(
        "Likelihood says how well the policy predicts what people press next, given what they pressed before."
        " It does not say how it plays: there it sees its own inputs. The free run at the end shows that."
    )


def _add_likelihood(page: Page, report: Report) -> None:
    streaming, cold = report["streaming"], report["cold"]
    page.heading("Likelihood")
    page.text(
        "Negative log-likelihood in nats a frame; lower is better. Repeat guesses from what followed the input"
        " before, marginal from how often each class occurs, both counted on the training side. Streaming carries"
        " the policy's memory from each game's first frame; cold windows begin with an empty one, as in training."
    )
    heads = list(streaming["policy"]["by_head"])
    rows = [
        {"head": head, "who": name, "nats a frame": streaming[name]["by_head"][head]}
        for head in heads
        for name in ("policy", "repeat")
    ]
    page.chart(
        charts.bars(rows, "head", "nats a frame", series="who"),
        "Nats a frame by head, the policy beside repeat.",
    )
    page.table(
        ["head", "policy", "policy, cold", "repeat", "marginal"],
        [
            *(
                [
                    head,
                    streaming["policy"]["by_head"][head],
                    cold["by_head"][head],
                    streaming["repeat"]["by_head"][head],
                    streaming["marginal"]["by_head"][head],
                ]
                for head in heads
            ),
            ["all", *(part["nats"] for part in (streaming["policy"], cold, *_guesses(streaming)))],
        ],
    )
    page.heading("Cold windows", 3)
    rows = [
        {"frame of the window": 1 + (row["from"] + row["to"]) / 2, "who": name, "nats a frame": row[name]}
        for row in cold["by_position"]
        for name in ("policy", "repeat")
    ]
    page.chart(
        charts.line(
            rows,
            "frame of the window",
            "nats a frame",
            series="who",
            points=True,
            log_x=True,
            zero=True,
            levels={"policy, memory carried": streaming["policy"]["nats"]},
        ),
        "Nats by place in a window that begins with an empty memory. Every place has other frames:"
        " where repeat moves too, it is the frames.",
    )


def _add_groups(page: Page, report: Report) -> None:
    by = report["streaming"]["by"]
    page.heading("Where the nats are")
    page.text(
        "The same nats, over some of the frames only. The phase is what goes on in the frame, as the player sees it."
    )
    for title, what in (
        ("change", "input"),
        ("phase", "phase"),
        ("time", "time since the start"),
        ("character", "character"),
        ("opponent", "opponent"),
        ("stage", "stage"),
    ):
        page.heading(f"By {what}", 3)
        rows = by[title]
        if title == "phase":
            named = [
                {"phase": row["name"], "who": name, "nats a frame": row[name]}
                for row in rows
                for name in ("policy", "repeat")
            ]
            page.chart(
                charts.bars(named, "phase", "nats a frame", series="who"),
                "Nats a frame by phase, the policy beside repeat.",
            )
        page.table(
            [what, "frames", *PREDICTORS],
            [[row["name"], row["num_frames"], *(row[name] for name in PREDICTORS)] for row in rows],
        )


def _add_buttons(page: Page, buttons: Report) -> None:
    page.heading("Buttons")
    page.text(
        "The likeliest class of each button against what was pressed. Most frames repeat the one before, so accuracy"
        " is high for any guess; onsets count only frames at which the button is up, releases those at which it is"
        " down. A dash: nothing to find and nothing named. Few presses are ever likelier than not, so the onsets'"
        " average precision ranks frames by probability: 1 where every onset comes first, and the share of onsets"
        " where the ranking knows nothing."
    )
    used = {name: row for name, row in buttons["by_button"].items() if row["pressed"] or row["policy"]["f1"]}
    rows = [
        {"button": name, "figure": title, "F1": row["policy"][figure]}
        for name, row in used.items()
        for figure, title in (("f1", "all frames"), ("onset_f1", "onsets"), ("release_f1", "releases"))
        if row["policy"][figure] is not None
    ]
    page.chart(charts.bars(rows, "button", "F1", series="figure"), "The policy's F1 by button.")
    page.table(
        ["button", "onsets", "share of onsets", "average precision"],
        [
            [name, row["onsets"], row["onset_rate"], row["onset_average_precision"]]
            for name, row in buttons["by_button"].items()
        ],
        "How well the policy ranks the frames at which a button that is up is about to be pressed.",
    )
    figures = ("accuracy", "precision", "recall", "f1", "onset_f1", "release_f1")
    page.table(
        [
            "button",
            "held",
            "onsets",
            "who",
            "accuracy",
            "precision",
            "recall",
            "F1",
            "onset F1",
            "release F1",
        ],
        [
            [name, row["pressed"], row["onsets"], who, *(row[who][figure] for figure in figures)]
            for name, row in buttons["by_button"].items()
            for who in ("policy", "repeat")
        ],
    )


def _add_sticks(page: Page, sticks: Report) -> None:
    page.heading("Sticks and shoulder")
    page.text(
        "How far the likeliest position lies from the one held: in bins (sticks have 17 an axis, the shoulder 5),"
        " and in units from the position as recorded (sticks -1 to 1, the shoulder 0 to 1). Most frames move no"
        " stick, so the columns with a star count only those at which the axis goes to another bin. There repeat is"
        " right only where what is held makes a move likely."
    )
    page.table(
        [
            "axis", "who", "right bin", "± 1 bin", "bins off", "units off", "right bin *", "bins off *",
            "units off *",
        ],
        [
            [
                axis,
                who,
                *(row[who]["all"][figure] for figure in ("right_bin", "within_one_bin", "bins_off", "units_off")),
                *(row[who]["changed"][figure] for figure in ("right_bin", "bins_off", "units_off")),
            ]
            for axis, row in sticks["axes"].items()
            for who in PREDICTORS
        ],
        "* Over the frames alone at which the axis moves to another bin.",
    )  # fmt: skip
    page.table(
        ["stick", "who", "units off", "units off *"],
        [
            [stick, who, row[who]["all"], row[who]["changed"]]
            for stick, row in sticks["sticks"].items()
            for who in PREDICTORS
        ],
        "Distance in the plane of a stick, in stick units. * Over the frames alone at which the stick moves.",
    )


def _add_calibration(page: Page, calibration: Report) -> None:
    page.heading("Calibration")
    page.text(
        "Whether things happen as often as the policy says. Change: the probability that a head leaves what is held,"
        " against how often it did. Confidence: the probability of the likeliest class, against how often it was"
        " right. The error is the mean distance of the two, weighed by frames."
    )
    change, confidence = calibration["change"], calibration["confidence"]
    for title, names in (
        ("buttons", [name for name in change if name.startswith("button")]),
        ("sticks and shoulder", [name for name in change if not name.startswith("button")]),
    ):
        page.chart(
            charts.line(
                list(_reliability(change, names)),
                "said",
                "happened",
                series="head",
                points=True,
                diagonal=True,
                log_x=True,
                log_y=True,
            ),
            f"Probability of a change, and how often it came: {title}. Bins of at least {FEWEST_CHANGES} changes.",
        )
    page.table(
        [
            "head",
            "changes said",
            "changes seen",
            "error of change",
            "likeliest is right",
            "error of confidence",
        ],
        [
            [
                name,
                change[name]["probability"],
                change[name]["frequency"],
                change[name]["error"],
                confidence[name]["frequency"],
                confidence[name]["error"],
            ]
            for name in change
        ],
    )


FEWEST_CHANGES = 10
"""A bin with fewer is not drawn: chance would draw it anywhere."""


def _reliability(change: Report, names: Sequence[str]) -> Iterable[dict[str, Any]]:
    for name in names:
        for row in change[name]["bins"]:
            if row["frequency"] * row["num_frames"] >= FEWEST_CHANGES:
                yield {"head": name, "said": row["probability"], "happened": row["frequency"]}


def _guesses(streaming: Report) -> tuple[Report, Report]:
    return streaming["repeat"], streaming["marginal"]


def _add_origin(page: Page, report: Report) -> None:
    data, policy = report["data"], report["policy"]
    page.heading("What was evaluated")
    page.facts(
        [
            ("run", report["run"]),
            ("side of the split", f"{report['side']} of {data['split']}"),
            ("segments", data["segments"]),
            ("games", data["games"]),
            (
                "chosen by",
                ", ".join(f"{name} {value}" for name, value in data["chosen_by"].items())
                or "every eligible segment",
            ),
            ("frames of a game", data["max_frames"] or "all"),
            ("training window", policy["window_size"]),
            ("delay", policy["delay"]),
        ]
    )
