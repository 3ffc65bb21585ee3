"""Every option of a training run does something: outside the files that define and list options, somebody reads it."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

import exphil
from exphil.training.config import TrainConfig

PACKAGE = Path(exphil.__file__).parent
LISTS = {"config.py", "config_layers.py", "presets.py", "options.py", "advice.py", "card.py"}

SOURCES = "\n".join(
    path.read_text(encoding="utf-8")
    for folder in ("training", "loading")
    for path in sorted((PACKAGE / folder).glob("*.py"))
    if path.name not in LISTS
)

THROUGH: dict[str, str] = {
    "label_smoothing": "objective",
    "focal_gamma": "objective",
    "button_weight": "objective",
    "split": "shares",
}
"""Options that are read through a property of the configuration."""


@pytest.mark.parametrize("name", [item.name for item in fields(TrainConfig)])
def test_somebody_reads_it(name: str) -> None:
    assert re.search(rf"\bconfig\.{THROUGH.get(name, name)}\b", SOURCES)
