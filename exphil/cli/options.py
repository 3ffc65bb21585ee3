"""Options that several commands share, each with its help once."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

StoreOption = Annotated[
    Path | None,
    Parameter(name="--store", help="Feature store; else EXPHIL_STORE, else ./storage.", show_default=False),
]

ReplaysOption = Annotated[
    Path | None,
    Parameter(
        name="--replays",
        help="Folder or archive of replays; else EXPHIL_REPLAYS, else ./replays, else Slippi's own folder.",
        show_default=False,
    ),
]

ModelsOption = Annotated[
    Path | None,
    Parameter(
        name="--models",
        help="Folder of training runs; else EXPHIL_MODELS, else ./models.",
        show_default=False,
    ),
]

JsonFlag = Annotated[
    bool, Parameter(name="--json", negative=(), show_default=False, help="Print JSON, for a program to read.")
]
