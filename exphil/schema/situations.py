"""Tables of `stats` on situations: techs, what players did from the ledge, and how they came back to the stage.

docs/situations.md says what counts as one.
"""

from typing import Final

from exphil.schema.keys import PORT, REPLAY_ID
from exphil.schema.table import Column, Table

_CONVERSION: Final = Column(
    "conversion",
    "uint16",
    "Number of the conversion on this player that it began in; null outside of one.",
)
_PERCENT: Final = Column("percent", "double", "The player's damage on that frame.", "percent")
_DISTANCE: Final = Column(
    "opponent_distance", "double", "Distance between the players on that frame.", "game units"
)
_OPPONENT_X: Final = Column("opponent_x", "double", "The opponent's x on that frame.", "game units")

TECHS: Final = Table(
    "techs",
    "stats",
    ("replay_id", "port", "frame"),
    (
        REPLAY_ID,
        PORT,
        Column("frame", "int32", "Frame on which the tech or the fall onto the ground begins.", "frames"),
        Column("kind", "string", "What was hit: `ground`, `wall` or `ceiling`."),
        Column(
            "choice",
            "string",
            "`in-place`, `in` (a roll towards the opponent), `away`, `jump` (off a wall) or `missed`.",
        ),
        Column(
            "follow_up",
            "string",
            "After a missed ground tech: `getup`, `attack`, `roll-in`, `roll-away`, `hit` (or grabbed), `fell` "
            "(off the platform), `died` or `none`; null for others.",
        ),
        Column("follow_up_frame", "int32", "Frame on which it begins; null where there is none.", "frames"),
        Column("x", "double", "Where: x.", "game units"),
        Column("y", "double", "Where: y.", "game units"),
        _PERCENT,
        _OPPONENT_X,
        _DISTANCE,
        Column(
            "punished",
            "bool",
            "Hit or grabbed within 60 frames of it, or of the choice that followed a missed one.",
        ),
        Column("punished_frame", "int32", "Frame of that hit or grab; null where there is none.", "frames"),
        _CONVERSION,
    ),
    "A row a tech, made or missed, of every game of two.",
)

LEDGE_OPTIONS: Final = Table(
    "ledge_options",
    "stats",
    ("replay_id", "port", "frame"),
    (
        REPLAY_ID,
        PORT,
        Column("frame", "int32", "Frame on which the ledge is grabbed.", "frames"),
        Column(
            "release_frame",
            "int32",
            "First frame off it, or of the option; null where the game ended.",
            "frames",
        ),
        Column(
            "option",
            "string",
            "`getup`, `attack`, `roll`, `jump`, `drop`, `hit` (or grabbed), `died` or `none`.",
        ),
        Column(
            "after_drop",
            "string",
            "What a drop led to within 60 frames: `ledgedash`, `aerial`, `special`, `air-dodge`, `jump`, `regrab`, "
            "`hit`, `died` or `fall`; null for other options.",
        ),
        Column("slow", "bool", "The slow form, from 100 % on; null but for getup, attack, roll and jump."),
        Column("side", "int8", "Which ledge: -1 left, +1 right.", "sign"),
        Column("x", "double", "Where the player hangs: x.", "game units"),
        _PERCENT,
        _OPPONENT_X,
        _DISTANCE,
        Column(
            "intangible_frames",
            "uint16",
            "Frames in a row from the release on on which nothing can hit the player; null before format 2.1.",
            "frames",
        ),
        Column(
            "galint",
            "uint16",
            "Of a ledgedash: frames left that can be acted on, on the ground and out of reach; null for others and "
            "before format 2.1.",
            "frames",
        ),
        Column("regrabbed", "bool", "Grabs a ledge again within 60 frames of the release."),
        Column("was_hit", "bool", "Hit or grabbed within 60 frames of the release."),
        Column("hit_frame", "int32", "Frame of that hit or grab; null where there is none.", "frames"),
        _CONVERSION,
    ),
    "A row a ledge grab of every game of two: how long the player hung, and what they did then.",
)

RECOVERIES: Final = Table(
    "recoveries",
    "stats",
    ("replay_id", "port", "start_frame"),
    (
        REPLAY_ID,
        PORT,
        Column("start_frame", "int32", "First frame off the stage.", "frames"),
        Column("end_frame", "int32", "Frame that ended it; null where the game ended first.", "frames"),
        Column("outcome", "string", "`ledge`, `stage`, `died` or `none` (the game ended first)."),
        Column(
            "cause",
            "string",
            "`hit` (hit or grabbed since last standing or hanging), `ledge` (let go of it) or `own` (ran, jumped).",
        ),
        Column("side", "int8", "Which side at its start: -1 left, +1 right.", "sign"),
        Column("start_x", "double", "Where it began: x.", "game units"),
        Column("start_y", "double", "Where it began: y.", "game units"),
        Column("lowest_y", "double", "Lowest point.", "game units"),
        Column(
            "farthest_x", "double", "Greatest distance from the stage's middle, without sign.", "game units"
        ),
        Column("start_percent", "double", "The player's damage at its start.", "percent"),
        Column("end_percent", "double", "The player's damage on the frame before its end.", "percent"),
        Column(
            "could_act", "bool", "Out of hitstun, grabs and throws on one of its frames, or caught the ledge."
        ),
        Column("double_jumped", "bool", "Jumped in the air."),
        Column("neutral_special", "bool", "Used the neutral special."),
        Column("side_special", "bool", "Used the side special."),
        Column("up_special", "bool", "Used the up special."),
        Column("down_special", "bool", "Used the down special."),
        Column("air_dodged", "bool", "Air-dodged."),
        Column("num_hits", "uint16", "Hits and grabs taken in it, those that caused it not among them."),
        Column("last_hit_frame", "int32", "Frame of the last of them; null for none.", "frames"),
        Column("opponent_off_stage", "bool", "The opponent was off the stage on the same side."),
        Column("opponent_on_ledge", "bool", "The opponent held the ledge of that side."),
        Column(
            "edge_guarded",
            "bool",
            "Could act, and was hit in it, or was hit off and the opponent was off that side or held its ledge.",
        ),
        Column("killed", "bool", "It ended with a stock that counts as a conversion's kill."),
        _CONVERSION,
    ),
    "A row a way back to the stage, of every game of two on one of the six tournament stages.",
)
