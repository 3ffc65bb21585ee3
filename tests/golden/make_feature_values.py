"""Writes feature_values_v1.json: packed rows drawn at random, and what they read as. See README.md."""

import json
from pathlib import Path

import numpy as np

from exphil.features import V1
from exphil.melee.controller import STICK_UNIT
from exphil.melee.stages import LEGAL_STAGES

NUM_ROWS = 12


def draw_rows() -> np.ndarray:
    """Rows whose every field is within its range, each legal stage twice."""
    random = np.random.default_rng(1)
    row_bytes = V1.row_dtype.itemsize
    rows = random.integers(0, 256, (NUM_ROWS, row_bytes), np.uint8).view(V1.row_dtype).reshape(NUM_ROWS)
    players, shared = rows["players"], rows["shared"]
    for index, size in enumerate(V1.id_sizes[:3]):
        players["ids"][..., index] = random.integers(0, size, (NUM_ROWS, 2))
    columns = V1.columns["player_scalars"]
    players["scalars"][..., columns.index("x")] = random.integers(-6000, 6000, (NUM_ROWS, 2))
    players["scalars"][..., columns.index("y")] = random.integers(-2000, 6000, (NUM_ROWS, 2))
    for stick in ("main_x", "main_y", "c_x", "c_y"):
        values = random.integers(-STICK_UNIT, STICK_UNIT + 1, (NUM_ROWS, 2))
        players["scalars"][..., columns.index(f"input.{stick}")] = values
    shared["codes"][:, V1.columns["shared_codes"].index("stage")] = np.resize(LEGAL_STAGES, NUM_ROWS)
    return rows


if __name__ == "__main__":
    rows = draw_rows()
    golden = {
        "fingerprint": V1.fingerprint,
        "rows": rows.tobytes().hex(),
        "values": [np.round(V1.decode(rows, view).astype(float), 5).tolist() for view in (0, 1)],
    }
    Path(__file__).with_name("feature_values_v1.json").write_text(json.dumps(golden) + "\n", encoding="utf-8")
