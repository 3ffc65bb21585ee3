"""What a query may name: views and tables, for listings, completion and docs."""

from typing import Final

from exphil.sql.tables import TABLES
from exphil.sql.views import VIEWS

LISTED: Final = (*(view.table for view in VIEWS), *TABLES)
"""All that a query may name in FROM: first the views, in people's words."""
