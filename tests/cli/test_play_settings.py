"""Settings of `exphil play` that cannot be, told by their flag before anything is loaded."""

import math

import pytest

from exphil.cli.play_settings import check_settings
from exphil.errors import UsageError
from tests.cli.outcome import Run

SOUND = {
    "port": None,
    "opponent_port": None,
    "delay": 0,
    "temperature": 1.0,
    "top_p": 1.0,
    "slippi_port": None,
    "shadow": False,
}


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("port", 5, "--port 5: a console has"),
        ("port", 0, "--port 0: a console has"),
        ("opponent_port", -1, "--opponent-port -1: a console has"),
        ("delay", -1, "--delay -1: give"),
        ("temperature", -0.5, "--temperature -0.5: give 0"),
        ("temperature", math.inf, "--temperature inf: give 0"),
        ("temperature", math.nan, "--temperature nan: give 0"),
        ("top_p", 0.0, "--top-p 0: give"),
        ("top_p", 1.01, "--top-p 1.01: give"),
        ("top_p", math.nan, "--top-p nan: give"),
        ("slippi_port", 65536, "--slippi-port 65536: give"),
        ("slippi_port", 0, "--slippi-port 0: give one from 1 to 65535"),
    ],
)
def test_each_is_told_by_its_flag(name: str, value: float, told: str) -> None:
    with pytest.raises(UsageError) as refused:
        check_settings(**{**SOUND, name: value})  # type: ignore[arg-type]
    assert str(refused.value).startswith(told)


@pytest.mark.parametrize(
    ("name", "value"),
    [("port", 4), ("opponent_port", 1), ("temperature", 0.0), ("top_p", 0.01), ("slippi_port", 65535)],
)
def test_the_ends_of_the_ranges_are_sound(name: str, value: float) -> None:
    check_settings(**{**SOUND, name: value})  # type: ignore[arg-type]


def test_a_server_may_take_any_port_that_is_free() -> None:
    check_settings(**{**SOUND, "slippi_port": 0, "shadow": True})  # type: ignore[arg-type]


def test_they_are_told_before_the_run_is_looked_for(exphil: Run) -> None:
    outcome = exphil("play", "nobody", "--shadow", "none.slp", "--port", "5")
    assert (outcome.code, outcome.err) == (2, "error: --port 5: a console has the ports 1 to 4\n")
