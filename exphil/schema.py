"""Every table of the store, column by column.

The parser's Arrow schemas, the SQL tables, their comments and docs/store.md derive from these lists.
Names follow peppi's structs, joined with underscores (`post.position.x` is `post_position_x`).
`since` is the replay-format version that brought the field: older replays hold null there.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pyarrow as pa

Version = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `type` is an Arrow type's name (`float`, `uint8`, ...), `unit` empty for ids and flags."""

    name: str
    type: str
    doc: str
    unit: str = ""
    since: Version | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One table: `asset` is the Dagster asset (and folder) it belongs to, `key` what identifies a row."""

    name: str
    asset: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    doc: str

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def _pre(name: str, type: str, doc: str, unit: str = "", since: Version | None = None) -> Column:
    return Column(f"pre_{name}", type, doc, unit, since)


def _post(name: str, type: str, doc: str, unit: str = "", since: Version | None = None) -> Column:
    return Column(f"post_{name}", type, doc, unit, since)


FRAME_KEY: Final = (
    Column("replay_id", "string", "Which recording: 128 bits of BLAKE2b of the decompressed bytes, in hex."),
    Column("port", "uint8", "Controller port, 1 to 4."),
    Column("follower", "bool", "True for the second Ice Climber."),
    Column("frame", "int32", "Frame id; the first is -123, play starts at -39.", "frames"),
)

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
        FRAME_KEY[0],
        FRAME_KEY[3],
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
        FRAME_KEY[0],
        FRAME_KEY[3],
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

REPLAYS: Final = Table(
    "replays",
    "replays",
    ("path",),
    (
        Column("path", "string", "File, or archive and member as `archive.zip!/game.slp`."),
        Column(
            "replay_id", "string", "128 bits of BLAKE2b of the decompressed bytes, in hex; null where unread."
        ),
        Column("game_id", "string", "The same of the resolved frames: equal for two recordings of one game."),
        Column("status", "string", "`ok`, `duplicate` or `quarantined`."),
        Column("reason", "string", "Why it is quarantined, or what it duplicates; null when ok."),
        Column("reason_offset", "int64", "Where in the decompressed file, in bytes, if known."),
        Column("notes", "string", "What the reader mended, separated by `; `; null when nothing."),
        Column(
            "mode",
            "string",
            "`1v1`, `doubles`, `free-for-all`, `training`, ...; null where the version does not tell.",
        ),
        Column(
            "complete",
            "bool",
            "The recording is whole: every frame from -123 to the last, and the game end, be it a quit.",
        ),
        Column("version", "string", "Replay format, as `3.14.0`."),
        Column("stage", "uint16", "External stage id."),
        Column("stage_name", "string", "Its name, as `FINAL_DESTINATION`."),
        Column("is_teams", "bool", "Team battle."),
        Column("is_pal", "bool", "PAL release.", "", (1, 5, 0)),
        Column("is_frozen_stadium", "bool", "Pokemon Stadium without transformations.", "", (2, 0, 0)),
        Column("scene_major", "uint8", "Major scene: 2 versus, 8 online, ...", "", (3, 7, 0)),
        Column("scene_minor", "uint8", "Minor scene.", "", (3, 7, 0)),
        Column("match_id", "string", "Online match id.", "", (3, 14, 0)),
        Column("match_game", "uint32", "Game number in the match.", "", (3, 14, 0)),
        Column("match_tiebreaker", "uint32", "Tiebreak number in the game.", "", (3, 14, 0)),
        Column("num_players", "uint8", "Players of the game, those beyond port 4 included."),
        Column("num_frames", "uint32", "Distinct frame ids.", "frames"),
        Column("first_frame", "int32", "First frame id.", "frames"),
        Column("last_frame", "int32", "Last frame id.", "frames"),
        Column("num_rollback_rows", "uint32", "Frame rows that a later one of the same id replaced.", "rows"),
        Column("frame_policy", "string", "How rows of one id were resolved: `last`."),
        Column(
            "end_method",
            "string",
            "`game`, `time`, `resolved`, `unresolved`, `no-contest`, ...; null where the recording stops.",
        ),
        Column("lras_port", "uint8", "Who quit with L+R+A+Start; null for nobody."),
        Column(
            "winner_port",
            "uint8",
            "Port of the winner of a game of two; null where nobody is known to have won.",
        ),
        Column(
            "winner_by",
            "string",
            "What tells the winner: `quit`, `time`, `placement`, or `stocks` before placements (3.13).",
        ),
        Column("started_at", "string", "Start of the game, ISO 8601, as the recorder wrote it."),
        Column(
            "platform", "string", "What recorded it, as it wrote: `dolphin`, `nintendont`, `network`, ..."
        ),
        Column("console_name", "string", "Nickname of the console."),
        Column("set_key", "string", "Who met whom, and when: the split hashes it."),
        Column("batch", "string", "Partition that the path belongs to."),
        Column("num_bytes", "int64", "Size of the file (or member) as stored.", "bytes"),
        Column("mtime_ns", "int64", "Modification time of the file (or archive).", "ns"),
    ),
    "A row a path or archive member: what it is, or why it could not be read.",
)

PLAYERS: Final = Table(
    "players",
    "replays",
    ("replay_id", "port"),
    (
        FRAME_KEY[0],
        FRAME_KEY[1],
        Column("character", "uint8", "External character id: whom the game began with."),
        Column("character_name", "string", "Its name, as `FOX`."),
        Column("costume", "uint8", "Costume index."),
        Column("type", "string", "`human`, `cpu` or `demo`."),
        Column("cpu_level", "uint8", "Level of a CPU player."),
        Column("team", "uint8", "Team colour: 0 red, 1 blue, 2 green; null outside team battles."),
        Column("start_stocks", "uint8", "Stocks at the start.", "stocks"),
        Column("end_stocks", "uint8", "Stocks at the last frame.", "stocks"),
        Column("end_percent", "float", "Damage at the last frame.", "percent"),
        Column("placement", "uint8", "Placement, 0 for the winner.", "", (3, 13, 0)),
        Column("won", "bool", "Whether this port won a game of two; null where nobody is known to have."),
        Column("name_tag", "string", "In-game name tag, in ordinary letters; null for none.", "", (1, 3, 0)),
        Column("netplay_name", "string", "Display name on Slippi; before 3.9 from the metadata."),
        Column(
            "connect_code", "string", "Connect code on Slippi, as `ABC#123`; before 3.9 from the metadata."
        ),
        Column("ucf_dash_back", "string", "Dash-back fix: `off`, `ucf` or `arduino`.", "", (1, 0, 0)),
        Column("ucf_shield_drop", "string", "Shield-drop fix: `off`, `ucf` or `arduino`.", "", (1, 0, 0)),
    ),
    "A row a player of every game in `frames`.",
)

SEGMENTS: Final = Table(
    "segments",
    "windows",
    ("replay_id", "port", "first_frame"),
    (
        FRAME_KEY[0],
        FRAME_KEY[1],
        Column("opponent_port", "uint8", "Port of the other player."),
        Column("first_frame", "int32", "First frame that may be scored.", "frames"),
        Column(
            "last_frame",
            "int32",
            "Last frame that may be scored at delay 0 (its target is the next frame's input).",
            "frames",
        ),
        Column("num_frames", "uint32", "last_frame - first_frame + 1.", "frames"),
        Column("context_frame", "int32", "First frame of the recording: context may start here.", "frames"),
        Column("character", "string", "Own character's name."),
        Column("opponent_character", "string", "The other character's name."),
        Column("stage", "string", "Name of the stage."),
        Column("won", "bool", "Whether this player won."),
        Column("split", "string", "`train`, `validation` or `test` at the default 80/10/10."),
        Column("split_key", "double", "Hash of the set in [0, 1): other proportions cut it elsewhere."),
    ),
    "Stretches of one player's viewpoint that training windows may be cut from.",
)

TABLES: Final = (REPLAYS, PLAYERS, FRAMES, ITEMS, STAGE_FRAMES, SEGMENTS)


def arrow_schema(table: Table, *, encoded: bool = False) -> "pa.Schema":
    """The table's columns as Arrow fields, each with its doc, unit and first version as metadata.

    `encoded` makes `replay_id` a dictionary of strings: in memory a game's rows share one string.
    """
    import pyarrow as pa

    fields = []
    for column in table.columns:
        type = pa.type_for_alias(column.type)
        if encoded and column.name == "replay_id":
            type = pa.dictionary(pa.int32(), type)
        fields.append(pa.field(column.name, type, metadata=_metadata(column)))
    return pa.schema(fields, metadata={"doc": table.doc, "key": ",".join(table.key)})


def _metadata(column: Column) -> dict[str, str]:
    since = ".".join(map(str, column.since)) if column.since else ""
    return {
        key: value for key, value in (("doc", column.doc), ("unit", column.unit), ("since", since)) if value
    }
