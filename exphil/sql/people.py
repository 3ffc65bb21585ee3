"""Who is who: `people.csv` beside the manifest says which connect codes belong to one person.

Columns person and connect_code, a row a code; people may edit it. SQL knows it as the table `people`.
"""

import csv
import io
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from exphil.errors import StoreError, UsageError
from exphil.store import paths
from exphil.store.atomic import write_bytes

HEADER: Final = ("person", "connect_code")

People = tuple[tuple[str, str], ...]
"""(person, connect code), sorted; no code twice."""


def read_people(root: Path) -> People:
    """What the store's file says; nobody where there is none.

    Raises:
        StoreError: it cannot be read; the message names the line.
    """
    file = root / paths.PEOPLE
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(
            f"{file} cannot be read ({error}); restore it as UTF-8 text, or delete it"
        ) from error
    try:
        lines = list(csv.reader(io.StringIO(text), strict=True, skipinitialspace=True))
    except csv.Error as error:
        raise StoreError(f"{file} is no CSV ({error})") from error
    if lines and tuple(cell.strip().lower() for cell in lines[0]) != HEADER:
        raise StoreError(f"{file}, line 1: the columns must be {','.join(HEADER)}")
    owners: dict[str, str] = {}
    for number, line in enumerate(lines[1:], 2):
        cells = [cell.strip() for cell in line]
        if not any(cells):
            continue
        if len(cells) != len(HEADER) or not all(cells):
            raise StoreError(f"{file}, line {number}: a row is a person and a connect code")
        person, code = " ".join(cells[0].split()), plain_code(cells[1])
        if owners.setdefault(code, person) != person:
            raise StoreError(
                f"{file}, line {number}: {code} belongs to {owners[code]} already; keep one of the two rows"
            )
    return _sorted((person, code) for code, person in owners.items())


def write_people(root: Path, people: People) -> None:
    """Replace the store's file, whole.

    Raises:
        StoreError: the folder cannot be written to.
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([HEADER, *people])
    write_bytes(root / paths.PEOPLE, text.getvalue().encode())


def plain_code(text: str) -> str:
    """A connect code as the store spells it: capitals, ordinary digits and `#`."""
    return unicodedata.normalize("NFKC", text).strip().upper()


def with_codes(people: People, person: str, codes: Sequence[str]) -> People:
    """People in which the codes belong to `person`; those that do already stay.

    Raises:
        UsageError: a code belongs to somebody else, or a name or code is empty.
    """
    name = known_person(people, person) or " ".join(person.split())
    if not name or not codes or not all(map(plain_code, codes)):
        raise UsageError("a person needs a name and at least one connect code, as ABCD#123")
    owners = {code: owner for owner, code in people}
    for code in map(plain_code, codes):
        if (owner := owners.setdefault(code, name)) != name:
            raise UsageError(
                f"{code} belongs to {owner}: one code, one person"
                f' (`exphil people remove "{owner}" {code}` frees it)'
            )
    return _sorted((owner, code) for code, owner in owners.items())


def without(people: People, person: str, codes: Sequence[str] = ()) -> People:
    """People without a person, or without some of their codes.

    Raises:
        UsageError: nobody is called so, or a code is not theirs.
    """
    name = known_person(people, person)
    if name is None:
        raise UsageError(f"nobody is called {person}: {_listed(owner for owner, _ in people)}")
    theirs = [code for owner, code in people if owner == name]
    gone = [plain_code(code) for code in codes] or theirs
    if strange := next((code for code in gone if code not in theirs), None):
        raise UsageError(f"{strange} is no code of {name}: {_listed(theirs)}")
    return tuple((owner, code) for owner, code in people if code not in gone)


def known_person(people: People, person: str) -> str | None:
    """The spelling under which somebody is known already, whatever the case; None for nobody."""
    wanted = " ".join(person.split()).casefold()
    return next((owner for owner, _ in people if owner.casefold() == wanted), None)


def _listed(names: Iterable[str]) -> str:
    found = list(dict.fromkeys(names))
    return f"there are {', '.join(found)}" if found else "there are none yet"


def _sorted(rows: Iterable[tuple[str, str]]) -> People:
    return tuple(sorted(rows, key=lambda row: (row[0].casefold(), row[1])))
