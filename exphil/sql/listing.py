"""What a query may name: tables, tables of names, views and functions, for listings, completion and docs."""

from typing import Final

from exphil.sql.names import NAME_TABLES
from exphil.sql.tables import TABLES
from exphil.sql.views import VIEWS

LISTED: Final = (*(view.table for view in VIEWS), *TABLES, *NAME_TABLES)
"""All that a query may name in FROM: first the views, in people's words."""
