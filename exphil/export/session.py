"""An exported policy run by onnxruntime on one thread: the engine of play.

Shapes: B batch, R bytes a row, N the delay, 13 heads, 81 logits.
"""

from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from exphil.errors import FingerprintError, StoreError
from exphil.export.metadata import FREE, Exported, read_metadata
from exphil.features import V1

State: TypeAlias = tuple[NDArray[Any], ...]
"""What a policy remembers between frames: arrays of fixed shape, batch first."""

MOST_SETTINGS: Final = 64
"""Temperatures and shares that an engine keeps ready."""


class OnnxEngine:
    """One exported file, ready to be stepped; holds no game, so that one serves many.

    Attributes:
        exported: what the file says of itself.
        delay: frames between what the policy sees and what it presses, beyond the first.
        row_bytes: of a packed row.
    """

    def __init__(self, model: Path | bytes, *, threads: int = 1) -> None:
        """Load a file, or its content.

        Raises:
            StoreError: it is missing, damaged, or no policy that exphil has exported.
            FingerprintError: it reads rows of another feature table.
        """
        self._session = _open(model, threads)
        where = str(model) if isinstance(model, Path) else "the exported policy"
        self.exported: Exported = read_metadata(self._session.get_modelmeta().custom_metadata_map, where)
        if self.exported.fingerprint != V1.fingerprint:
            raise FingerprintError(
                f"{where} reads rows of another feature table; export it anew with `exphil export`"
            )
        self.delay, self.row_bytes = self.exported.delay, self.exported.row_bytes
        self._outputs = ["actions", "log_prob", *(slot.output for slot in self.exported.states)]
        self._inputs = [slot.input for slot in self.exported.states]
        self._numbers: dict[float, NDArray[np.float32]] = {}
        self._free = np.full((1, len(self.exported.heads)), FREE, np.int64)

    def initial_state(self, batch: int) -> State:
        """The memory before a game's first frame: zeros."""
        return tuple(np.zeros((batch, *slot.shape), slot.dtype) for slot in self.exported.states)

    def step(
        self,
        rows: NDArray[np.uint8],
        viewpoint: NDArray[np.int64],
        queue: NDArray[np.int64],
        noise: NDArray[np.float32],
        temperature: float,
        top_p: float,
        state: State,
    ) -> tuple[NDArray[np.int64], NDArray[np.float32], State]:
        """One frame: draw an input.

        Args:
            rows: (B, R).
            viewpoint: (B,): 0 where the player on the lower port is self, 1 for the other.
            queue: (B, N, 13), inputs on their way, the next one due first.
            noise: (B, 13) from 0 to below 1, one a head.
            temperature: 0 takes each head's likeliest class.
            top_p: share of the probability that is kept, the likeliest classes first.
            state: the memory before; it is left as it was.

        Returns:
            The input (B, 13), the log-probability of each choice (B, 13) at temperature 1 and without top-p, and the
            memory after.
        """
        batch = len(rows)
        if len(self._free) != batch:
            self._free = np.full((batch, self._free.shape[1]), FREE, np.int64)
        found = self._run(self._outputs, rows, viewpoint, queue, noise, temperature, top_p, self._free, state)
        return found[0], found[1], tuple(found[2:])

    def score(
        self,
        rows: NDArray[np.uint8],
        viewpoint: NDArray[np.int64],
        queue: NDArray[np.int64],
        actions: NDArray[np.int64],
        state: State,
    ) -> tuple[NDArray[np.float32], State]:
        """Log-probability (B, 13) of given choices (B, 13), each given the ones before it, and the memory after."""
        log_prob, _, after = self.judge(rows, viewpoint, queue, actions, state)
        return log_prob, after

    def judge(
        self,
        rows: NDArray[np.uint8],
        viewpoint: NDArray[np.int64],
        queue: NDArray[np.int64],
        actions: NDArray[np.int64],
        state: State,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], State]:
        """As `score`, and between the two the logits (B, 81), each head's given the choices before it."""
        noise = np.zeros(actions.shape, np.float32)
        outputs = ["log_prob", "logits", *self._outputs[2:]]
        found = self._run(outputs, rows, viewpoint, queue, noise, 1.0, 1.0, actions, state)
        return found[0], found[1], tuple(found[2:])

    def _run(
        self,
        outputs: list[str],
        rows: NDArray[np.uint8],
        viewpoint: NDArray[np.int64],
        queue: NDArray[np.int64],
        noise: NDArray[np.float32],
        temperature: float,
        top_p: float,
        forced: NDArray[np.int64],
        state: State,
    ) -> list[Any]:
        feed: dict[str, Any] = {
            "rows": rows,
            "viewpoint": viewpoint,
            "noise": noise,
            "temperature": self._number(temperature),
            "top_p": self._number(top_p),
            "forced": forced,
        }
        if self.delay:
            feed["queue"] = queue
        feed.update(zip(self._inputs, state, strict=True))
        return list(self._session.run(outputs, feed))

    def _number(self, value: float) -> NDArray[np.float32]:
        """A setting as an input; the same one is asked for frame after frame."""
        found = self._numbers.get(value)
        if found is None:
            if len(self._numbers) >= MOST_SETTINGS:
                self._numbers.clear()
            found = self._numbers[value] = np.array(value, np.float32)
        return found


def _open(model: Path | bytes, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = threads
    options.log_severity_level = 3
    if isinstance(model, Path) and not model.is_file():
        raise StoreError(f"{model} does not exist; write it with `exphil export`")
    try:
        content = model.read_bytes() if isinstance(model, Path) else model
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own errors have no base but this
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise StoreError(
            f"{model if isinstance(model, Path) else 'the exported policy'} cannot be run ({reason});"
            " export it anew with `exphil export`"
        ) from error
