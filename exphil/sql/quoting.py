"""Names and values as SQL spells them."""


def quoted_name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def quoted_text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def literal(value: str | float | None) -> str:
    """A value of a row; None is NULL."""
    if value is None:
        return "NULL"
    return quoted_text(value) if isinstance(value, str) else str(value)
