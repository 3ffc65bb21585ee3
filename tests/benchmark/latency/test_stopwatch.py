"""The stopwatch tells reading from features without reaching into a stream."""

from exphil.benchmark.latency.stopwatch import TIMED, Stopwatch, TimedEvents
from exphil.live import EventStream, LiveFrame
from tests.benchmark.clock import Clock
from tests.replays import slp

TICK = 7


def _payloads() -> list[bytes]:
    version = (3, 14, 0)
    frames = [b"".join(slp.frame_events(version, frame)) for frame in (-123, -122, -121)]
    return [slp.recording(version, frames=0).header(), *frames]


def test_features_are_taken_out_of_reading() -> None:
    clock = Clock(tick=TICK)
    stopwatch = Stopwatch(clock.clocks)
    events = TimedEvents(stopwatch, lambda: clock.busy(1000))
    for payload in _payloads():
        events.feed(payload)
        stopwatch.frame(counts=True)
    parts = stopwatch.parts()
    assert list(parts) == list(TIMED)
    # Two looks at the clock around the encoder, two more around the stream: what a frame came to counts in neither.
    assert parts["features"].tolist() == [0, TICK, TICK, TICK]
    assert parts["reading"].tolist() == [TICK, 2 * TICK, 2 * TICK, 2 * TICK]
    assert parts["step"].tolist() == parts["pipe"].tolist() == [0, 0, 0, 0]


def test_timed_events_are_the_stream_s_own() -> None:
    came: list[None] = []
    events = TimedEvents(Stopwatch(Clock().clocks), lambda: came.append(None))
    plain = EventStream()
    for payload in _payloads():
        for timed, expected in zip(events.feed(payload), plain.feed(payload), strict=True):
            assert type(timed) is type(expected)
            if isinstance(timed, LiveFrame) and isinstance(expected, LiveFrame):
                assert timed.frame == expected.frame
                assert timed.row.tobytes() == expected.row.tobytes()
    assert len(came) == 3
