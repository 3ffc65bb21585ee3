"""`exphil play --shadow`: a policy beside the players of a recording."""

import signal
import sys
from pathlib import Path

from exphil.cli import output
from exphil.errors import INTERRUPTED
from exphil.play.engines import Runtime, open_engine
from exphil.play.shadow.report import head_tables, latency_table, player_table, summary
from exphil.play.shadow.run import Options, shadow
from exphil.play.status import Status
from exphil.training.runs import open_run


def play_beside(root: Path, run: str, runtime: Runtime, path: Path, options: Options, as_json: bool) -> int:
    """Stream a recording to a run's policy and print what came out; the exit code.

    Args:
        root: folder of the runs.
        path: the recording.
    """
    opened = open_run(root, run)
    engine, ran = open_engine(opened, runtime)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does, with a report
    try:
        found = shadow(engine, path, options, status=Status(sys.stderr), progress=output.progress)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    backbone = opened.config.policy.backbone.name
    report = {"run": opened.name, "backbone": backbone, "runtime": ran, **found}
    if as_json:
        output.json_document(report)
    else:
        output.table(["", ""], [("policy", f"{opened.name}, {backbone}, {ran}"), *summary(report)])
        for columns, rows in (latency_table(report), player_table(report), *head_tables(report)):
            output.say()
            output.table(columns, rows, right=set(columns[1:]) - {"character"})
    if report["stopped"]:
        output.note("stopped by Ctrl-C")
        return INTERRUPTED
    return 0
