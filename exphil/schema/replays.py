"""Tables of `replays`: what each file is, and who played."""

from typing import Final

from exphil.schema.keys import PORT, REPLAY_ID
from exphil.schema.table import Column, Table

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
        Column(
            "latest_frame",
            "int32",
            "Frame written last, whole or not; another than last_frame in a recording that stops within a frame or "
            "in a rollback.",
            "frames",
        ),
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
        REPLAY_ID,
        PORT,
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
