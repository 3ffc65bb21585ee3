"""The code location: what it defines, and how the graph hangs together."""

import re
from pathlib import Path

import dagster as dg

from exphil.assets.checks import CHECKS
from exphil.training.config import TrainConfig
from exphil.training.config_layers import configure
from pipelines.definitions import defs
from pipelines.policy import PolicyOptions

GRAPH = {
    "replays": set(),
    "frames": {"replays"},
    "embeddings": {"frames"},
    "windows": {"replays", "stats"},
    "packs": {"embeddings", "windows"},
    "stats": {"frames"},
    "policy": {"packs"},
}


def test_the_graph() -> None:
    graph = defs.resolve_asset_graph()
    found = {
        key.to_user_string(): {parent.to_user_string() for parent in graph.get(key).parent_keys}
        for key in graph.get_all_asset_keys()
    }
    assert found == GRAPH


def test_every_asset_says_what_it_is() -> None:
    for spec in defs.resolve_all_asset_specs():
        assert spec.description, spec.key
        assert spec.kinds, spec.key
        assert spec.group_name == "exphil"


def test_batches_partition_the_store_but_not_the_policy() -> None:
    specs = {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}
    for name in GRAPH:
        partitions = specs[name].partitions_def
        assert (partitions is None) == (name == "policy")
        assert partitions is None or getattr(partitions, "name", None) == "batches"


def test_every_check_is_an_asset_check() -> None:
    graph = defs.resolve_asset_graph()
    found = {(key.asset_key.to_user_string(), key.name) for key in graph.asset_check_keys}
    assert found == {(check.asset, check.name) for check in CHECKS}
    assert {check.asset for check in CHECKS} == set(GRAPH) - {"policy"}


def test_reading_new_replays_by_itself_has_to_be_switched_on() -> None:
    status = {sensor.name: sensor.default_status for sensor in defs.sensors or []}
    assert status == {
        "new_replays": dg.DefaultSensorStatus.STOPPED,
        "upkeep": dg.DefaultSensorStatus.RUNNING,
    }


def test_the_job_builds_the_whole_store() -> None:
    job = defs.resolve_job_def("build")
    names = {key.to_user_string() for key in job.asset_layer.executable_asset_keys}
    assert names == set(GRAPH) - {"policy"}


def test_the_launchpad_offers_the_trainer_s_own_defaults() -> None:
    assert PolicyOptions().train_config() == TrainConfig()
    chosen = PolicyOptions(backbone="mlp", window_size=30, epochs=1, hidden_size=32).train_config()
    assert (chosen.window_size, chosen.epochs) == (30, 1)
    assert (chosen.policy.backbone.name, chosen.policy.backbone.hidden_size) == ("mlp", 32)


def test_the_launchpad_takes_presets_as_the_command_does() -> None:
    assert PolicyOptions(backbone="jamba").train_config() == configure({"backbone": "jamba"})
    chosen = PolicyOptions(preset="mewtwo", batch_size=32).train_config()
    assert chosen == configure({"batch_size": 32}, preset="mewtwo")


def test_the_page_names_every_check_and_sensor() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "pipelines.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\w, ]+?) \| (\w+) \|", page, re.MULTILINE)
    listed = {(asset, name) for assets, name in rows for asset in assets.split(", ") if asset in GRAPH}
    assert listed == {(check.asset, check.name) for check in CHECKS}
    for sensor in defs.sensors or []:
        status = "running" if sensor.default_status == dg.DefaultSensorStatus.RUNNING else "stopped"
        assert f"| `{sensor.name}` | {status} |" in page
