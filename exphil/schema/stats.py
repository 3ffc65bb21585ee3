"""Tables of `stats`: what happened in a game, by the definitions of slippi-js."""

from typing import Final

from exphil.schema.keys import PORT, REPLAY_ID
from exphil.schema.table import Column, Table

_PUNISH: Final = (
    Column("attacker_port", "uint8", "Who dealt it."),
    Column("victim_port", "uint8", "Who took it."),
    Column("start_frame", "int32", "First frame on which the victim was hit or held.", "frames"),
    Column("end_frame", "int32", "Frame that ended it; null where the game ended first.", "frames"),
    Column("start_percent", "double", "The victim's damage on the frame before the first.", "percent"),
    Column("current_percent", "double", "The victim's damage when last seen in it.", "percent"),
    Column(
        "end_percent",
        "double",
        "The victim's damage on the frame before the last; null where open.",
        "percent",
    ),
    Column("killed", "bool", "It ended with a stock."),
    Column("num_moves", "uint16", "Moves that dealt damage."),
    Column("num_hits", "uint16", "Frames on which damage was dealt."),
    Column("damage", "double", "Damage that its moves dealt.", "percent"),
    Column("first_move", "uint8", "Attack id of its first move; null where none dealt damage."),
    Column("last_move", "uint8", "Attack id of its last move; null where none dealt damage."),
)

_MOVE: Final = (
    Column("port", "uint8", "Who dealt it."),
    Column("frame", "int32", "Frame of its first hit.", "frames"),
    Column("attack", "uint8", "Attack id."),
    Column("num_hits", "uint16", "Frames on which it dealt damage."),
    Column("damage", "double", "Damage dealt.", "percent"),
)

STOCKS: Final = Table(
    "stocks",
    "stats",
    ("replay_id", "port", "start_frame"),
    (
        REPLAY_ID,
        PORT,
        Column("start_frame", "int32", "First frame on which the player is not dying.", "frames"),
        Column("end_frame", "int32", "Frame on which it was lost; null where it was not.", "frames"),
        Column("current_percent", "double", "Damage when last seen.", "percent"),
        Column(
            "end_percent",
            "double",
            "Damage on the frame before it was lost; null where it was not.",
            "percent",
        ),
        Column("count", "uint8", "Stocks left while it was played.", "stocks"),
        Column("death_state", "uint16", "Action state on the frame of the loss: tells the blast zone."),
    ),
    "A row a stock of every game of two.",
)

CONVERSIONS: Final = Table(
    "conversions",
    "stats",
    ("replay_id", "conversion"),
    (
        REPLAY_ID,
        Column("conversion", "uint16", "Number in the game, in order of the start, from 0."),
        Column("opening", "string", "`neutral-win`, `counter-attack` or `trade`."),
        *_PUNISH,
        Column(
            "sequence",
            "string",
            "What was done, in order of time, between single spaces: `grab up-throw uair tech-in uair kill`.",
        ),
    ),
    "A row a punish: from the hit that opened it until the victim was in control for 45 frames, or died.",
)

MOVES: Final = Table(
    "moves",
    "stats",
    ("replay_id", "conversion", "move"),
    (
        REPLAY_ID,
        Column("conversion", "uint16", "Number of the conversion in the game."),
        Column("move", "uint16", "Number in the conversion, from 0."),
        *_MOVE,
    ),
    "A row a move of a conversion; the hits of one animation count as one.",
)

COMBOS: Final = Table(
    "combos",
    "stats",
    ("replay_id", "combo"),
    (REPLAY_ID, Column("combo", "uint16", "Number in the game, in order of the start, from 0."), *_PUNISH),
    "A row a combo: like a conversion, and over after 45 frames in a row in which the victim is not helpless.",
)

COMBO_MOVES: Final = Table(
    "combo_moves",
    "stats",
    ("replay_id", "combo", "move"),
    (
        REPLAY_ID,
        Column("combo", "uint16", "Number of the combo in the game."),
        Column("move", "uint16", "Number in the combo, from 0."),
        *_MOVE,
    ),
    "A row a move of a combo.",
)


def _count(name: str, doc: str) -> Column:
    return Column(name, "int32", doc)


ACTIONS: Final = (
    _count("wavedash", "Special landings with a jump squat shortly before."),
    _count("waveland", "Special landings without, or after a jump that led elsewhere."),
    _count("air_dodge", "Air dodges that became neither."),
    _count("dash_dance", "Dash, turn, dash on three frames in a row."),
    _count("spot_dodge", "Spot dodges."),
    _count("ledgegrab", "Ledge grabs."),
    _count("roll", "Rolls."),
    _count("taunt", "Taunts."),
    _count("edge_cancel_success", "Aerial landings slid off an edge sooner than an L-cancel would have ended them."),
    _count("edge_cancel_slow", "Aerial landings slid off an edge later than that."),
    _count("l_cancel_success", "L-cancels."),
    _count("l_cancel_fail", "Aerial landings without one."),
    *(
        _count(f"attack_{name}", f"{doc}.")
        for name, doc in (
            ("jab1", "First jabs"), ("jab2", "Second jabs"), ("jab3", "Third jabs"), ("jabm", "Rapid jabs"),
            ("dash", "Dash attacks, boost grabs not counted"), ("ftilt", "Forward tilts"), ("utilt", "Up tilts"),
            ("dtilt", "Down tilts"), ("fsmash", "Forward smashes"), ("usmash", "Up smashes"),
            ("dsmash", "Down smashes"), ("nair", "Neutral aerials"), ("fair", "Forward aerials"),
            ("bair", "Back aerials"), ("uair", "Up aerials"), ("dair", "Down aerials"),
        )
    ),
    _count("grab_success", "Grabs that caught."),
    _count("grab_fail", "Grabs that missed."),
    _count("throw_up", "Up throws."),
    _count("throw_forward", "Forward throws."),
    _count("throw_back", "Back throws."),
    _count("throw_down", "Down throws."),
    _count("ground_tech_away", "Tech rolls away from the opponent."),
    _count("ground_tech_in", "Tech rolls towards the opponent."),
    _count("ground_tech_neutral", "Techs in place."),
    _count("ground_tech_fail", "Missed techs."),
    _count("wall_tech_success", "Wall techs."),
    _count("wall_tech_fail", "Missed wall techs."),
)  # fmt: skip
"""What `exphil.stats.actions` counts."""

ACTION_COUNTS: Final = Table(
    "action_counts",
    "stats",
    ("replay_id", "port"),
    (REPLAY_ID, PORT, *ACTIONS),
    "A row a player of every game of two: what they did, counted when an action begins.",
)


def _ratio(name: str, count: str, total: str) -> tuple[Column, Column]:
    return (
        Column(f"{name}_count", "double", count),
        Column(f"{name}_total", "double", f"What {name}_count is divided by: {total}."),
    )


OVERALL: Final = Table(
    "overall",
    "stats",
    ("replay_id", "port"),
    (
        REPLAY_ID,
        PORT,
        Column("playable_frames", "int32", "Last frame less the first of play.", "frames"),
        _count("input_buttons", "Buttons pressed."),
        _count("input_triggers", "Triggers pulled beyond 0.3."),
        _count("input_cstick", "Times the c-stick came into another of its outer regions."),
        _count("input_joystick", "Times the main stick came into another of its outer regions."),
        _count("input_total", "All of these."),
        _count("conversion_count", "Conversions on the opponent (openings)."),
        Column("total_damage", "double", "Damage that own moves dealt in them.", "percent"),
        _count("kill_count", "Conversions that ended with a stock."),
        *_ratio("successful_conversions", "Conversions of more than one move.", "openings"),
        *_ratio("inputs_per_minute", "Inputs.", "minutes"),
        *_ratio("digital_inputs_per_minute", "Button presses.", "minutes"),
        *_ratio("openings_per_kill", "Openings.", "kills"),
        *_ratio("damage_per_opening", "Damage.", "openings"),
        *_ratio("neutral_win_ratio", "Own neutral wins.", "both players'"),
        *_ratio("counter_hit_ratio", "Own counter-attacks.", "both players'"),
        *_ratio("beneficial_trade_ratio", "Trades that were worth it.", "own trades"),
    ),
    "A row a player of every game of two. Over several games add counts and totals, then divide.",
)
