"""The controller over a real named pipe: what is read back, as Dolphin and the game read it, is what was decided."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.errors import PlayError
from exphil.melee.controller import (
    BUTTONS,
    HEAD_SIZES,
    SHOULDER_BINS,
    STICK_BINS,
    shoulder_values,
    stick_values,
)
from exphil.play.controller import NEUTRAL, ControllerState, controller_state
from exphil.play.pipe import RELEASED, PipeWriter, input_lines
from tests.play.fake_pads import FakePad, stick_steps, trigger_steps

needs_pipes = pytest.mark.skipif(sys.platform == "win32", reason="named pipes of Windows have no file")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "slippibot1")
    return tmp_path / "slippibot1"


@pytest.fixture
def pad(path: Path) -> Iterator[FakePad]:
    pad = FakePad(path)
    yield pad
    pad.close()


@pytest.fixture
def writer(path: Path, pad: FakePad) -> Iterator[PipeWriter]:
    """A writer whose pipe somebody reads."""
    writer = PipeWriter(path)
    assert writer.reopen()
    yield writer
    writer.close()


def as_classes(pad: FakePad) -> list[int]:
    """What a pad holds as the 13 classes of a policy."""
    held = pad.state
    shoulder = max(held["L"], held["R"]) / 140
    state = ControllerState(
        tuple(name in held["held"] for name in BUTTONS),
        (held["x"] / 80, held["y"] / 80),
        (held["cx"] / 80, held["cy"] / 80),
        shoulder,
    )
    classes: list[int] = state.classes().tolist()
    return classes


@needs_pipes
def test_every_class_of_every_head_comes_back(writer: PipeWriter, pad: FakePad) -> None:
    neutral = NEUTRAL.classes().tolist()
    for head, size in enumerate(HEAD_SIZES):
        for choice in range(size):
            wanted = [*neutral[:head], choice, *neutral[head + 1 :]]
            assert writer.put(controller_state(np.array(wanted)))
            assert pad.read()
            assert as_classes(pad) == wanted


@needs_pipes
def test_random_inputs_come_back_one_by_one(writer: PipeWriter, pad: FakePad) -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        wanted = rng.integers(0, HEAD_SIZES)
        assert writer.put(controller_state(wanted))
        assert pad.read()
        assert as_classes(pad) == wanted.tolist()
    assert pad.flushes == 300
    assert writer.dropped == 0


@given(st.tuples(*(st.integers(0, size - 1) for size in HEAD_SIZES)))
def test_an_input_replaces_all_of_the_one_before(classes: tuple[int, ...]) -> None:
    pad = FakePad.__new__(FakePad)
    pad.flushes = 0
    everything = {
        "held": {*BUTTONS, "START", "D_DOWN"},
        "x": 80,
        "y": 80,
        "cx": 80,
        "cy": 80,
        "L": 140,
        "R": 140,
    }
    pad.state = everything
    for lines in (RELEASED, input_lines(controller_state(np.array(classes)))):
        for line in lines.decode().splitlines():
            pad.take(line)
    assert as_classes(pad) == list(classes)
    assert not pad.state["held"] & {"START", "D_DOWN"}


def test_an_input_goes_in_one_piece_that_a_pipe_takes_whole() -> None:
    fullest = controller_state(np.array([0] * 8 + [1] * 5))
    assert len(input_lines(fullest)) < 512  # what POSIX promises to write in one piece
    assert len(RELEASED) < 512
    assert input_lines(fullest).count(b"FLUSH\n") == 1


def test_the_shoulder_goes_to_the_trigger_that_is_clicked() -> None:
    right = ControllerState(tuple(name == "R" for name in BUTTONS), shoulder=1.0)
    both = ControllerState(tuple(name in "LR" for name in BUTTONS), shoulder=1.0)
    assert b"SET R 0.549" in input_lines(right)
    assert b"SET L 0.000" in input_lines(right)
    assert b"SET L 0.549" in input_lines(both)


def test_lines_are_those_of_libmelee() -> None:
    """Sticks and triggers as libmelee's own controller writes them, for every bin."""
    controller: Any = pytest.importorskip("melee.controller")
    sticks = stick_values(np.arange(STICK_BINS)).tolist()
    for x, y in product(sticks, sticks):
        lines = input_lines(ControllerState(main=(x, y), c=(y, x))).decode().splitlines()
        theirs = [controller.fix_analog_stick((value + 1) / 2) for value in (x, y)]
        assert f"SET MAIN {theirs[0]} {theirs[1]}" in lines
        assert f"SET C {theirs[1]} {theirs[0]}" in lines
        assert [stick_steps(place) for place in theirs] == [round(80 * x), round(80 * y)]
    for pressed in shoulder_values(np.arange(SHOULDER_BINS)).tolist():
        theirs = controller.fix_analog_trigger(pressed)
        assert f"SET L {theirs}" in input_lines(ControllerState(shoulder=pressed)).decode().splitlines()
        assert trigger_steps(theirs) == round(140 * pressed)


@needs_pipes
def test_a_reader_that_lags_stops_nothing(writer: PipeWriter, pad: FakePad) -> None:
    sent = 0
    while writer.put(NEUTRAL):
        sent += 1
        assert sent < 10_000
    assert writer.dropped == 1
    assert pad.read()
    pressed = controller_state(np.array([1] * 8 + [16] * 4 + [4]))
    while not writer.put(pressed):  # what could not be written is not made up for: the newest is what counts
        assert pad.read()
    while pad.read():
        pass
    assert as_classes(pad) == pressed.classes().tolist()


@needs_pipes
def test_a_reader_that_comes_back_is_found(path: Path) -> None:
    writer, first = PipeWriter(path), FakePad(path)
    assert writer.put(NEUTRAL)
    first.close()
    assert not writer.put(NEUTRAL)
    assert not writer.put(NEUTRAL)
    second = FakePad(path)
    assert writer.put(NEUTRAL)
    assert second.read()
    assert writer.dropped == 2
    writer.close()
    writer.close()
    second.close()


@needs_pipes
def test_connecting_waits_for_the_reader(path: Path) -> None:
    writer, slept = PipeWriter(path), []
    readers = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            readers.append(FakePad(path))

    writer.connect(60.0, sleep=sleep)
    assert len(slept) == 3
    assert writer.put(NEUTRAL)
    writer.close()
    readers[0].close()


@needs_pipes
def test_nobody_who_reads_is_told_and_so_is_a_dolphin_that_ended(path: Path) -> None:
    with pytest.raises(PlayError, match="nobody has read this pipe for 1 s"):
        PipeWriter(path).connect(1.0, sleep=lambda _: None)
    with pytest.raises(PlayError, match="Dolphin ended with exit code 3"):
        PipeWriter(path).connect(60.0, ended=lambda: 3, sleep=lambda _: None)
    with pytest.raises(PlayError, match="nobody has read this pipe"):
        PipeWriter(path.with_name("missing")).connect(0.1, sleep=lambda _: None)


@needs_pipes
def test_a_reader_in_another_thread_sees_whole_inputs(path: Path) -> None:
    """However the reader's reads fall, each FLUSH follows one whole input."""
    pad, writer, seen, done = FakePad(path), PipeWriter(path), [], threading.Event()
    assert writer.reopen()

    def read() -> None:
        while True:
            was_done = done.is_set()
            if pad.read():
                seen.append(as_classes(pad))
            elif was_done:
                return

    reader = threading.Thread(target=read)
    reader.start()
    inputs = [[bit] * 8 + [16 * bit] * 4 + [4 * bit] for bit in (0, 1) * 100]
    for classes in inputs:
        while not writer.put(controller_state(np.array(classes))):
            time.sleep(0.001)
    done.set()
    reader.join()
    assert seen
    assert all(classes in inputs[:2] for classes in seen)
    writer.close()
    pad.close()
