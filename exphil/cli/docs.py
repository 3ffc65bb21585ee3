"""Pages that derive from code: `python -m exphil.cli.docs` writes them, `--check` compares."""

import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from exphil import __version__, schema
from exphil.cli.app import COMMANDS, make_app
from exphil.features import V1
from exphil.features.render import features_page
from exphil.schema import Table
from exphil.sql.page import views_page
from exphil.sql.tables import FEATURES
from exphil.stats.quality.page import quality_page
from exphil.store import paths
from exphil.training.config_names import CARRIED
from exphil.training.presets import PRESETS
from exphil.training.runs import LAYOUT

HOW: Final = "Generated from the code; `make docs` writes it anew."


def pages() -> dict[str, str]:
    """Text of every generated page by its path in the repository."""
    return {
        "docs/cli.md": cli_page(),
        "docs/features.md": features_page(V1),
        "docs/presets.md": presets_page(),
        "docs/quality.md": quality_page(HOW),
        "docs/store.md": store_page(),
        "docs/views.md": views_page(HOW),
        "storage/README.md": storage_page(),
        "models/README.md": models_page(),
    }


def cli_page() -> str:
    """Every command with its options, as `--help` tells them."""
    app = make_app()
    for name in COMMANDS:
        app[name]
    text = app.generate_docs(output_format="markdown", recursive=True, include_hidden=False)
    # for a command of a command cyclopts repeats how this process was started
    text = re.sub(r"^(exphil (?:store|people) \w+) .*?\[OPTIONS\]", r"\1 [OPTIONS]", text, flags=re.MULTILINE)
    text = text.replace("# exphil\n", f"# The command line\n\n{HOW}\n", 1).replace(__version__, "VERSION")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in text.splitlines())).strip() + "\n"


def presets_page() -> str:
    """Every preset: what it is for, and what it sets."""
    lines = [
        "# Presets",
        "",
        HOW,
        "",
        "`exphil train --preset NAME`. What a preset leaves out comes from the preset of the backbone, which applies",
        "whenever that backbone is trained, and below that from the defaults in [cli.md](cli.md). `--config` and typed",
        "flags outweigh a preset. With `--backbone` a preset that names another one keeps what holds for any: its",
        f"training options, and {', '.join(f'`{name}`' for name in CARRIED)}.",
        "",
        "| preset | for | sets |",
        "|---|---|---|",
    ]
    for preset in PRESETS.values():
        values = [f"{name} {value}" for name, value in preset.values.items()]
        sets = ", ".join([*([] if preset.base is None else [f"all of `{preset.base}`"]), *values])
        lines.append(f"| `{preset.name}` | {preset.summary} | {sets} |")
    return "\n".join(lines) + "\n"


def store_page() -> str:
    """The layout on disk, then every table with its columns."""
    lines = [
        "# The feature store",
        "",
        HOW,
        "",
        "A folder of immutable parts, and a manifest that names those that count. Tables are Parquet: polars, DuckDB",
        "and pandas read them without exphil; to read only committed parts, ask through `exphil sql` or",
        '`exphil.open_store("storage/")`.',
        "",
        *_drawn(paths.LAYOUT),
    ]
    for table in (*schema.TABLES, FEATURES):
        lines += ["", *_columns(table)]
    return "\n".join(lines) + "\n"


def storage_page() -> str:
    """storage/README.md: what the folder holds."""
    lines = [
        "# storage/",
        "",
        "The feature store: data, not code. `exphil materialize all` fills it. Another folder: `--store`, or the",
        "variable `EXPHIL_STORE`. Columns of the tables: docs/store.md.",
        "",
        *_drawn(paths.LAYOUT),
        "",
        HOW,
    ]
    return "\n".join(lines) + "\n"


def models_page() -> str:
    """models/README.md: what a run's folder holds."""
    lines = [
        "# models/",
        "",
        "Trained runs: data, not code. `exphil train` writes a folder a run. Another place: `--models`, or the",
        "variable `EXPHIL_MODELS`.",
        "",
        *_drawn([(f"<run>/{name}", doc) for name, doc in LAYOUT]),
        "",
        HOW,
    ]
    return "\n".join(lines) + "\n"


def _drawn(layout: Sequence[tuple[str, str]]) -> list[str]:
    width = max(len(path) for path, _ in layout)
    return ["```", *(f"{path.ljust(width)}  {doc}" for path, doc in layout), "```"]


def _columns(table: Table) -> Iterable[str]:
    yield f"## {table.name}"
    yield ""
    yield f"{table.doc} Key: {', '.join(f'`{name}`' for name in table.key)}."
    yield ""
    yield "| column | type | unit | since | meaning |"
    yield "|---|---|---|---|---|"
    for column in table.columns:
        since = ".".join(map(str, column.since)) if column.since else ""
        yield f"| `{column.name}` | {column.type} | {column.unit} | {since} | {column.doc.replace('|', '&#124;')} |"


def main(arguments: list[str]) -> int:
    """Write the pages below the current folder; with `--check` only compare. 1 when a page is not fresh."""
    stale = []
    for name, text in pages().items():
        file = Path(name)
        if file.exists() and file.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in arguments:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    if stale:
        print(f"{'not fresh' if '--check' in arguments else 'written'}: {', '.join(stale)}")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
