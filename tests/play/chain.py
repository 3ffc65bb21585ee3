"""An engine whose memory is a chain of hashes: what it was ever shown, and in what order, shows in all that follows."""

import numpy as np

from exphil.melee.controller import HEAD_SIZES, NUM_HEADS
from exphil.play.engine import Bytes, Floats, Ints, State


class ChainEngine:
    """`Engine` without a policy."""

    def __init__(self, delay: int = 0, row_bytes: int = 4) -> None:
        self.delay = delay
        self.row_bytes = row_bytes
        self.batches: list[int] = []

    def initial_state(self, batch: int) -> State:
        return (np.zeros((batch, 2), np.int64),)

    def step(
        self,
        rows: Bytes,
        viewpoint: Ints,
        queue: Ints,
        noise: Floats,
        temperature: float,
        top_p: float,
        state: State,
    ) -> tuple[Ints, Floats, State]:
        assert rows.shape == (len(viewpoint), self.row_bytes)
        assert queue.shape == (len(viewpoint), self.delay, NUM_HEADS)
        assert noise.shape == (len(viewpoint), NUM_HEADS)
        self.batches.append(len(rows))
        (after,) = memory = self._after(rows, viewpoint, queue, state)
        mixed = (after[:, :1] % 1000) / 1000 * temperature + noise * top_p
        actions = (mixed * 97).astype(np.int64) % np.array(HEAD_SIZES)
        return actions, -np.abs(noise), memory

    def score(
        self, rows: Bytes, viewpoint: Ints, queue: Ints, actions: Ints, state: State
    ) -> tuple[Floats, State]:
        return -actions.astype(np.float32), self._after(rows, viewpoint, queue, state)

    def _after(self, rows: Bytes, viewpoint: Ints, queue: Ints, state: State) -> State:
        told = zip(rows, viewpoint, queue, state[0], strict=True)
        return (np.array([_hashed(*lane) for lane in told], np.int64),)


def _hashed(row: Bytes, viewpoint: np.int64, queue: Ints, state: Ints) -> tuple[int, int]:
    content = (row.tobytes(), int(viewpoint), queue.tobytes(), int(state[0]))
    return abs(hash(content)), int(state[1]) + 1
