"""A run's folder: its name, its place, its configuration."""

import datetime
from pathlib import Path

import pytest

from exphil.errors import StoreError, UsageError
from exphil.store.store import Store
from exphil.training.config import TrainConfig
from exphil.training.runs import CONFIG, create_run, open_run


def test_unnamed_runs_take_backbone_date_and_the_next_free_number(tmp_path: Path) -> None:
    today = datetime.datetime.now(datetime.UTC).strftime("%Y%m%d")
    config = TrainConfig().with_flags({"backbone": "mlp"})
    names = [create_run(tmp_path / "new" / "models", None, config, {}, {}).name for _ in range(3)]
    assert names == [f"mlp-{today}-{number}" for number in (1, 2, 3)]


def test_a_run_opens_by_name_and_by_folder(tmp_path: Path) -> None:
    config = TrainConfig(epochs=7)
    create_run(tmp_path, "mine", config, {"git": "abc"}, {"train": ["a"]})
    for name in ("mine", str(tmp_path / "mine")):
        run = open_run(tmp_path, name)
        assert run.config == config
        assert run.made_with == {"git": "abc"}
        assert run.folder == tmp_path / "mine"


def test_a_store_is_told_from_a_run(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "storage").root
    with pytest.raises(UsageError, match=r"storage is a feature store, no run"):
        open_run(tmp_path / "models", str(store))


def test_a_misspelt_run_gets_a_hint(tmp_path: Path) -> None:
    create_run(tmp_path, "fox-mamba", TrainConfig(), {}, {})
    with pytest.raises(UsageError, match=r"no run 'fox-manba' in .*did you mean fox-mamba\?"):
        open_run(tmp_path, "fox-manba")
    with pytest.raises(UsageError, match="It has no runs yet"):
        open_run(tmp_path / "none", "any")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b"])
def test_a_name_is_one_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="--run"):
        create_run(tmp_path, name, TrainConfig(), {}, {})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"run": {}, "epohcs": 3}'])
def test_a_damaged_configuration_is_one_line(tmp_path: Path, content: str) -> None:
    run = create_run(tmp_path, "mine", TrainConfig(), {}, {})
    (run.folder / CONFIG).write_text(content)
    with pytest.raises(StoreError, match=r"config\.json"):
        open_run(tmp_path, "mine")
