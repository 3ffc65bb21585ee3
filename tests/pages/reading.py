"""A page read back as a browser would: its texts, links, data and scripts."""

import json
from html.parser import HTMLParser
from typing import Any


class ReadPage(HTMLParser):
    """What `Page.html()` holds.

    Attributes:
        tags: every element's name, in order.
        texts: (innermost element, text) outside scripts and styles.
        attributes: (element, attribute, value).
        data: contents of `application/json` scripts, parsed.
        scripts: contents of scripts that run.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.data: list[Any] = []
        self.scripts: list[str] = []
        self._open: list[str] = []
        self._json = False
        self.feed(html)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag != "meta":
            self._open.append(tag)
        self._json = tag == "script" and ("type", "application/json") in attrs

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] == ["script"]:
            self.data.append(json.loads(data)) if self._json else self.scripts.append(data)
        elif self._open[-1:] != ["style"]:
            self.texts.append((self._open[-1] if self._open else "", data))

    def of(self, tag: str) -> list[str]:
        """Texts whose innermost element is `tag`."""
        return [text for name, text in self.texts if name == tag]


def without_vega(html: str) -> str:
    """A page up to its first script that runs: the rest is the same in every page, and long."""
    return html[: html.index("<script>")] + "</body></html>"
