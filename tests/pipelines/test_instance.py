"""The instance: where it lies, what it makes, and that `dagster dev` finds the same one."""

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.instance.ref import InstanceRef

from exphil.errors import StoreError, UsageError
from pipelines.instance import CONFIG_FILE, DATABASES, default_config, open_instance

REPOSITORY = Path(__file__).resolve().parents[2]


def _new_run(instance: dg.DagsterInstance) -> str:
    return instance.create_run_for_job(_job).run_id


@dg.job
def _job() -> None: ...


def test_the_package_carries_the_repository_s_configuration() -> None:
    assert (REPOSITORY / CONFIG_FILE).read_bytes() == default_config()


def test_an_empty_folder_gets_an_instance(workplace: Path) -> None:
    with open_instance() as instance:
        assert not instance.telemetry_enabled
        run_id = _new_run(instance)
    assert sorted(path.name for path in workplace.iterdir()) == [".dagster", CONFIG_FILE]
    assert all((workplace / ".dagster" / name).exists() for name in DATABASES)
    with open_instance() as again:
        assert again.has_run(run_id)


def test_dagster_dev_opens_the_same_instance(
    workplace: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with open_instance() as instance:
        run_id = _new_run(instance)
    # What `dagster dev` does without DAGSTER_HOME: a home that is thrown away, and the configuration of this folder.
    temporary = tmp_path_factory.mktemp("home")
    with dg.DagsterInstance.from_ref(
        InstanceRef.from_dir(str(temporary), config_dir=str(workplace))
    ) as theirs:
        assert theirs.has_run(run_id)
        other = _new_run(theirs)
        assert not theirs.telemetry_enabled
    with open_instance() as instance:
        assert instance.has_run(other)
    assert not list(temporary.iterdir())


def test_dagster_home_is_obeyed(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = workplace / "home"
    home.mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with open_instance() as instance:
        run_id = _new_run(instance)
        assert not instance.telemetry_enabled
    assert not (workplace / ".dagster").exists()
    with dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(home))) as theirs:
        assert theirs.has_run(run_id)


def test_dagster_home_may_come_from_a_dotenv_file(workplace: Path) -> None:
    (workplace / "elsewhere").mkdir()
    (workplace / ".env").write_text(f"DAGSTER_HOME={(workplace / 'elsewhere').as_posix()}\n")
    with open_instance() as instance:
        _new_run(instance)
    assert (workplace / "elsewhere" / "history").is_dir()
    assert not (workplace / ".dagster").exists()


@pytest.mark.parametrize(("home", "message"), [("here", "absolute"), ("/no/such/folder", "no such folder")])
def test_a_home_that_cannot_be_is_explained(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, home: str, message: str
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", home)
    with pytest.raises(UsageError, match=message), open_instance():
        pass


def test_a_configuration_of_one_s_own_is_kept(workplace: Path) -> None:
    (workplace / CONFIG_FILE).write_text(
        "storage:\n  sqlite:\n    base_dir: other\ntelemetry:\n  enabled: false\n"
    )
    with open_instance() as instance:
        _new_run(instance)
    assert (workplace / "other" / "history" / "runs.db").exists()


@pytest.mark.skipif(
    os.name == "nt" or os.geteuid() == 0, reason="root and Windows write to read-only folders"
)
def test_a_read_only_folder_is_explained(workplace: Path) -> None:
    workplace.chmod(0o500)
    try:
        with pytest.raises(StoreError, match="cannot be kept in"), open_instance():
            pass
    finally:
        workplace.chmod(0o700)


def test_a_file_in_the_way_is_explained(workplace: Path) -> None:
    (workplace / ".dagster").write_text("")
    with pytest.raises(StoreError, match="is a file"), open_instance():
        pass


def test_a_disk_that_is_full_is_explained(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)
    (workplace / CONFIG_FILE).write_bytes(default_config())
    with pytest.raises(StoreError, match=r"No space left.*DAGSTER_HOME"), open_instance():
        pass


def test_processes_that_come_first_at_once_agree(workplace: Path) -> None:
    code = (
        "from pipelines.instance import open_instance\n"
        "with open_instance() as i: i.add_dynamic_partitions('batches', [str(__import__('os').getpid())])\n"
    )
    both = [
        subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(REPOSITORY)})
        for _ in range(2)
    ]
    assert [process.wait(120) for process in both] == [0, 0]
    with open_instance() as instance:
        known = instance.get_dynamic_partitions("batches")
    assert sorted(known) == sorted(str(process.pid) for process in both)
    assert sorted(path.name for path in workplace.iterdir()) == [".dagster", CONFIG_FILE]
