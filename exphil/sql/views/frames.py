"""View of frames with names."""

from typing import Final

from exphil import schema
from exphil.sql.view import made, taken
from exphil.sql.views.people import FACED, view

PLAYER_FRAMES: Final = view(
    "player_frames",
    schema.FRAMES.key,
    "A row a character and frame with names: `frames`, who played, and the action in words. There are thousands to a "
    "game: name the columns that are wanted, and the games.",
    (
        *FACED,
        *taken(schema.FRAMES, "shown", only=("follower", "frame")),
        made("clock", "string", "clock(shown.frame)", "What an eight-minute timer shows, as `7:31`."),
        made(
            "fighter",
            "string",
            "fighter_name(shown.post_character)",
            "Who it is on this frame: tells Popo, Nana, Zelda and Sheik apart.",
        ),
        made("action", "string", "action_name(shown.post_state)", "Action state after the frame, as `dash`."),
        made("action_class", "string", "action_class(shown.post_state)", "Its class, as `running`."),
        made(
            "last_move",
            "string",
            "move_name(nullif(shown.post_last_attack_landed, 0))",
            "Last move that hit; null for none yet.",
        ),
        *taken(schema.FRAMES, "shown", but=schema.FRAMES.key),
    ),
    """
    FROM frames AS shown
    JOIN {faced} AS faced ON faced.replay_id = shown.replay_id AND faced.port = shown.port""",
)
