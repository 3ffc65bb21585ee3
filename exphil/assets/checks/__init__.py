"""Checks of a store's content: keys, gaps, ranges, dead dims, split leakage, fingerprints.

Each is a pure function over the committed parts, of one batch or of all. What a check finds wrong it counts, and
shows a few of. `exphil.assets.maintenance.verify` looks at the files; these look at what they say.
"""

from typing import Final

from exphil.assets.checks.features import (
    dead_dims,
    feature_fingerprint,
    merged_audit,
    pack_coverage,
    pack_fingerprint,
)
from exphil.assets.checks.finding import Check, Finding
from exphil.assets.checks.frames import frame_gaps, frame_keys, frame_ranges
from exphil.assets.checks.replays import replay_keys, replay_ranges
from exphil.assets.checks.situations import situations
from exphil.assets.checks.stats import stats_keys, stats_spans, stats_stocks, stats_sums
from exphil.assets.checks.windows import segment_quality, segment_ranges, split_leakage
from exphil.assets.maintenance import Problem
from exphil.store.store import Store

__all__ = ["CHECKS", "Check", "Finding", "faults", "merged_audit"]

CHECKS: Final = (
    Check("replays", "keys_unique", "Paths, games and players have one row each.", replay_keys),
    Check("replays", "ranges", "Known statuses, a reason for every file that does not count.", replay_ranges),
    Check("frames", "keys_unique", "One row a character and frame, each game in one part.", frame_keys),
    Check("frames", "no_gaps", "Complete games have every frame from first to last.", frame_gaps),
    Check(
        "frames", "ranges", "Sticks, triggers, percent and shield within what the game allows.", frame_ranges
    ),
    Check("embeddings", "no_dead_dims", "Every feature dim moves.", dead_dims, is_fault=False),
    Check("embeddings", "fingerprint", "Made with the feature table of this code.", feature_fingerprint),
    Check("stats", "keys_unique", "Unique keys, and a row a player of every game of two.", stats_keys),
    Check("stats", "spans", "Stocks, punishes and moves within their games.", stats_spans),
    Check("stats", "sums", "Moves add up to punishes, and conversions to totals.", stats_sums),
    Check("stats", "stocks", "As many stocks lost as are missing at the end.", stats_stocks),
    Check("stats", "situations", "Techs and ledge grabs as counted, kills end sequences.", situations),
    Check("windows", "no_split_leakage", "No game or set of games on two sides of the split.", split_leakage),
    Check("windows", "ranges", "Segments within complete games of two players.", segment_ranges),
    Check(
        "windows", "quality", "Every game judged by the rules, and segments as their games.", segment_quality
    ),
    Check("packs", "fingerprint", "Made with the feature table of this code.", pack_fingerprint),
    Check("packs", "coverage", "Every segment's frames are packed.", pack_coverage),
)
"""Every check, in the order in which data flows."""


def faults(store: Store) -> list[Problem]:
    """What the checks find wrong in the whole store, as `maintenance.verify` words it."""
    problems = []
    for check in [check for check in CHECKS if check.is_fault]:
        found = check.run(store, None)
        if not found.passed:
            message = (
                f"{check.name}: {found.num_wrong} wrong of {found.num_checked}: {'; '.join(found.examples)}"
            )
            problems.append(Problem(check.asset, "", message))
    return problems
