"""A way to run a command in this process."""

from pathlib import Path

import pytest

from exphil.cli.app import run
from tests.cli.outcome import Outcome, Run


@pytest.fixture(autouse=True)
def elsewhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands are run from an empty folder: what they leave in the current one stays out of the checkout."""
    folder = tmp_path_factory.mktemp("here")
    monkeypatch.chdir(folder)


@pytest.fixture
def exphil(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `exphil WORDS...` in this process."""

    def call(*words: str | Path) -> Outcome:
        capsys.readouterr()
        code = run([str(word) for word in words])
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return call
