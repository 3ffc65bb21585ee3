"""What a player does off the stage, at the ledge and on the floor, and how often it goes well."""

from typing import Final

from exphil.pages import charts
from exphil.pages.page import Page
from exphil.reports.asking import Ask
from exphil.reports.player.subject import Subject

CAUSES: Final = {"hit": "hit or thrown off", "own": "went off", "ledge": "let go of the ledge"}
USED: Final = ("double_jumped", "up_special", "side_special", "air_dodged")


def add_situations(page: Page, ask: Ask, who: Subject) -> None:
    """Recoveries, edge-guards, ledge options, techs."""
    page.heading("Off the stage")
    if not _add_recoveries(page, ask, who):
        page.text("Nobody left the stage in these games, or none is on one of the six tournament stages.")
    _add_ledge(page, ask, who)
    _add_techs(page, ask, who)


def _add_recoveries(page: Page, ask: Ask, who: Subject) -> bool:
    outcomes = """count(*) AS n, per(count(*) FILTER (outcome = 'stage'), count(*)) AS stage,
        per(count(*) FILTER (outcome = 'ledge'), count(*)) AS ledge,
        per(count(*) FILTER (outcome = 'died'), count(*)) AS died"""
    own, guarded = who.rows("recovery_situations"), who.rows("recovery_situations", "opponent")
    rows = ask(f"SELECT cause, edge_guarded, {outcomes} FROM {own} GROUP BY ALL ORDER BY ALL")
    theirs = ask(f"SELECT cause, edge_guarded, {outcomes} FROM {guarded} GROUP BY ALL ORDER BY ALL")
    if not rows and not theirs:
        return False
    columns = ["left the stage", "edge-guarded", "times", "to the stage", "to the ledge", "died"]
    page.table(
        columns,
        [[CAUSES[str(row["cause"])], *list(row.values())[1:]] for row in rows],
        f"How {who.name} came back.",
    )
    means = ask(
        f"""SELECT used, count(*) AS n, per(count(*) FILTER (outcome <> 'died'), count(*)) AS back
        FROM (SELECT outcome, unnest([{", ".join(f"CASE WHEN {name} THEN '{name}' END" for name in USED)}]) AS used
            FROM {own} WHERE cause = 'hit')
        WHERE used IS NOT NULL GROUP BY ALL ORDER BY n DESC, used"""
    )
    page.table(
        ["used", "times", "came back"],
        [[row["used"].replace("_", " "), row["n"], row["back"]] for row in means],
        "After being hit off the stage; a recovery may use several.",
    )
    page.table(
        columns,
        [[CAUSES[str(row["cause"])], *list(row.values())[1:]] for row in theirs],
        f"How opponents came back past {who.name}.",
    )
    return True


def _add_ledge(page: Page, ask: Ask, who: Subject) -> None:
    rows = ask(
        f"""SELECT option, count(*) AS n, per(count(*) FILTER (was_hit), count(*)) AS hit,
            per(count(*) FILTER (regrabbed), count(*)) AS regrabbed, avg(release_frame - frame) AS hung,
            avg(intangible_frames) AS intangible
        FROM {who.rows("ledge_situations")} GROUP BY ALL ORDER BY n DESC, option"""
    )
    if not rows:
        return
    page.heading("From the ledge")
    page.chart(
        charts.bars(
            [{"option": row["option"], "share that was hit": row["hit"]} for row in rows if row["n"] > 2],
            "option", "share that was hit",
        ),
        "Hit or grabbed within a second of letting go.",
    )  # fmt: skip
    page.table(
        [
            "option",
            "times",
            "share that was hit",
            "regrabbed",
            "frames hung, mean",
            "frames out of reach, mean",
        ],
        [list(row.values()) for row in rows],
    )
    drops = ask(
        f"""SELECT after_drop, count(*) AS n, per(count(*) FILTER (was_hit), count(*)) AS hit, avg(galint) AS galint
        FROM {who.rows("ledge_situations")} WHERE after_drop IS NOT NULL GROUP BY ALL ORDER BY n DESC, after_drop"""
    )
    if drops:
        page.table(
            ["after a drop", "times", "share that was hit", "frames to act out of reach, mean"],
            [list(row.values()) for row in drops],
        )


def _add_techs(page: Page, ask: Ask, who: Subject) -> None:
    rows = ask(
        f"""SELECT kind, choice, follow_up, count(*) AS n, per(count(*) FILTER (punished), count(*)) AS punished
        FROM {who.rows("tech_situations")} GROUP BY ALL ORDER BY ALL"""
    )
    if not rows:
        return
    page.heading("Techs")
    page.chart(
        charts.bars(
            [
                {"choice": f"{row['choice']}, {row['follow_up']}" if row["follow_up"] else row["choice"],
                 "times": row["n"]}
                for row in rows
                if row["kind"] == "ground"
            ],
            "choice", "times",
        ),
        "On the ground: what was chosen, and what followed a missed tech.",
    )  # fmt: skip
    page.table(
        ["on", "choice", "then", "times", "punished within a second"],
        [list(row.values()) for row in rows],
        "In and away are as the opponent stands.",
    )
