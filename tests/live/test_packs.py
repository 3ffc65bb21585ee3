"""Live rows against the packs of a store that was built of the same recordings."""

from pathlib import Path

import numpy as np

from exphil.features import V1
from exphil.replays.reader import content_id
from exphil.store.packs import Packs
from exphil.store.store import Store
from tests.live.streams import feed_all, last_rows, sent


def test_rows_of_every_packed_game_are_the_pack_s(small_store: Path) -> None:
    packs = Packs.open(Store.open(small_store))
    recordings = [path.read_bytes() for path in sorted((small_store.parent / "replays").glob("synth_*.slp"))]
    by_id = {content_id(data): data for data in recordings}
    runs = packs.runs.to_pylist()
    assert runs
    for run in runs:
        rows = last_rows(feed_all(sent(by_id[run["replay_id"]])))
        first, num, offset = run["first_frame"], run["num_rows"], run["row_offset"]
        stored = packs.parts[run["part"]][offset : offset + num]
        live = np.frombuffer(b"".join(rows[frame] for frame in range(first, first + num)), np.uint8)
        np.testing.assert_array_equal(live.reshape(stored.shape), stored)


def test_dims_of_live_rows_are_those_of_the_pack(small_store: Path) -> None:
    packs = Packs.open(Store.open(small_store))
    recordings = [path.read_bytes() for path in sorted((small_store.parent / "replays").glob("synth_*.slp"))]
    by_id = {content_id(data): data for data in recordings}
    run = packs.runs.to_pylist()[0]
    first, num, offset = run["first_frame"], run["num_rows"], run["row_offset"]
    rows = last_rows(feed_all(sent(by_id[run["replay_id"]])))
    live = np.frombuffer(b"".join(rows[frame] for frame in range(first, first + num)), V1.row_dtype)
    stored = np.ascontiguousarray(packs.parts[run["part"]][offset : offset + num]).view(V1.row_dtype)[:, 0]
    for viewpoint in (0, 1):
        dims = V1.decode(live, viewpoint)  # type: ignore[arg-type]
        assert dims.shape == (num, 287)
        expected = V1.decode(stored, viewpoint)  # type: ignore[arg-type]
        assert dims.astype(np.float16).tobytes() == expected.astype(np.float16).tobytes()
