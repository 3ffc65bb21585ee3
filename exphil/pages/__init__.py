"""HTML reports: `Page` makes one self-contained file, `charts` and `theme` draw what it shows."""

from exphil.pages.page import Page

__all__ = ["Page"]
