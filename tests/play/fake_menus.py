"""The menus of a versus match as libmelee sees them, worked by the pads: cursors, coins, CPU sliders, a stage."""

import struct
from dataclasses import dataclass, field
from typing import Final

CHARACTERS_SCENE: Final = 0x0002
STAGES_SCENE: Final = 0x0102
RESULTS_SCENE: Final = 0x0402

HUMAN, CPU, UNPLUGGED = 0, 1, 3
NOBODY: Final = 0x21
_REACH: Final = 1.6
_SPEED: Final = 1.7

STAGES: Final = {
    "BATTLEFIELD": (1.0, -9.0),
    "FINAL_DESTINATION": (6.7, -9.0),
    "DREAM_LAND": (12.5, -9.0),
    "POKEMON_STADIUM": (15.0, 3.5),
    "YOSHIS_STORY": (3.5, 15.5),
    "FOUNTAIN_OF_DREAMS": (10.0, 15.5),
    "RANDOM": (-13.5, 3.5),
}


@dataclass
class Hand:
    """One port at the character screen."""

    x: float = 0.13
    y: float = 9.71
    character: int = NOBODY
    coin_down: bool = False
    status: int = UNPLUGGED
    level: int = 1
    holds_slider: bool = False
    pressed_a: bool = False


@dataclass
class FakeMenus:
    """A match being chosen.

    Attributes:
        plugged: ports with a controller of ours.
        human: port of a human, who has chosen already; None for nobody.
        human_starts: whether the human starts the match and picks the stage.
    """

    plugged: tuple[int, ...]
    human: int | None = None
    human_starts: bool = False
    scene: int = CHARACTERS_SCENE
    frame: int = 0
    hands: dict[int, Hand] = field(default_factory=dict)
    cursor: list[float] = field(default_factory=lambda: [0.0, 0.0])
    stage: str | None = None

    def __post_init__(self) -> None:
        self.hands = {
            port: Hand(status=HUMAN if port in self.plugged else UNPLUGGED) for port in (1, 2, 3, 4)
        }
        if self.human is not None:
            self.hands[self.human] = Hand(character=8, coin_down=True, status=HUMAN)

    @property
    def ready(self) -> bool:
        seated = [hand for hand in self.hands.values() if hand.status != UNPLUGGED]
        return all(hand.coin_down and not hand.holds_slider for hand in seated)

    def event(self) -> bytes:
        """The menu event of this frame."""
        data = bytearray(0x49)
        struct.pack_into(">BH", data, 0, 0x3E, self.scene)
        for index, hand in enumerate(self.hands[port] for port in (1, 2, 3, 4)):
            struct.pack_into(">ff", data, 3 + 8 * index, hand.x, hand.y)
            data[0x25 + index] = hand.status
            data[0x29 + index] = hand.character
            data[0x2D + index] = 2 if hand.coin_down else 0
            data[0x41 + index] = hand.level
            data[0x45 + index] = hand.holds_slider
        data[0x23] = 0 if self.ready else 1
        struct.pack_into(">ffi", data, 0x31, *self.cursor, self.frame)
        return bytes(data)

    def step(self, pads: "dict[int, dict[str, float | set[str]]]") -> None:
        """A frame goes by with these controllers."""
        self.frame += 1
        if self.scene == RESULTS_SCENE:
            if any("START" in _held(pad) for pad in pads.values()):
                self._go(CHARACTERS_SCENE)
        elif self.scene == CHARACTERS_SCENE:
            for port, pad in pads.items():
                self._choose(port, self.hands[port], pad)
            starts = any("START" in _held(pad) for pad in pads.values()) or self.human_starts
            if self.ready and starts and self.frame > 10:
                self._go(STAGES_SCENE)
        elif self.human_starts and self.frame > 30:
            self.stage = "BATTLEFIELD"
        else:
            self._pick(pads)

    def _go(self, scene: int) -> None:
        self.scene, self.frame = scene, 0

    def _choose(self, port: int, hand: Hand, pad: "dict[str, float | set[str]]") -> None:
        pressed = "A" in _held(pad) and not hand.pressed_a
        hand.pressed_a = "A" in _held(pad)
        if hand.holds_slider:
            hand.level = min(9, max(1, hand.level + _sign(pad["x"])))
            hand.holds_slider = not pressed
            return
        hand.x += _SPEED * _sign(pad["x"])
        hand.y += _SPEED * _sign(pad["y"])
        if not pressed:
            return
        if _near(hand, -32.2 + 15.82 * (port - 1), -2.2):
            hand.status = CPU if hand.status == HUMAN else HUMAN
        elif hand.status == CPU and _near(hand, -30.9 + 15.4 * (port - 1), -15.12):
            hand.holds_slider = True
        else:
            for place in range(26):
                row, column = divmod(place, 9)
                x, y = -29.0 + 7.0 * (column + (row == 2)), 4.5 + 7.0 * (2 - row)
                if _near(hand, x, y):
                    hand.character, hand.coin_down = place, True

    def _pick(self, pads: "dict[int, dict[str, float | set[str]]]") -> None:
        for pad in pads.values():
            self.cursor[0] += _SPEED * _sign(pad["x"])
            self.cursor[1] += _SPEED * _sign(pad["y"])
            if "A" in _held(pad):
                for name, (x, y) in STAGES.items():
                    if abs(self.cursor[0] - x) < _REACH and abs(self.cursor[1] - y) < _REACH:
                        self.stage = name


def _held(pad: "dict[str, float | set[str]]") -> set[str]:
    held = pad["held"]
    assert isinstance(held, set)
    return held


def _sign(value: "float | set[str]") -> int:
    assert not isinstance(value, set)
    return (value > 10) - (value < -10)


def _near(hand: Hand, x: float, y: float) -> bool:
    return abs(hand.x - x) < _REACH and abs(hand.y - y) < _REACH
