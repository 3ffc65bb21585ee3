"""The `stats` asset beside slippi-js on the same files, and its memory over more and more games.

    npm install --prefix FOLDER @slippi/slippi-js
    python benchmarks/slippi_js.py REPLAYS --node-modules FOLDER/node_modules [--rounds 3] [--synthesised 500]
    python benchmarks/slippi_js.py --memory 500 2000

Each round times, one after the other: our asset from the store's frames, .slp files to statistics in a new store,
and slippi-js from .slp files to `getStats()`, on one thread as it is made. Start-up of our workers and of node is
not counted. `--synthesised N` does the same over N synthesised games besides. `--memory` prints the peak of all
processes (PSS, Linux only) while the asset is made over so many synthesised games.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from materialize import run_watched

from exphil.assets import plan, replays, stats
from exphil.assets.workers import Workers
from exphil.replays.sources import find_sources
from exphil.store.store import Store
from exphil.synth.generate import synthesise

SLIPPI_JS = """
const { createRequire } = require('module');
const fs = require('fs');
const { SlippiGame } = createRequire(process.argv[2] + '/from')('@slippi/slippi-js/node');
const files = fs.readFileSync(0, 'utf8').split('\\n').filter((file) => file);
const begun = performance.now();
let conversions = 0;
for (const file of files) conversions += new SlippiGame(file).getStats().conversions.length;
console.log(JSON.stringify({ seconds: (performance.now() - begun) / 1000, conversions }));
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("replays", type=Path, nargs="?")
    parser.add_argument("--node-modules", type=Path, help="where @slippi/slippi-js is installed")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--synthesised", type=int, default=0, metavar="N")
    parser.add_argument("--memory", type=int, nargs="*", default=[], metavar="N")
    arguments = parser.parse_args()
    if arguments.replays or arguments.synthesised:
        _require_slippi_js(parser, arguments.node_modules)
    if not (arguments.replays or arguments.synthesised or arguments.memory):
        parser.error("nothing to measure: give a folder of replays, --synthesised or --memory")
    with tempfile.TemporaryDirectory() as folder:
        if arguments.replays:
            compare(arguments.replays.resolve(), Path(folder) / "given", arguments)
        if arguments.synthesised:
            synthesise(Path(folder) / "games", count=arguments.synthesised)
            compare(Path(folder) / "games", Path(folder) / "made", arguments)
        for count in arguments.memory:
            print(json.dumps(memory(count, Path(folder), arguments.workers)), flush=True)


def _require_slippi_js(parser: argparse.ArgumentParser, node_modules: Path | None) -> None:
    if node_modules is None or not (node_modules / "@slippi" / "slippi-js").is_dir():
        parser.error(
            "--node-modules: no @slippi/slippi-js there; install it with"
            " `npm install --prefix FOLDER @slippi/slippi-js` and give FOLDER/node_modules"
        )


def compare(folder: Path, scratch: Path, arguments: argparse.Namespace) -> None:
    """Rounds of all three over one folder; prints each and the medians."""
    files = sorted(folder.rglob("*.slp"))
    rounds = []
    with Workers(arguments.workers) as workers:
        store = Store.create(scratch / "kept")
        ingest(store, folder, workers)
        for number in range(arguments.rounds):
            asset = remade(store, workers)
            fresh = Store.create(scratch / f"round{number}")
            total = ingest(fresh, folder, workers) + remade(fresh, workers)
            theirs = slippi_js(files, arguments.node_modules.resolve())
            rounds.append((asset, total, theirs))
            print(json.dumps({"round": number + 1, **_figures(len(files), asset, total, theirs)}), flush=True)
    medians = _figures(len(files), *(median(column) for column in zip(*rounds, strict=True)))
    print(json.dumps({"median of": arguments.rounds, "replays": len(files), **medians}), flush=True)


def _figures(games: int, asset: float, total: float, theirs: float) -> dict[str, float]:
    return {
        "asset_seconds": round(asset, 3),
        "slp_to_stats_seconds": round(total, 3),
        "slippi_js_seconds": round(theirs, 3),
        "asset_replays_per_second": round(games / asset, 1),
        "slp_to_stats_replays_per_second": round(games / total, 1),
        "slippi_js_replays_per_second": round(games / theirs, 1),
        "asset_over_slippi_js": round(theirs / asset, 1),
        "slp_to_stats_over_slippi_js": round(theirs / total, 1),
    }


def ingest(store: Store, folder: Path, workers: Workers) -> float:
    """Read every file into the store; seconds of work."""
    workers.wait_until_ready()
    return sum(
        replays.ingest(store, batch, workers)[0].seconds
        for batch in plan.enqueue(store, list(find_sources([folder])))
    )


def remade(store: Store, workers: Workers) -> float:
    """Drop the statistics and make them again; seconds of work."""
    with store.writing() as transaction:
        transaction.change("stats", remove=[part.name for part in store.manifest.of("stats")])
        transaction.commit()
    batches = sorted({part.batch for part in store.manifest.of("frames")})
    return sum(stats.materialize(store, batch, workers).seconds for batch in batches)


def slippi_js(files: Sequence[Path], node_modules: Path) -> float:
    """Seconds that slippi-js takes for the files, its own start-up aside."""
    told = subprocess.run(
        ["node", "-e", SLIPPI_JS, "slippi-js", str(node_modules)],
        input="\n".join(map(str, files)),
        capture_output=True,
        text=True,
        check=True,
    )
    return float(json.loads(told.stdout.splitlines()[-1])["seconds"])


def memory(count: int, folder: Path, num_workers: int) -> dict[str, float]:
    """Peak memory of `exphil materialize stats` over so many synthesised games."""
    games, root = folder / f"games{count}", folder / f"store{count}"
    synthesise(games, count=count)
    store = Store.create(root)
    with Workers(num_workers) as workers:
        ingest(store, games, workers)
    command = [
        *(sys.executable, "-m", "exphil.cli", "materialize", "stats", "--json"),
        *("--replays", str(games), "--store", str(root), "--workers", str(num_workers)),
    ]
    report, wall, peak = run_watched(command, str(folder))
    return {
        "games": count,
        "peak_megabytes": round(peak / 1e6),
        "own_seconds": report["seconds"]["work"],
        "wall_seconds": round(wall, 2),
    }


if __name__ == "__main__":
    main()
