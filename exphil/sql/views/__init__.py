"""The views: what people ask for, in the words that they use for it."""

from typing import Final

from exphil.sql.view import View
from exphil.sql.views.games import GAMES, SIDES
from exphil.sql.views.punishes import PUNISH_MOVES, PUNISHES
from exphil.sql.views.stocks import STOCK_LOSSES

VIEWS: Final[tuple[View, ...]] = (GAMES, SIDES, PUNISHES, PUNISH_MOVES, STOCK_LOSSES)
"""In order of definition: a view may be made of those before it."""
