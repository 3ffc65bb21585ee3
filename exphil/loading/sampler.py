"""Which windows a batch holds: a pure function of (seed, epoch, batch), found without listing the others.

A *segment* is a stretch of one player's frames that may be scored. Each epoch cuts every segment into
*pieces*: consecutive stretches of `window_size - context` frames, the first shortened by a phase that the
epoch draws. A window is the `window_size` frames that end with a piece; what precedes the piece in it is
context. So each eligible frame is scored exactly once an epoch, and over the epochs at every place of a
window.

Order: the replays are shuffled, their windows laid end to end, and dealt to the batches like cards: window i
goes to batch i mod K. A replay's windows are neighbours, so no batch holds two of one replay while the replay
has at most K windows, and otherwise the batches' shares of it differ by one at most. Then the batches are
shuffled. Arrays hold a value a segment or a batch, never one a window.

Shapes: S segments, R replays, N windows of the epoch, K batches, B windows of a batch.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from exphil.errors import UsageError
from exphil.loading.balance import Balance, character_rates, times_taken
from exphil.loading.draws import BATCH_ORDER, FRAME, PHASE, REPLAY_ORDER, ROTATION, hashed

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Segments:
    """The segments of one split, as places in the packs; sorted by replay.

    Attributes:
        part: (S,) which pack.
        viewpoint: (S,) 0 for the player on the lower port, 1 for the other.
        replay: (S,) index of the replay, from 0, equal for neighbours only.
        run_start: (S,) first row of the game in the pack.
        run_stop: (S,) row after the game's last.
        first: (S,) first row that may be scored.
        stop: (S,) row after the last that may be scored, the delay taken into account.
        character: (S,) whose frames they are: a number from 0 for each character of the split.
    """

    part: Ints
    viewpoint: Ints
    replay: Ints
    run_start: Ints
    run_stop: Ints
    first: Ints
    stop: Ints
    character: Ints

    def __len__(self) -> int:
        return len(self.part)

    @property
    def num_frames(self) -> int:
        """Frames that may be scored."""
        return int((self.stop - self.first).sum())

    @property
    def num_replays(self) -> int:
        return int(self.replay[-1]) + 1 if len(self) else 0


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows of one batch.

    Attributes:
        segment: (B,) which segment.
        start: (B,) row of the first frame of the window, in the segment's pack.
        scored_from: (B,) position in the window of the first scored frame.
        scored_to: (B,) position after the last scored frame.
        number: (B,) which of the epoch's windows it is, whatever the number of ranks.
    """

    segment: Ints
    start: Ints
    scored_from: Ints
    scored_to: Ints
    number: Ints

    def __len__(self) -> int:
        return len(self.segment)


class Sampler:
    """Windows of any batch of any epoch.

    Args:
        segments: where windows may be cut from.
        window_size: frames of a window (L).
        batch_size: windows of a batch at most; batches of an epoch differ by one at most.
        context: frames at the head of a window that are not scored, where the game has them.
        supervise: "all" scores every frame once an epoch; "last" the last frame of `num_windows` windows,
            each of them whole.
        num_windows: with "last", windows of an epoch; None for as many as "all" would have, about.
        balance: "character" takes segments of rare characters several times an epoch, those of common ones not
            in every epoch, so that characters are seen equally often.
        seed: of the order.
        rank: which slice of every batch is this process's own.
        num_ranks: processes that share every batch.
    """

    def __init__(
        self,
        segments: Segments,
        *,
        window_size: int,
        batch_size: int,
        context: int = 0,
        supervise: str = "all",
        num_windows: int | None = None,
        balance: Balance = "none",
        seed: int = 0,
        rank: int = 0,
        num_ranks: int = 1,
    ) -> None:
        if not 0 <= context < window_size:
            raise UsageError(
                f"--context {context} must be at least 0 and below --window-size ({window_size})"
            )
        self.segments = segments if supervise == "all" else _with_whole_windows(segments, window_size)
        self.window_size = window_size
        self.batch_size = batch_size
        self.supervise = supervise
        self.seed = seed
        self.rank = rank
        self.num_ranks = num_ranks
        self.stride = window_size - context
        self.rates = np.ones(len(self.segments))
        if balance == "character":
            self.rates = character_rates(self.segments.character, self.segments.stop - self.segments.first)
        if supervise == "last":
            self.num_windows = self._stated_windows(num_windows)

    def _stated_windows(self, num_windows: int | None) -> int:
        available = self.segments.num_frames
        if not available:
            raise UsageError(f"--window-size {self.window_size}: no game is long enough to fill one window")
        if num_windows is None:
            return min(available, -(-available // self.stride))
        if num_windows > available:
            raise UsageError(
                f"--windows-per-epoch {num_windows}: only {available} frames may be scored; ask for fewer"
            )
        return num_windows

    def epoch(self, epoch: int) -> "Epoch":
        """The order of one epoch."""
        return Epoch(self, epoch)

    def num_batches(self, epoch: int) -> int:
        return self.epoch(epoch).num_batches


class Epoch:
    """One epoch's order. Building it takes a few passes over the segments, a batch a few binary searches."""

    def __init__(self, sampler: Sampler, epoch: int) -> None:
        segments = sampler.segments
        self._sampler = sampler
        self.number = epoch
        self._salt = (sampler.seed, epoch)
        # A segment that is taken several times has as many turns, neighbours, each cut at a phase of its own.
        times = times_taken(segments.character, sampler.rates, *self._salt)
        self._segment = np.repeat(np.arange(len(segments)), times)
        again = np.arange(len(self._segment)) - np.repeat(np.cumsum(times) - times, times)
        lengths = (segments.stop - segments.first)[self._segment]
        if sampler.supervise == "all":
            # The first piece is 1 to `stride` frames long, so a phase never makes an empty one.
            draws = hashed(self._segment + len(segments) * again, *self._salt, PHASE)
            self._head = 1 + (draws % np.uint64(sampler.stride)).astype(np.int64)
            items = 1 + np.maximum(0, -(-(lengths - self._head) // sampler.stride))
        else:
            items = lengths
        self._item_ends = np.cumsum(items)
        self._num_items = int(self._item_ends[-1]) if len(items) else 0
        self.num_windows = self._num_items
        if sampler.supervise == "last":
            self.num_windows = min(self._num_items, sampler.num_windows)
        self.num_batches = -(-self.num_windows // sampler.batch_size)
        self._order_replays(items)
        self._batches = np.argsort(
            hashed(np.arange(self.num_batches), *self._salt, BATCH_ORDER), kind="stable"
        )

    def _order_replays(self, items: Ints) -> None:
        """Shuffle the replays, and turn each one's windows by an angle of its own.

        Without the turn, games of equal length would give a batch windows of one time of the game.
        """
        segments = self._sampler.segments
        replay = segments.replay[self._segment]
        per_replay = np.bincount(replay, weights=items, minlength=segments.num_replays).astype(np.int64)
        starts = np.cumsum(per_replay) - per_replay
        keys = np.arange(len(per_replay))
        order = np.argsort(hashed(keys, *self._salt, REPLAY_ORDER), kind="stable")
        self._replay_start = starts[order]
        self._replay_items = per_replay[order]
        self._replay_ends = np.cumsum(self._replay_items)
        turns = hashed(order, *self._salt, ROTATION) % np.maximum(self._replay_items, 1).astype(np.uint64)
        self._replay_turn = turns.astype(np.int64)

    def batch(self, index: int) -> Windows:
        """Windows of the batch, or this rank's slice of them.

        Args:
            index: from 0 to `num_batches` - 1.
        """
        sampler = self._sampler
        dealt = np.arange(int(self._batches[index]), self.num_windows, self.num_batches, dtype=np.int64)
        if sampler.num_ranks > 1:
            dealt = np.array_split(dealt, sampler.num_ranks)[sampler.rank]
        turn, local = self._locate(dealt if sampler.supervise == "all" else self._stratified(dealt))
        return self._window(turn, local, dealt)

    def _stratified(self, windows: Ints) -> Ints:
        """One frame out of each of `num_windows` equal stretches of all frames: (B,) items, no two equal."""
        low = windows * self._num_items // self.num_windows
        high = (windows + 1) * self._num_items // self.num_windows
        draws = hashed(windows, *self._salt, FRAME)
        return low + (draws % (high - low).astype(np.uint64)).astype(np.int64)

    def _locate(self, items: Ints) -> tuple[Ints, Ints]:
        """Turn of a segment, and number within it, of items counted in the epoch's order of replays."""
        place = np.searchsorted(self._replay_ends, items, side="right")
        count = self._replay_items[place]
        within = (items - (self._replay_ends[place] - count) + self._replay_turn[place]) % count
        item = self._replay_start[place] + within
        turn = np.searchsorted(self._item_ends, item, side="right")
        before = np.where(turn > 0, self._item_ends[turn - 1], 0)
        return turn.astype(np.int64), item - before

    def _window(self, turn: Ints, local: Ints, number: Ints) -> Windows:
        """The window that ends with a piece, moved to the right where the game starts later than it would."""
        sampler, segments = self._sampler, self._sampler.segments
        segment = self._segment[turn]
        first, stop = segments.first[segment], segments.stop[segment]
        if sampler.supervise == "all":
            end = first + self._head[turn] + local * sampler.stride
            begin = np.maximum(first, end - sampler.stride)
            end = np.minimum(stop, end)
        else:
            begin = first + local
            end = begin + 1
        start = np.maximum(segments.run_start[segment], end - sampler.window_size)
        return Windows(segment, start, begin - start, end - start, number)


def _with_whole_windows(segments: Segments, window_size: int) -> Segments:
    """Segments without the frames that have too few before them in the game to fill a window."""
    first = np.maximum(segments.first, segments.run_start + window_size - 1)
    kept = first < segments.stop
    columns = {name: getattr(segments, name)[kept] for name in Segments.__slots__}
    _, replay = np.unique(columns["replay"], return_inverse=True)
    return Segments(**{**columns, "first": first[kept], "replay": replay.astype(np.int64)})
