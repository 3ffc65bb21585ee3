"""Tables of `frames`: what each frame of a recording holds."""

from typing import Final

from exphil.schema.keys import FRAME, FRAME_KEY, REPLAY_ID
from exphil.schema.table import Column, Table, Version


def _pre(name: str, type: str, doc: str, unit: str = "", since: Version | None = None) -> Column:
    return Column(f"pre_{name}", type, doc, unit, since)


def _post(name: str, type: str, doc: str, unit: str = "", since: Version | None = None) -> Column:
    return Column(f"post_{name}", type, doc, unit, since)


PRE_COLUMNS: Final = (
    _pre("random_seed", "uint32", "Random seed before the frame."),
    _pre("state", "uint16", "Action state before the frame."),
    _pre("position_x", "float", "Position before the frame.", "game units"),
    _pre("position_y", "float", "Position before the frame.", "game units"),
    _pre("direction", "float", "Facing: -1 left, +1 right.", "sign"),
    _pre("joystick_x", "float", "Processed main stick, -1 to 1.", "stick"),
    _pre("joystick_y", "float", "Processed main stick, -1 to 1.", "stick"),
    _pre("cstick_x", "float", "Processed c-stick, -1 to 1.", "stick"),
    _pre("cstick_y", "float", "Processed c-stick, -1 to 1.", "stick"),
    _pre("triggers", "float", "Processed trigger, 0 to 1.", "trigger"),
    _pre("buttons", "uint32", "Processed buttons, with stick and trigger bits."),
    _pre("buttons_physical", "uint16", "Buttons held on the controller."),
    _pre("triggers_physical_l", "float", "Left shoulder as held, 0 to 1.", "trigger"),
    _pre("triggers_physical_r", "float", "Right shoulder as held, 0 to 1.", "trigger"),
    _pre("raw_analog_x", "int8", "Main stick x before any processing.", "raw stick", (1, 2, 0)),
    _pre("percent", "float", "Damage before the frame.", "percent", (1, 4, 0)),
    _pre("raw_analog_y", "int8", "Main stick y before any processing.", "raw stick", (3, 15, 0)),
    _pre("raw_analog_cstick_x", "int8", "C-stick x before any processing.", "raw stick", (3, 17, 0)),
    _pre("raw_analog_cstick_y", "int8", "C-stick y before any processing.", "raw stick", (3, 17, 0)),
)

POST_COLUMNS: Final = (
    _post("character", "uint8", "Internal character id (Zelda and Sheik change in game)."),
    _post("state", "uint16", "Action state after the frame."),
    _post("position_x", "float", "Position after the frame.", "game units"),
    _post("position_y", "float", "Position after the frame.", "game units"),
    _post("direction", "float", "Facing: -1 left, +1 right.", "sign"),
    _post("percent", "float", "Damage.", "percent"),
    _post("shield", "float", "Shield health, 60 when full.", "shield"),
    _post("last_attack_landed", "uint8", "Attack id of the last hit dealt."),
    _post("combo_count", "uint8", "Combo count as the game counts.", "hits"),
    _post("last_hit_by", "uint8", "Player index of the last one who hit, 6 for none."),
    _post("stocks", "uint8", "Stocks left.", "stocks"),
    _post("state_age", "float", "Frames spent in the action state.", "frames", (0, 2, 0)),
    _post("state_flags_0", "uint8", "State bits, first byte.", "", (2, 0, 0)),
    _post("state_flags_1", "uint8", "State bits, second byte.", "", (2, 0, 0)),
    _post("state_flags_2", "uint8", "State bits, third byte.", "", (2, 0, 0)),
    _post("state_flags_3", "uint8", "State bits, fourth byte.", "", (2, 0, 0)),
    _post("state_flags_4", "uint8", "State bits, fifth byte.", "", (2, 0, 0)),
    _post(
        "misc_as",
        "float",
        "Action-state variable; hitstun left while the hitstun bit is set.",
        "frames",
        (2, 0, 0),
    ),
    _post("airborne", "uint8", "1 in the air, 0 on the ground.", "", (2, 0, 0)),
    _post("ground", "uint16", "Id of the ground stood on last.", "", (2, 0, 0)),
    _post("jumps", "uint8", "Jumps left.", "jumps", (2, 0, 0)),
    _post("l_cancel", "uint8", "0 none, 1 success, 2 failure.", "", (2, 0, 0)),
    _post("hurtbox_state", "uint8", "0 vulnerable, 1 invulnerable, 2 intangible.", "", (2, 1, 0)),
    _post("velocities_self_x_air", "float", "Own velocity in the air, x.", "units/frame", (3, 5, 0)),
    _post("velocities_self_y", "float", "Own velocity, y.", "units/frame", (3, 5, 0)),
    _post("velocities_knockback_x", "float", "Knockback velocity, x.", "units/frame", (3, 5, 0)),
    _post("velocities_knockback_y", "float", "Knockback velocity, y.", "units/frame", (3, 5, 0)),
    _post("velocities_self_x_ground", "float", "Own velocity on the ground, x.", "units/frame", (3, 5, 0)),
    _post("hitlag", "float", "Hitlag left.", "frames", (3, 8, 0)),
    _post("animation_index", "uint32", "Animation id.", "", (3, 11, 0)),
    _post("last_hit_by_instance", "uint16", "Instance id of the move that hit last.", "", (3, 16, 0)),
    _post("instance_id", "uint16", "Instance id of the player's current move.", "", (3, 16, 0)),
)

FRAMES: Final = Table(
    "frames",
    "frames",
    ("replay_id", "port", "follower", "frame"),
    FRAME_KEY + PRE_COLUMNS + POST_COLUMNS,
    "A row a character and frame: input before it, state after it. Rollbacks resolved, the last row wins.",
)

ITEMS: Final = Table(
    "items",
    "frames",
    ("replay_id", "frame", "index"),
    (
        REPLAY_ID,
        FRAME,
        Column("index", "uint8", "Place in the game's own item list of the frame."),
        Column("type", "uint16", "Item type.", "", (3, 0, 0)),
        Column("state", "uint8", "Item state.", "", (3, 0, 0)),
        Column("direction", "float", "Facing: -1 left, +1 right.", "sign", (3, 0, 0)),
        Column("velocity_x", "float", "Velocity.", "units/frame", (3, 0, 0)),
        Column("velocity_y", "float", "Velocity.", "units/frame", (3, 0, 0)),
        Column("position_x", "float", "Position.", "game units", (3, 0, 0)),
        Column("position_y", "float", "Position.", "game units", (3, 0, 0)),
        Column("damage", "uint16", "Damage taken by the item.", "percent", (3, 0, 0)),
        Column("timer", "float", "Time left until the item expires.", "frames", (3, 0, 0)),
        Column("id", "uint32", "Spawn id: counts up, the same for an item's whole life.", "", (3, 0, 0)),
        Column("misc_0", "uint8", "Samus missile type, Peach turnip face, ...", "", (3, 2, 0)),
        Column("misc_1", "uint8", "Second miscellaneous byte.", "", (3, 2, 0)),
        Column("misc_2", "uint8", "Charge-shot launched.", "", (3, 2, 0)),
        Column("misc_3", "uint8", "Charge-shot power.", "", (3, 2, 0)),
        Column("owner", "int8", "Player index of the owner, -1 for none.", "", (3, 6, 0)),
        Column("instance_id", "uint16", "Instance id of the move that made it.", "", (3, 16, 0)),
    ),
    "A row an item (or projectile) and frame, from format 3.0 on.",
)

STAGE_FRAMES: Final = Table(
    "stage_frames",
    "frames",
    ("replay_id", "frame"),
    (
        REPLAY_ID,
        FRAME,
        Column("start_random_seed", "uint32", "Random seed at the frame's start.", "", (2, 2, 0)),
        Column("start_scene_frame_counter", "uint32", "Frames since the scene began.", "frames", (3, 10, 0)),
        Column(
            "end_latest_finalized_frame",
            "int32",
            "Newest frame that no rollback can change.",
            "frames",
            (3, 7, 0),
        ),
        Column(
            "fod_platform_left",
            "float",
            "Fountain of Dreams, left platform's height, carried forward.",
            "game units",
            (3, 18, 0),
        ),
        Column(
            "fod_platform_right",
            "float",
            "Fountain of Dreams, right platform's height, carried forward.",
            "game units",
            (3, 18, 0),
        ),
        Column(
            "whispy_direction",
            "uint8",
            "Dream Land wind: 0 none, 1 left, 2 right, carried forward.",
            "",
            (3, 18, 0),
        ),
        Column(
            "stadium_event",
            "uint16",
            "Pokemon Stadium transformation event, carried forward.",
            "",
            (3, 18, 0),
        ),
        Column(
            "stadium_type", "uint16", "Pokemon Stadium transformation type, carried forward.", "", (3, 18, 0)
        ),
    ),
    "A row a frame: what belongs to no player. Stage events hold from their frame until the next.",
)
