"""A clock that goes on only when it is told to, or asked."""

from exphil.benchmark.latency.pacing import Clocks


class Clock:
    """Nanoseconds from 0. `busy` is processor time, which goes by for the wall too; sleeping passes exactly."""

    def __init__(self, tick: int = 0) -> None:
        """`tick`: nanoseconds that every look at the clock takes."""
        self.wall = self.own = 0
        self.slept: list[float] = []
        self._tick = tick

    def busy(self, nanoseconds: int) -> None:
        self.wall += nanoseconds
        self.own += nanoseconds

    def stall(self, nanoseconds: int) -> None:
        """Another program has the processor."""
        self.wall += nanoseconds

    def now(self) -> int:
        self.wall += self._tick
        return self.wall

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.wall += max(1, round(seconds * 1e9))

    @property
    def clocks(self) -> Clocks:
        return Clocks(self.now, lambda: self.own, self.sleep)
