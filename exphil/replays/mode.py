"""What kind of game a replay holds: 1v1, doubles, training, target test, ...

From format 3.7 on the game start names its scene, which settles it. Older files do not; there a game counts
as versus when its rules look like the versus menu's and like nothing else's: an ordinary stage, two players
or more, no retry button or hidden pause screen (as in training, target test, home-run contest and multi-man
melee), no damage to start with (super sudden death) and no scaled models (giant and tiny melee). Where they
do not, the mode is null: the version does not tell.
"""

from typing import Any, Final

VERSUS_SCENES: Final = frozenset({2, 8, 14, 27})
"""Versus, Slippi online, debug versus, tournament."""

SUDDEN_DEATH: Final = (2, 3)
"""The versus scene that follows a tie."""

SCENE_MODES: Final = {
    3: "classic",
    4: "adventure",
    5: "all-star",
    10: "camera",
    15: "target-test",
    16: "super-sudden-death",
    17: "invisible",
    18: "slow-motion",
    19: "lightning",
    28: "training",
    29: "tiny",
    30: "giant",
    31: "stamina",
    32: "home-run-contest",
    33: "multi-man",
    34: "multi-man",
    35: "multi-man",
    36: "multi-man",
    37: "multi-man",
    38: "multi-man",
    42: "fixed-camera",
    43: "event",
    44: "single-button",
}
"""Modes by major scene, as the game numbers them; versus scenes are told apart by their players."""

LAST_VERSUS_STAGE: Final = 32
"""External stage ids beyond are those of solo modes."""

_RETRY_OR_NO_PAUSE: Final = 0x32
"""Bits of the fourth rule byte: retry by Z shown and taken, pause screen hidden. Versus sets none."""


def mode(start: dict[str, Any], num_players: int) -> str | None:
    """The mode of a game, or None where its version does not tell.

    Args:
        start: the game start, as the parser spells it.
        num_players: players of the game, those beyond port 4 included.
    """
    scene = start.get("scene")
    if scene is None:
        return _versus_mode(start, num_players) if _looks_like_versus(start, num_players) else None
    if (scene["major"], scene["minor"]) == SUDDEN_DEATH:
        return "sudden-death"
    if scene["major"] in VERSUS_SCENES:
        return _versus_mode(start, num_players)
    return SCENE_MODES.get(scene["major"])


def _versus_mode(start: dict[str, Any], num_players: int) -> str:
    if start["is_teams"]:
        colors = [(player["team"] or {}).get("color") for player in start["players"]]
        two_pairs = len(colors) == 4 and len(set(colors)) == 2 and colors.count(colors[0]) == 2
        return "doubles" if two_pairs and num_players == 4 else "teams"
    if num_players == 2:
        return "1v1"
    return "free-for-all" if num_players > 2 else "solo"


def _looks_like_versus(start: dict[str, Any], num_players: int) -> bool:
    return (
        num_players >= 2
        and start["stage"] <= LAST_VERSUS_STAGE
        and not start["bitfield"][3] & _RETRY_OR_NO_PAUSE
        and all(
            (player["damage_start"], player["damage_spawn"], player["model_scale"]) == (0, 0, 1.0)
            for player in start["players"]
        )
    )
