"""How long the live path takes from a frame's events to its packed row, by what is in the frame.

    python benchmarks/live.py REPLAYS
    python benchmarks/live.py full_v3.12.0_ics-falco.slp --frames 5000 --json

Each game's events are fed as Slippi Dolphin sends them, a message a frame, one after the other without a pause. Every
frame counts once, among those of its kind; the first 100 frames of each game are warm-up. `row alone` is what
`EventStream.feed` spends in the encoder; the rest finds the events and tells of the frame.
"""

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from exphil.errors import ReplayError
from exphil.live import Encode, EventStream, GameStart, LiveFrame
from exphil.play.broadcast import frame_payloads
from exphil.replays.sources import find_sources, read_source

WARM_UP = 100
MANY_ITEMS = 3
QUANTILES = {"p50_us": 50.0, "p95_us": 95.0, "p99_us": 99.0, "p999_us": 99.9, "max_us": 100.0}


class Timed:
    """Feeds a game, and keeps the nanoseconds of each frame by its kind."""

    def __init__(self) -> None:
        self.whole: dict[str, list[int]] = defaultdict(list)
        self.row: dict[str, list[int]] = defaultdict(list)
        self._spent = 0
        self._kind = ""

    def wrap(self, encode: Encode) -> Encode:
        def timed(frame: int, followers: tuple[bool, bool], items: Sequence[bytes]) -> Any:
            begun = time.perf_counter_ns()
            row = encode(frame, followers, items)
            self._spent = time.perf_counter_ns() - begun
            self._kind = kind_of(followers, len(items))
            return row

        return timed

    def play(self, payloads: Sequence[bytes]) -> None:
        stream = EventStream(wrap=self.wrap)
        frames = 0
        for payload in payloads:
            begun = time.perf_counter_ns()
            messages = stream.feed(payload)
            whole = time.perf_counter_ns() - begun
            if len(messages) == 1 and isinstance(messages[0], LiveFrame):
                frames += 1
                if frames > WARM_UP:
                    self.whole[self._kind].append(whole)
                    self.row[self._kind].append(self._spent)


def kind_of(followers: tuple[bool, bool], num_items: int) -> str:
    fighters = "Ice Climbers" if any(followers) else "two fighters"
    if num_items >= MANY_ITEMS:
        return f"{fighters}, {MANY_ITEMS} items or more"
    return f"{fighters}, {'1 or 2 items' if num_items else 'no item'}"


def rows_of(timed: Timed) -> list[dict[str, Any]]:
    rows = []
    for part, spent in (("feed", timed.whole), ("row alone", timed.row)):
        for kind in sorted(spent, key=lambda name: -len(spent[name])):
            values = np.array(spent[kind]) / 1000
            figures = {name: round(float(np.percentile(values, at)), 1) for name, at in QUANTILES.items()}
            rows.append({"part": part, "frame": kind, "frames": len(values), **figures})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("replays", type=Path, nargs="+")
    parser.add_argument("--frames", type=int, default=100_000, help="stop after so many frames")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    timed = Timed()
    for source in find_sources(arguments.replays):
        try:
            payloads = [payload for _, payload in frame_payloads(read_source(source).bytes)]
            if isinstance(EventStream().feed(payloads[0])[0], GameStart):
                timed.play(payloads)
        except ReplayError as error:
            print(f"{source.path}: {error}: left out")
        if sum(map(len, timed.whole.values())) >= arguments.frames:
            break
    rows = rows_of(timed)
    if arguments.json:
        print(json.dumps(rows, indent=1))
        return
    print(f"{'':10} {'a frame with':32} {'frames':>8}" + "".join(f"{name:>10}" for name in QUANTILES))
    for row in rows:
        figures = "".join(f"{row[name]:10.1f}" for name in QUANTILES)
        print(f"{row['part']:10} {row['frame']:32} {row['frames']:8}{figures}")


if __name__ == "__main__":
    main()
