"""`exphil demo`: the whole way once, from replays to a policy that answers a game."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import Parameter

from exphil.cli import demo_play
from exphil.cli.options import ModelsOption, StoreOption

NUM_GAMES: Final = 50
SYNTH_FOLDER: Final = Path("replays") / "synth"
BACKBONES: Final = ("mlp", "mamba")

# Small enough for two CPU cores and a few minutes, long enough to leave both baselines behind.
TRAINING: Final[Mapping[str, Any]] = {
    "hidden_size": 64,
    "num_layers": 1,
    "dropout": 0.0,
    "window_size": 60,
    "batch_size": 32,
    "epochs": 3,
    "max_steps": 300,
    "learning_rate": 5e-3,
}

# The usual split first; a handful of games needs a coarser one for every side to have some.
SPLITS: Final = ("80/10/10", "70/15/15", "60/20/20", "50/25/25", "50/50/0")

EXAMPLE: Final = """\
SELECT character_name AS character, count(*) AS games, count(*) FILTER (won) AS wins,
       round(avg(num_frames) / 60) AS seconds
FROM players JOIN replays USING (replay_id)
WHERE status = 'ok' AND mode = '1v1'
GROUP BY 1 ORDER BY games DESC, character LIMIT 5"""


def demo(
    replays: Annotated[
        list[Path] | None, Parameter(help="Folders or archives; synthesised games if none.")
    ] = None,
    /,
    *,
    store: StoreOption = None,
    models: ModelsOption = None,
    workers: Annotated[int | None, Parameter(help="Worker processes; one a CPU core if not given.")] = None,
) -> int:
    """Go the whole way once: replays, feature store, SQL, two small policies, a game played to one of them.

    Without replays, 50 games are synthesised into replays/synth first. Takes a few minutes on two CPU cores.

    For example:

        exphil demo
        exphil demo ~/Slippi --store /data/melee
    """
    from exphil.assets import plan
    from exphil.assets.selection import ReplaySelection
    from exphil.cli import building
    from exphil.cli.output import note, say, table
    from exphil.cli.recording import record_in_dagster
    from exphil.config.roots import models_root, replays_root, store_root
    from exphil.errors import UsageError

    begun = time.perf_counter()
    if workers is not None and workers < 1:
        raise UsageError(f"--workers is {workers}; it must be at least 1")
    roots = tuple(replays_root(given) for given in replays) if replays else (_synthesised(),)
    folder, runs = store_root(store), models_root(models)
    note(f"1. The feature store: every asset from {', '.join(map(str, roots))} to {folder}")
    built = building.build(folder, plan.upstream("all"), ReplaySelection(roots=roots), workers)
    built.print()
    if built.exit_code(strict=False):
        return 1
    where = _these_alone(folder, roots)
    split = _split(folder, where)
    note(f"2. Training: {' and '.join(BACKBONES)}, to {runs}, split {split}")
    chosen = {"split": split, **({} if where is None else {"where": where})}
    outcomes = [_train(backbone, chosen, folder, runs) for backbone in BACKBONES]
    for outcome in outcomes:
        record_in_dagster(outcome)
    best = min(outcomes, key=lambda outcome: outcome.validation["nats"]).run
    note(f"3. Playing: {best.name}, exported, and beside a game that it did not learn from")
    played = demo_play.export_and_shadow(best, folder)
    say()
    _report(folder, outcomes)
    if played is not None:
        say("\nA game played to it, frame by frame:")
        table(("", ""), demo_play.lines(best.name, played))
    say()
    _what_next(folder, runs, outcomes, None if played is None else (best.name, played["file"]), not replays)
    say(f"\nThe demo took {(time.perf_counter() - begun) / 60:.1f} minutes.")
    return 0


def _synthesised() -> Path:
    """A folder of synthesised games; the ones that are there already stay, byte for byte."""
    from exphil.cli.output import note, progress
    from exphil.synth.generate import replay_name, synthesise

    if (SYNTH_FOLDER / replay_name(NUM_GAMES - 1)).exists():
        note(f"0. Replays: the synthesised games of {SYNTH_FOLDER}")
        return SYNTH_FOLDER
    note(f"0. Replays: none given, so {NUM_GAMES} games are synthesised into {SYNTH_FOLDER}")
    with progress("synthesising", NUM_GAMES) as advance:
        synthesise(SYNTH_FOLDER, count=NUM_GAMES, seed=0, overwrite=True, on_progress=advance)
    return SYNTH_FOLDER


def _these_alone(folder: Path, roots: Sequence[Path]) -> str | None:
    """The condition that leaves out what the store holds from elsewhere, an earlier demo's synthesised games say.

    None when it holds nothing else.
    """
    from exphil.sql.database import Database
    from exphil.store.store import Store

    prefixes = [root.absolute().as_posix().replace("'", "''") for root in roots]
    where = " OR ".join(f"starts_with(replays.path, '{prefix}')" for prefix in prefixes)
    with Database(Store.open(folder)) as database:
        others = database.query(f"SELECT 1 FROM replays WHERE NOT ({where}) LIMIT 1").read_all()
    return where if others.num_rows else None


def _split(folder: Path, where: str | None) -> str:
    """The first split that leaves no side empty.

    Raises:
        UsageError: there is none: too few sets of games.
    """
    from exphil.errors import UsageError
    from exphil.loading.split import Split
    from exphil.sql.segments import select_segments
    from exphil.store.store import Store

    segments = select_segments(Store.open(folder), where)
    problem = UsageError("no split")
    for split in SPLITS:
        try:
            Split.parse(split).sides(segments)
        except UsageError as error:
            problem = error
        else:
            return split
    raise UsageError(f"the store is built, and holds too few games to train on ({problem})")


def _train(backbone: str, chosen: Mapping[str, Any], store: Path, models: Path) -> Any:
    from exphil.cli.reporters import watcher
    from exphil.training.config_layers import configure
    from exphil.training.session import start

    config = configure({"backbone": backbone, **chosen, **TRAINING})
    return start(config, store=store, models=models, name=None, reporter=watcher())


def _report(folder: Path, outcomes: Sequence[Any]) -> None:
    """How well the policies predict people, beside the baselines; and a question that SQL answers."""
    from exphil.cli.output import say, table
    from exphil.sql.database import Database
    from exphil.store.store import Store

    say("Validation, nats a frame (lower predicts the players better):")
    first = outcomes[0].validation
    rows = [("baseline: marginal", first["marginal"]), ("baseline: repeat", first["repeat"])]
    rows += [(o.run.config.policy.backbone.name, o.validation["nats"]) for o in outcomes]
    table(("policy", "nats"), [(name, f"{nats:.4f}") for name, nats in rows], right=("nats",))
    say("\nA question in SQL:\n" + "\n".join(f"  {line}" for line in EXAMPLE.splitlines()))
    with Database(Store.open(folder)) as database:
        answer = database.query(EXAMPLE).read_all()
    table(
        answer.column_names,
        [tuple(row.values()) for row in answer.to_pylist()],
        right=answer.column_names[1:],
    )


def _what_next(
    folder: Path, runs: Path, outcomes: Sequence[Any], played: tuple[str, str] | None, synthesised: bool
) -> None:
    from exphil.cli.output import say

    flag = "" if folder == Path("storage") else f" --store {folder}"
    say(
        f"The store is {folder}; the runs are {', '.join(str(o.run.folder) for o in outcomes)} (read card.md)."
    )
    say("Go on with:")
    say(f"  exphil sql{flag}                         a prompt for questions; Tab completes")
    say(f"  exphil report{flag}                      the store in pictures: store-report.html")
    say(f"  exphil features --audit{flag}            what each of the 287 dims holds")
    say(f"  exphil train --backbone mamba{flag}      a policy of a useful size")
    if played is not None:
        models = "" if runs == Path("models") else f" --models {runs}"
        say(f"  exphil play {played[0]} --shadow {played[1]}{models}")
        say("                                     the same game at 60 frames a second")
    say("  dagster dev                        the graph of assets, their figures and checks")
    if synthesised:
        say("  exphil materialize all --replays ~/Slippi --store my-games       your own games")
        say(
            f"These games are synthesised: keep your own in another store, or delete {folder} and {SYNTH_FOLDER} first."
        )
