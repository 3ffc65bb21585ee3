"""The demo's last step: its better policy exported, and let answer beside a game that it did not learn from."""

import importlib.util
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from exphil.training.runs import Run

Report = Mapping[str, Any]

GAMES: Final = """\
SELECT path, list(port ORDER BY port) AS ports
FROM replays JOIN players USING (replay_id)
WHERE status = 'ok' AND mode = '1v1' AND list_contains({ids}, replay_id)
GROUP BY path, num_frames ORDER BY num_frames, path"""


def export_and_shadow(run: "Run", store: Path) -> Report | None:
    """Export a run and play it beside one player of a game of its validation side, as fast as it answers.

    None, with a remark, where it cannot be done: no spectator server without the extra `play`, no plain file.

    Raises:
        MissError: the exported policy is not the run's.
    """
    from exphil.cli.output import note, progress
    from exphil.export.run import export
    from exphil.play.engines import open_engine
    from exphil.play.shadow.run import Options, shadow
    from exphil.play.status import Status

    export(run, fp32=True, int8=False, store=store, out=None, note=note, progress=progress)
    if importlib.util.find_spec("enet") is None:
        note("not played: that needs `pip install 'exphil[play]'`")
        return None
    found = _game(run, store)
    if found is None:
        note("not played: no game of the validation side lies in a file of its own")
        return None
    path, port = found
    engine, _ = open_engine(run, "onnx")
    return shadow(engine, path, Options(port=port, fast=True), status=Status(sys.stderr), progress=progress)


def lines(run_name: str, report: Report) -> list[tuple[str, str]]:
    """What came of it, as rows for a person."""
    (player,) = report["players"]
    agreement, latency = player["agreement"], report["latency"]
    rows = [
        ("game", f"{report['file']}, beside {player['character']} on port {player['port']}"),
        ("policy", f"{run_name}, exported"),
        ("a frame takes", f"p50 {latency['p50_ms']:.2f} ms, p99 {latency['p99_ms']:.2f} ms, of 16.67 ms"),
        ("missed", f"{report['deadline']['missed']:,} of {report['deadline']['frames']:,} frames"),
    ]
    if agreement["exact"] is not None and agreement["changed"]["exact"] is not None:
        rows.append(
            (
                "same input",
                f"{agreement['exact']:.1%} of frames, {agreement['changed']['exact']:.1%} of those at which the"
                " player's changes",
            )
        )
    return rows


def _game(run: "Run", store: Path) -> tuple[Path, int] | None:
    """The shortest game of the validation side that lies in a file, and its lower port."""
    from exphil.sql.database import Database
    from exphil.store.store import Store
    from exphil.training.runs import SPLIT

    games = json.loads((run.folder / SPLIT).read_text(encoding="utf-8"))["validation"]
    ids = "[" + ", ".join(f"'{game}'" for game in games) + "]"
    with Database(Store.open(store)) as database:
        rows = database.query(GAMES.format(ids=ids)).read_all().to_pylist()
    return next(((_short(row["path"]), row["ports"][0]) for row in rows if Path(row["path"]).is_file()), None)


def _short(path: str) -> Path:
    """As one would type it from here."""
    here = Path.cwd()
    return Path(path).relative_to(here) if Path(path).is_relative_to(here) else Path(path)
