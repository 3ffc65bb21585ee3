"""What runs a policy one frame at a time: the interface that torch and onnxruntime both have.

Shapes: B viewpoints side by side, R bytes a row, N the policy's delay, 13 heads, 81 logits.

An engine draws by inverse cumulative probability from uniform numbers that it is given, head after head, each told the
choices before it. So what is drawn is a function of the inputs alone, and two engines that agree on the
probabilities agree on the inputs:

- Logits are divided by the temperature; probabilities are their sigmoid (buttons) or softmax (other heads).
- `top_p` below 1 keeps a class when the classes likelier than it (of equal ones those of a lower index) hold less
  than `top_p` together; the likeliest is always kept. A button has the classes up (0) and down (1).
- A button is down where noise < its probability of being down: 0 or 1 where one class is left.
- Another head takes the first class whose running sum of kept probabilities exceeds noise times the whole sum.
- Temperature 0 takes the likeliest class, of equal ones the one of the lowest index. A button is down where its logit
  is above 0.
"""

from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

Bytes: TypeAlias = npt.NDArray[np.uint8]
Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float32]

State: TypeAlias = tuple[npt.NDArray[Any], ...]
"""What a policy remembers between frames: arrays of fixed shape, float32 or int64, batch first."""


class Engine(Protocol):
    """A policy that is stepped. It holds no memory of its own: one engine serves any number of games."""

    @property
    def delay(self) -> int:
        """N: decided beside frame t is the input of frame t + 1 + N."""
        ...

    @property
    def row_bytes(self) -> int:
        """R"""
        ...

    def initial_state(self, batch: int) -> State:
        """The memory before a game's first frame."""
        ...

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
        """One frame: what is decided, how likely that was, and the memory after the frame.

        The arrays that are given stay as they were; those that come back are the caller's to keep.

        Args:
            rows: (B, R) packed rows, both players in each.
            viewpoint: (B,) 0 where the self is the player on the lower port, 1 for the other.
            queue: (B, N, 13) classes of the inputs of the frames after this one that are decided, the next first.
            noise: (B, 13) uniform in [0, 1).
            temperature: at least 0.
            top_p: above 0, at most 1.
            state: the memory before the frame.

        Returns:
            Classes (B, 13); the log-probability of each, in nats, given the choices before it, as the policy has
            it: at temperature 1 and with every class kept, whatever was asked for; and the memory.
        """
        ...

    def score(
        self, rows: Bytes, viewpoint: Ints, queue: Ints, actions: Ints, state: State
    ) -> tuple[Floats, State]:
        """`step` that decides given classes (B, 13): the log-probability of each, and the memory."""
        ...
