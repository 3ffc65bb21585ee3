"""The event stream of a running game: bytes in, games and frames out, whatever the bytes are.

The payloads are those that Slippi Dolphin hands its spectators and writes into a replay: whole events, code byte
first. Nothing that comes in raises: what cannot be used is told as `Trouble`, and the next game start mends it.
"""

from collections.abc import Callable

from exphil.errors import ReplayError
from exphil.features import V1, FeatureSet
from exphil.live.game import Encode, LiveGame
from exphil.live.messages import Message, Trouble
from exphil.live.start import read_end, read_sizes, read_start
from exphil.replays import events


class EventStream:
    """Reads one console's events; `feed` what it sends, in order."""

    def __init__(
        self, feature_set: FeatureSet = V1, *, wrap: Callable[[Encode], Encode] | None = None
    ) -> None:
        """`wrap`: see `LiveGame`."""
        self._feature_set = feature_set
        self._wrap = wrap
        self._sizes: dict[int, int] = {}
        self._steps = [0] * 256
        """Bytes of each event with its code byte; 0 for one that the table of sizes lacks."""
        self._frame_steps = [0] * 256
        """The same for the events of a frame that are as long as their kind; all 0 while no game runs."""
        self._game: LiveGame | None = None
        self._is_waiting = False
        """Whether it was told that events wait for a game start."""
        self._strange: set[int] = set()
        """Unknown event codes that were told since the last table of sizes."""

    @property
    def game(self) -> LiveGame | None:
        """The game that is running, if one is."""
        return self._game

    def feed(self, payload: bytes) -> list[Message]:
        """Read one or more whole events; returns what they complete, in order."""
        data = bytes(payload)
        out: list[Message] = []
        at = 0
        stop = len(data)
        while at < stop:
            code = data[at]
            step = self._frame_steps[code]
            if step and at + step <= stop and self._game is not None:
                self._game.add(code, data, at, out)
            elif code == events.PAYLOADS:
                step = self._read_table(data, at, out)
            else:
                step = self._steps[code]
                if step == 0:
                    self._tell_unknown(code, stop - at, out)
                    break
                if at + step > stop:
                    out.append(
                        Trouble(f"cut inside event 0x{code:02x}: {stop - at} of {step} bytes came, left out")
                    )
                    break
                self._take(code, data, at, step, out)
            if step == 0:
                break
            at += step
        return out

    def _read_table(self, data: bytes, at: int, out: list[Message]) -> int:
        """Begin anew with a table of sizes; returns its length, 0 where it cannot be read."""
        if self._game is not None:
            self._leave("another game begins before the end of this one", out)
        self._strange.clear()
        self._is_waiting = False
        try:
            self._sizes = read_sizes(data, at)
        except ReplayError as error:
            self._sizes = {}
            self._steps = [0] * 256
            out.append(Trouble(f"{error}: events are left out until the next one"))
            self._is_waiting = True
            return 0
        self._steps = [0] * 256
        for code, size in self._sizes.items():
            self._steps[code] = size + 1
        return 1 + data[at + 1]

    def _take(self, code: int, data: bytes, at: int, step: int, out: list[Message]) -> None:
        if code == events.GAME_START:
            self._begin(data[at + 1 : at + step], out)
        elif code == events.GAME_END:
            if self._game is not None:
                self._close(out)
                out.append(read_end(data[at + 1 : at + step]))
                self._is_waiting = True
        elif code in events.FRAME_EVENTS:
            game = self._game
            if game is None:
                if not self._is_waiting:
                    self._is_waiting = True
                    out.append(
                        Trouble(
                            "events of a game that was not seen to begin: left out until the next game start"
                        )
                    )
            else:
                size = f"event 0x{code:02x} of {self._sizes[code]} bytes, too short for its kind, left out"
                game.tell(f"short {code}", size, out)

    def _begin(self, payload: bytes, out: list[Message]) -> None:
        if self._game is not None:
            self._leave("another game begins before the end of this one", out)
        self._is_waiting = True
        try:
            start = read_start(payload)
        except ReplayError as error:
            out.append(Trouble(str(error)))
            return
        self._game = LiveGame(self._feature_set, start, self._sizes, self._wrap)
        for code in events.FRAME_EVENTS:
            if self._sizes.get(code, 0) >= events.SIZES[code][0][1]:
                self._frame_steps[code] = self._steps[code]
        out.append(start)

    def _leave(self, why: str, out: list[Message]) -> None:
        """Give the game up; its last frame may be whole without having been closed."""
        self._close(out)
        out.append(Trouble(why))

    def _close(self, out: list[Message]) -> None:
        if self._game is not None:
            self._game.close(out)
            self._game = None
        self._frame_steps = [0] * 256

    def _tell_unknown(self, code: int, num_bytes: int, out: list[Message]) -> None:
        if not self._sizes:
            if not self._is_waiting:
                self._is_waiting = True
                out.append(
                    Trouble(
                        f"the stream begins with 0x{code:02x}, not with the table of event sizes (0x35): "
                        "left out until the next game start"
                    )
                )
        elif code not in self._strange:
            self._strange.add(code)
            out.append(Trouble(f"unknown event 0x{code:02x}: {num_bytes} bytes of its message are left out"))
