"""The game start event as settings, field by field, under the names that slippi-js gives them.

Offsets count the event's command byte, as the Slippi specification lists them. A field beyond the end of an older
version's event is left out.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from exphil.stats import shift_jis

Settings = dict[str, Any]

NUM_PORTS: Final = 4
EMPTY: Final = 3
"""Player type of a port where nobody plays."""

PLAYER_BYTES: Final = 0x24
UCF_BYTES: Final = 8
STARTED_AS: Final[Mapping[int, int]] = {0x07: 0x13, 0x13: 0x12}
"""Fighter id on the first frame to select-screen id, for the two that early versions mix up (Sheik, Zelda)."""


@dataclass(frozen=True, slots=True)
class Field:
    """`kind` is a struct code, or `?` for a flag; `mask` keeps some of its bits; `step` is from port to port."""

    name: str
    offset: int
    kind: str = "B"
    mask: int | None = None
    step: int = 0

    def read(self, event: bytes, port: int = 0) -> Any:
        """The value; None where the event is too short."""
        place = self.offset + port * self.step
        if place + struct.calcsize(f">{self.kind}") > len(event):
            return None
        (value,) = struct.unpack_from(f">{self.kind}", event, place)
        return value if self.mask is None else value & self.mask


_GAME: Final = (
    Field("timerType", 0x05, mask=0x03),
    Field("inGameMode", 0x05, mask=0xE0),
    Field("isTeams", 0x0D, "?"),
    Field("itemSpawnBehavior", 0x10),
    Field("stageId", 0x13, "H"),
    Field("startingTimerSeconds", 0x15, "I"),
    Field("scene", 0x1A3),
    Field("gameMode", 0x1A4),
    Field("language", 0x2BD),
    Field("randomSeed", 0x13D, "I"),
    Field("isPAL", 0x1A1, "?"),
    Field("isFrozenPS", 0x1A2, "?"),
)

_INFO_BLOCK: Final = (
    *(Field(f"gameBitfield{number + 1}", 0x05 + number) for number in range(4)),
    Field("selfDestructScoreValue", 0x11, "b"),
    *(Field(f"itemSpawnBitfield{number + 1}", 0x28 + number) for number in range(5)),
    Field("damageRatio", 0x35, "f"),
)

_PLAYER: Final = tuple(
    Field(name, offset, kind, step=PLAYER_BYTES)
    for name, offset, kind in (
        ("characterId", 0x65, "B"),
        ("type", 0x66, "B"),
        ("startStocks", 0x67, "B"),
        ("characterColor", 0x68, "B"),
        ("teamShade", 0x6C, "B"),
        ("handicap", 0x6D, "B"),
        ("teamId", 0x6E, "B"),
        ("cpuLevel", 0x74, "B"),
        ("offenseRatio", 0x7D, "f"),
        ("defenseRatio", 0x81, "f"),
        ("modelScale", 0x85, "f"),
    )
)

_PLAYER_BITS: Final = (
    "staminaMode", "silentCharacter", "lowGravity", "invisible", "blackStockIcon", "metal",
    "startOnAngelPlatform", "rumbleEnabled",
)  # fmt: skip
_PLAYER_BITS_AT: Final = 0x6C

_DASH_BACK: Final = Field("dashback", 0x141, "I", step=UCF_BYTES)
_SHIELD_DROP: Final = Field("shieldDrop", 0x145, "I", step=UCF_BYTES)
_FIXES: Final = {1: "UCF", 2: "Dween"}

# Name: where it begins, bytes of a port's, and how it is written.
_TEXTS: Final = {
    "nametag": (0x161, 0x10, "cp932"),
    "displayName": (0x1A5, 0x1F, "cp932"),
    "connectCode": (0x221, 0x0A, "cp932"),
    "userId": (0x249, 0x1D, "utf-8"),
}
_SESSION: Final = (0x2BE, 51)
_ITEMS_AT: Final = 0x28
_ITEM_BYTES: Final = (0, 8, 16, 24, 32)
_BOMB_RAIN: Final = Field("bombRainEnabled", 0x0B)
_FRIENDLY_FIRE: Final = Field("friendlyFireEnabled", 0x06, mask=0x01)
_WIDE: Final = {0x3000: " ", 0x2019: "'", 0x201D: '"'} | {
    code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)
}


def settings(event: bytes, first_fighters: Mapping[int, int]) -> Settings:
    """The settings of a game.

    Args:
        event: the game start event, from its command byte on.
        first_fighters: internal character id on the first frame by player index, for versions before 1.6.
    """
    found: Settings = {"slpVersion": ".".join(str(part) for part in event[1:4])}
    found |= {field.name: field.read(event) for field in _GAME}
    found["friendlyFireEnabled"] = bool(_FRIENDLY_FIRE.read(event))
    found["enabledItems"] = sum(event[_ITEMS_AT + place] << bits for place, bits in enumerate(_ITEM_BYTES))
    players = [_player(event, port) for port in range(NUM_PORTS)]
    found["players"] = [player for player in players if player["type"] != EMPTY]
    if tuple(event[1:4]) < (1, 6, 0):
        for player in found["players"]:
            fighter = first_fighters.get(player["playerIndex"], -1)
            player["characterId"] = STARTED_AS.get(fighter, player["characterId"])
    found["gameInfoBlock"] = _known({field.name: field.read(event) for field in _INFO_BLOCK}) | {
        "bombRainEnabled": bool(_BOMB_RAIN.read(event))
    }
    session = _text(event, *_SESSION, "utf-8")
    match = {
        "sessionId": session,
        "gameNumber": Field("", 0x2F1, "I").read(event),
        "tiebreakerNumber": Field("", 0x2F5, "I").read(event),
        "matchId": session,
    }
    return _known(found | {"matchInfo": _known(match)})


def _player(event: bytes, port: int) -> Settings:
    found: Settings = {"playerIndex": port, "port": port + 1}
    found |= {field.name: field.read(event, port) for field in _PLAYER}
    bits = event[_PLAYER_BITS_AT + port * PLAYER_BYTES]
    found |= {name: bool(bits >> place & 1) for place, name in enumerate(_PLAYER_BITS)}
    dash_back, shield_drop = _DASH_BACK.read(event, port), _SHIELD_DROP.read(event, port)
    found["controllerFix"] = "Mixed" if dash_back != shield_drop else _FIXES.get(dash_back, "None")
    for name, (start, size, encoding) in _TEXTS.items():
        found[name] = _text(event, start + port * size, size, encoding)
    return _known(found)


def _text(event: bytes, start: int, size: int, encoding: str) -> str:
    """A text that ends at its first zero, full-width letters made ordinary."""
    field = event[start : start + size]
    if encoding == "cp932":
        return shift_jis.decode(field).split("\0")[0].translate(_WIDE)
    return field.decode(encoding, errors="replace").removeprefix("\ufeff").split("\0")[0]


def _known(values: Settings) -> Settings:
    return {name: value for name, value in values.items() if value is not None}
