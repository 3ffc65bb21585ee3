"""Functions of SQL: names, clock, ratios, and search in sequences against a search in plain Python."""

import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exphil.melee.action_names import ACTION_NAMES, DEATH_DIRECTIONS, action_class
from exphil.melee.attacks import MOVE_NAMES, move_name
from exphil.melee.characters import EXTERNAL_NAMES, INTERNAL_NAMES
from exphil.melee.items import ITEM_KINDS, KIND_OF_ITEM
from exphil.melee.stages import STAGE_NAMES
from exphil.sql.macros import MACROS, SITUATION_WORDS

WORDS = ("grab", "pummel", "up-throw", "down-throw", "uair", "nair", "tech-in", "missed-tech", "kill")


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for macro in MACROS:
            connection.execute(f"CREATE MACRO {macro.call} AS {macro.sql}")
        yield connection


Search = Callable[[str | None, str], bool | None]


@pytest.fixture(scope="module")
def found(connection: duckdb.DuckDBPyConnection) -> Search:
    def found(sequence: str | None, pattern: str) -> bool | None:
        [(answer,)] = connection.execute("SELECT in_order(?, ?)", [sequence, pattern]).fetchall()
        return answer

    return found


PUNISH = "grab pummel up-throw uair uair kill"


@pytest.mark.parametrize(
    "pattern",
    [
        "grab > up-throw > kill", "grab>up-throw>kill", "GRAB > Kill", "  uair >> uair >> kill ", "kill", "^grab",
        "^ grab",
        "uair >> kill$", "kill $", "^grab >> pummel >> up-throw >> uair >> uair >> kill$", "nair|uair > kill",
        "grab|nair >> pummel|uair", "*-throw >> *air", "grab >> * >> up-throw", "up-*", "*", "grab > * > * > kill",
    ],
)  # fmt: skip
def test_patterns_that_hold(found: Search, pattern: str) -> None:
    assert found(PUNISH, pattern) is True


@pytest.mark.parametrize(
    "pattern",
    [
        "up-throw > grab", "grab >> up-throw", "uair > uair > uair", "^pummel", "uair$", "nair", "nair|bair > kill",
        "grab >> * >> uair", "throw*", "move-77", "down-throw", "kill > *", "* >> grab", "^kill$",
    ],
)  # fmt: skip
def test_patterns_that_do_not(found: Search, pattern: str) -> None:
    assert found(PUNISH, pattern) is False


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("up-thro > kill", "no word up-thro: did you mean up-throw?"),
        ("grab > utilt", "no word utilt"),
        ("grab uair", "no word grab uair"),
        ("grab (uair", "no word"),
        ("gr.b", "no word gr.b"),
        ("", "empty"),
        ("  ", "empty"),
        (">", "empty"),
        ("> grab", "missing"),
        ("grab >", "missing"),
        ("grab > > kill", "missing"),
        ("grab >>> kill", "missing"),
        ("grab |> kill", "missing"),
        ("grab | | kill", "missing"),
        ("grab ^ kill", "not first"),
        ("grab $ > kill", "not last"),
    ],
)
def test_a_pattern_that_means_nothing_is_an_error_and_no_empty_answer(
    found: Search, pattern: str, told: str
) -> None:
    with pytest.raises(duckdb.Error, match=re.escape(told)):
        found(PUNISH, pattern)


def test_no_sequence_has_no_answer(found: Search) -> None:
    assert found(None, "grab") is None
    assert found("", "grab") is False


def plain(sequence: str, steps: list[tuple[str, str]], *, first: bool, last: bool) -> bool:
    """The same search by trying every position. A step is how it follows (`>` or `>>`) and its alternatives."""
    words = sequence.split()

    def matches(at: int, step: int) -> bool:
        if not any(fnmatchcase(words[at], one) for one in steps[step][1].split("|")):
            return False
        if step + 1 == len(steps):
            return not last or at == len(words) - 1
        after = range(at + 1, len(words)) if steps[step + 1][0] == ">" else range(at + 1, at + 2)
        return any(matches(later, step + 1) for later in after if later < len(words))

    starts = range(1) if first else range(len(words))
    return any(matches(start, 0) for start in starts if start < len(words))


STEPS = st.lists(
    st.tuples(
        st.sampled_from([">", ">>"]),
        st.lists(st.sampled_from((*WORDS, "*", "*-throw", "*tech*", "u*")), min_size=1, max_size=2).map(
            "|".join
        ),
    ),
    min_size=1,
    max_size=4,
)


@given(
    words=st.lists(st.sampled_from(WORDS), max_size=8),
    steps=STEPS,
    first=st.booleans(),
    last=st.booleans(),
    space=st.sampled_from(["", " "]),
)
@example(words=["tech-in"], steps=[(">", "*tech*")], first=False, last=False, space=" ")
def test_a_search_agrees_with_trying_every_position(
    words: list[str], steps: list[tuple[str, str]], first: bool, last: bool, space: str
) -> None:
    pattern = steps[0][1] + "".join(f"{space}{how}{space}{which}" for how, which in steps[1:])
    pattern = ("^" if first else "") + pattern + ("$" if last else "")
    sequence = " ".join(words)
    [macro] = [macro for macro in MACROS if macro.name == "in_order"]
    with duckdb.connect() as connection:
        connection.execute(f"CREATE MACRO {macro.call} AS {macro.sql}")
        [row] = connection.execute("SELECT in_order(?, ?)", [sequence, pattern]).fetchall()
    assert row[0] is plain(sequence, steps, first=first, last=last)


@pytest.mark.parametrize("word", sorted({*MOVE_NAMES.values(), *SITUATION_WORDS}))
def test_every_word_can_be_searched(found: Search, word: str) -> None:
    assert found(f"grab {word} kill", f"grab > {word}") is True


@pytest.mark.parametrize(
    ("function", "names"),
    [
        ("action_name", ACTION_NAMES),
        ("character_name", EXTERNAL_NAMES),
        ("fighter_name", INTERNAL_NAMES),
        ("stage_name", STAGE_NAMES),
        ("death_direction", DEATH_DIRECTIONS),
    ],
)
def test_names_are_those_of_the_game(
    connection: duckdb.DuckDBPyConnection, function: str, names: dict[int, str]
) -> None:
    rows = connection.execute(f"SELECT range, {function}(range) FROM range(1000)").fetchall()
    assert {number: name for number, name in rows if name is not None} == names
    assert connection.execute(f"SELECT {function}(NULL)").fetchall() == [(None,)]


def test_classes_are_those_of_the_features(connection: duckdb.DuckDBPyConnection) -> None:
    rows = connection.execute("SELECT action_class(range) FROM range(526)").fetchall()
    assert [name for (name,) in rows] == [action_class(state) for state in range(526)]
    rows = connection.execute("SELECT item_kind(range) FROM range(401)").fetchall()
    kinds = [None, *ITEM_KINDS]
    assert [name for (name,) in rows] == [kinds[kind] for kind in KIND_OF_ITEM.tolist()]
    assert connection.execute("SELECT action_class(NULL), item_kind(NULL)").fetchall() == [(None, None)]


def test_every_attack_has_a_name(connection: duckdb.DuckDBPyConnection) -> None:
    rows = connection.execute("SELECT range, move_name(range::UTINYINT) FROM range(256)").fetchall()
    assert [name for _, name in rows] == [move_name(attack) for attack in range(256)]
    assert connection.execute("SELECT move_name(NULL)").fetchall() == [(None,)]


@pytest.mark.parametrize(
    ("frame", "shown"),
    [
        (-123, "8:00"), (-39, "8:00"), (20, "8:00"), (21, "7:59"), (-39 + 61 * 60, "6:59"), (28761, "0:00"),
        (99999, "0:00"), (None, None),
    ],
)  # fmt: skip
def test_the_clock_counts_down(
    connection: duckdb.DuckDBPyConnection, frame: int | None, shown: str | None
) -> None:
    assert connection.execute("SELECT clock(?::INTEGER)", [frame]).fetchall() == [(shown,)]


def test_ratios_of_nothing_are_null(connection: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT per(3, 2), per(3, 0), per(NULL, 2), win_rate_low(0, 0), win_rate_high(0, 0)"
    assert connection.execute(query).fetchall() == [(1.5, None, None, None, None)]


def test_the_interval_of_a_win_rate_is_wilsons(connection: duckdb.DuckDBPyConnection) -> None:
    [row] = connection.execute("SELECT win_rate_low(8, 10), win_rate_high(8, 10)").fetchall()
    assert row == pytest.approx((0.4902, 0.9433), abs=1e-4)  # as textbooks have it
    [row] = connection.execute("SELECT win_rate_low(0, 5), win_rate_high(5, 5)").fetchall()
    assert row == pytest.approx((0.0, 1.0), abs=1e-9)
