"""The views: what people ask for, in the words that they use for it."""

from typing import Final

from exphil.sql.view import View
from exphil.sql.views.frames import PLAYER_FRAMES
from exphil.sql.views.games import GAMES, SIDES
from exphil.sql.views.punishes import PLAYER_COMBOS, PUNISH_MOVES, PUNISHES
from exphil.sql.views.sets import SESSION_GAMES, SESSIONS, SET_GAMES, SETS
from exphil.sql.views.situations import EDGE_GUARDS, LEDGE_SITUATIONS, RECOVERY_SITUATIONS, TECH_SITUATIONS
from exphil.sql.views.stocks import STOCK_LOSSES

VIEWS: Final[tuple[View, ...]] = (
    GAMES,
    SIDES,
    PUNISHES,
    PUNISH_MOVES,
    PLAYER_COMBOS,
    STOCK_LOSSES,
    EDGE_GUARDS,
    RECOVERY_SITUATIONS,
    LEDGE_SITUATIONS,
    TECH_SITUATIONS,
    SET_GAMES,
    SETS,
    SESSION_GAMES,
    SESSIONS,
    PLAYER_FRAMES,
)
"""In order of definition: a view may be made of those before it."""
