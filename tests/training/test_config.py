"""Options: checked with the flag's name, saved and read back, what is typed wins."""

import json
import re
from dataclasses import Field, fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exphil.backbones.config import CONFIGS, JambaConfig, MlpConfig
from exphil.errors import UsageError
from exphil.policy.config import PolicyConfig
from exphil.policy.objective import Objective
from exphil.training.config import TrainConfig
from exphil.training.config_layers import configure, load_config
from exphil.training.config_names import BACKBONE_OPTIONS, carried
from exphil.training.options import choices
from exphil.training.presets import find_preset

REPOSITORY: Final = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window_size": 0}, "--window-size 0 must be at least 1"),
        ({"batch_size": -3}, "--batch-size -3 must be at least 1"),
        ({"epochs": 0}, "--epochs 0 must be at least 1"),
        ({"max_steps": 0}, "--max-steps 0"),
        ({"learning_rate": 0.0}, "--learning-rate 0.0 must be above 0"),
        ({"learning_rate": float("nan")}, "--learning-rate nan must be above 0"),
        ({"learning_rate": float("inf")}, "--learning-rate inf"),
        ({"weight_decay": -0.1}, "--weight-decay -0.1"),
        ({"max_grad_norm": 0}, "--max-grad-norm 0"),
        ({"warmup_steps": -1}, "--warmup-steps -1"),
        ({"context": 60}, "--context 60 must be below --window-size"),
        ({"supervise": "first"}, "--supervise first"),
        ({"windows_per_epoch": 5}, "--windows-per-epoch needs --supervise last"),
        ({"threads": 0}, "--threads 0"),
        ({"checkpoint_minutes": 0}, "--checkpoint-minutes 0"),
        ({"seed": -1}, "--seed -1"),
        ({"mirror": 1.5}, "--mirror 1.5 must be at most 1"),
        ({"ema_decay": 1.0}, "--ema-decay 1.0 must be below 1"),
        ({"label_smoothing": 1.0}, "--label-smoothing 1.0"),
        ({"button_weight": 0}, "--button-weight 0"),
        ({"patience": 0}, "--patience 0 must be at least 1"),
        ({"compile": "yes"}, "compile must be of type bool, not 'yes'"),
        ({"seed": None}, "seed must be of type int, not None"),
        ({"split": "80/20"}, "--split 80/20: give three shares"),
        ({"split": "80/10/20"}, "--split 80/10/20: the three shares must make 100"),
        ({"split": "a/b/c"}, "--split a/b/c"),
        ({"split": "100/0/0"}, "--split 100/0/0: training and validation need a share"),
        ({"split": "110/-5/-5"}, "--split 110/-5/-5"),
    ],
)
def test_what_is_out_of_range_names_its_flag(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        TrainConfig(**options)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_choices_are_named_and_the_nearest_is_guessed() -> None:
    with pytest.raises(UsageError) as caught:
        TrainConfig(schedule="cosin_restarts")  # type: ignore[arg-type]
    assert str(caught.value).startswith("--schedule cosin_restarts: did you mean cosine_restarts?")


def test_saved_options_read_back_the_same(tmp_path: Path) -> None:
    config = TrainConfig(where="character = 'FOX'", max_steps=7, split="70/20/10").with_flags(
        {"backbone": "mlp", "hidden_size": 48, "expand_factor": 3, "head_units": 9, "delay": 2}
    )
    path = tmp_path / "config.json"
    path.write_text(json.dumps({**config.to_dict(), "run": {"git": "abc"}}))
    assert load_config(path) == config
    assert config.policy.backbone.hidden_size == 48
    assert (config.policy.head_units, config.delay) == (9, 2)


def _values(name: str, item: Field[Any]) -> st.SearchStrategy[Any]:
    """Values that an option takes, its default among them."""
    if choices(item.type):
        return st.sampled_from(choices(item.type))
    if item.type is bool:
        return st.booleans()
    if name in ("where", "windows", "character", "stage"):
        return st.none() | st.text()
    shares = {"split": "70/20/10", "device": "cpu"}
    limits = item.metadata
    least = limits["at_least"] if limits["at_least"] is not None else 0.1
    most = limits["below"] - 0.01 if limits["below"] is not None else limits["at_most"] or 1000
    if item.type in (str,):
        return st.just(shares[name])
    if item.type in (int, int | None):
        return st.integers(int(least), 1000)
    return st.floats(least, most)


@given(st.data())
def test_whatever_is_set_survives_the_file(data: st.DataObject) -> None:
    plain = {item.name: item for item in fields(TrainConfig) if item.name != "policy"}
    names = data.draw(st.sets(st.sampled_from(sorted(plain))))
    options = {name: data.draw(_values(name, plain[name]), label=name) for name in sorted(names)}
    options.update(context=0)
    if options.get("windows_per_epoch") is not None:
        options["supervise"] = "last"
    if "focal_gamma" in options or "label_smoothing" in options:
        options.update(focal_gamma=0.5, label_smoothing=0.25, button_weight=2.0)
    options.pop("button_weight", None)
    if options.get("where") is not None:
        options.pop("windows", None)
    backbone = data.draw(st.sampled_from(sorted(CONFIGS)))
    config = TrainConfig(policy=PolicyConfig(backbone=CONFIGS[backbone]()), **options)
    saved = json.loads(json.dumps(config.to_dict()))
    assert TrainConfig.from_dict(saved) == config
    assert TrainConfig.from_flat(config.flat()) == config


def test_a_file_may_name_options_as_the_flags_do(tmp_path: Path) -> None:
    path = tmp_path / "options.json"
    path.write_text(json.dumps({"backbone": "jamba", "attention_every": 2, "delay": 3, "epochs": 9}))
    config = load_config(path)
    assert config.policy.backbone == JambaConfig(attention_every=2)
    assert (config.delay, config.epochs) == (3, 9)


def test_typed_flags_outweigh_the_file_which_outweighs_the_preset(tmp_path: Path) -> None:
    path = tmp_path / "options.json"
    path.write_text(json.dumps({"epochs": 9, "batch_size": 17}))
    preset = find_preset("gpu_mlp_quick").options
    assert {"epochs", "batch_size", "hidden_size"} <= set(preset)
    config = configure({"epochs": 2}, preset="gpu_mlp_quick", file=path)
    assert (config.epochs, config.batch_size) == (2, 17)
    assert config.policy.backbone.hidden_size == preset["hidden_size"]
    assert config.seed == TrainConfig().seed


@given(st.data())
def test_of_the_layers_that_set_an_option_the_highest_wins(data: st.DataObject) -> None:
    names = ("epochs", "batch_size", "warmup_steps", "hidden_size", "head_units", "num_layers")
    layer = st.dictionaries(st.sampled_from(names), st.integers(6, 99))
    backbone = data.draw(st.sampled_from(sorted(CONFIGS)))
    preset = data.draw(st.sampled_from(["cpu_quick", "production", backbone]))
    saved, typed = data.draw(layer), {**data.draw(layer), "backbone": backbone}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "options.json"
        path.write_text(json.dumps(saved))
        config = configure(typed, preset=preset, file=path).flat()
    own = find_preset(backbone).options
    for name in names:
        below = carried(find_preset(preset).options, backbone)
        layers = (typed, saved, below, own, TrainConfig().with_flags({"backbone": backbone}).flat())
        assert config[name] == next(layer[name] for layer in layers if name in layer), name


def test_another_backbone_keeps_width_and_takes_its_own_depth() -> None:
    config = TrainConfig().with_flags({"backbone": "mamba", "hidden_size": 48, "state_size": 32})
    same = config.with_flags({"num_layers": 1})
    assert (same.policy.backbone.hidden_size, same.policy.backbone.num_layers) == (48, 1)
    assert same.flat()["state_size"] == 32
    other = config.with_flags({"backbone": "mlp"})
    assert other.policy.backbone == MlpConfig(hidden_size=48)
    assert same.with_flags({"backbone": "jamba"}).policy.backbone == JambaConfig(hidden_size=48)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"epohcs": 3}', "unknown training option 'epohcs'; did you mean epochs?"),
        ('{"epochs": "3"}', "epochs must be of type int, not '3'"),
        ('{"epochs": true}', "epochs must be of type int"),
        ('{"epochs": 0}', "--epochs 0 must be at least 1"),
        ('{"where": 5}', "where must be of type"),
        ('{"policy": {"backbone": {"name": "mmaba"}}}', "did you mean mamba?"),
        ("[1]", "holds no options"),
        ("{", "cannot be read as JSON"),
    ],
)
def test_a_bad_file_is_named_with_what_is_wrong(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "options.json"
    path.write_text(content)
    with pytest.raises(UsageError) as caught:
        load_config(path)
    assert str(caught.value).startswith(f"--config {path}: ")
    assert message in str(caught.value)


NAMES: Final = (
    "policy",
    "backbone",
    "name",
    "heads",
    "delay",
    "epochs",
    "hidden_size",
    "num_heads",
    "run",
    "x",
)
VALUES: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["gru", "jamba"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner),
    max_leaves=8,
)


def _read(path: Path) -> TrainConfig | str:
    try:
        return load_config(path)
    except UsageError as error:
        return str(error)


@given(st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_any_json_is_a_configuration_or_one_clear_line(content: dict[str, Any]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "options.json"
        path.write_text(json.dumps(content))
        found = _read(path)
        if isinstance(found, str):
            assert found.startswith(f"--config {path}: ")
        else:
            assert TrainConfig.from_dict(found.to_dict()) == found


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--config .*no such file"):
        load_config(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"backbone": "mmaba"}, "no backbone is called 'mmaba'; did you mean mamba?"),
        ({"statesize": 3}, "unknown training option 'statesize'; did you mean state_size"),
        ({"policy": {}}, "unknown training option 'policy'"),
        ({"state_size": "many"}, "mamba: state_size must be a whole number"),
        ({"hidden_size": 0}, "mamba: hidden_size must be a whole number of at least 1"),
        ({"dropout": 1.0}, "mamba: dropout must be at least 0 and below 1"),
        ({"delay": -1}, "policy: delay must be a whole number of at least 0"),
        (
            {"backbone": "gru", "num_heads": 2},
            "--num-heads 2: backbone gru has no option 'num_heads'; attention, sliding_window, jamba have it",
        ),
        ({"attention_every": 2}, "--attention-every 2: backbone mamba has no option"),
        ({"restart_steps": 5}, "--restart-steps 5 does nothing without --schedule cosine_restarts"),
        ({"min_delta": 0.1}, "--min-delta 0.1 does nothing without --patience"),
        ({"noise_scale": 0.1}, "--noise-scale 0.1 does nothing without --noise"),
        ({"backbone": "gru", "mamba_learning_rate": 1e-4}, "--mamba-learning-rate 0.0001 does nothing"),
        ({"attention_learning_rate": 1e-4}, "--attention-learning-rate 0.0001 does nothing"),
    ],
)
def test_bad_flags_say_what_is_wrong(flags: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        configure(flags)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "flags",
    [
        {"restart_steps": 5, "schedule": "cosine_restarts"},
        {"min_delta": 0.1, "patience": 2},
        {"noise_scale": 0.1, "noise": 0.5},
        {"backbone": "jamba", "mamba_learning_rate": 1e-4, "attention_learning_rate": 1e-5},
    ],
)
def test_options_that_need_another_are_taken_with_it(flags: dict[str, Any]) -> None:
    found = configure(flags).flat()
    assert {name: found[name] for name in flags} == flags


def test_a_mistake_in_the_file_is_put_down_to_the_file_and_a_typed_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "options.json"
    path.write_text(json.dumps({"backbone": "jamba", "num_layers": 2}))
    with pytest.raises(UsageError, match=r"^--config .*num_layers 2 is below attention_every 3"):
        configure({"hidden_size": 8}, file=path)
    path.write_text(json.dumps({"backbone": "jamba"}))
    with pytest.raises(UsageError, match=r"^jamba: num_layers 2 is below"):
        configure({"num_layers": 2}, file=path)


def test_no_two_owners_share_the_name_of_an_option() -> None:
    training = {item.name for item in fields(TrainConfig)} - {"policy"}
    policy = {item.name for item in fields(PolicyConfig)} - {"backbone"}
    assert not training & policy
    assert not (training | policy) & set(BACKBONE_OPTIONS)


READ_AS: Final = {item: f"objective.{item}" for item in Objective.__dataclass_fields__}
"""Options that go on under another name."""


@pytest.mark.parametrize(
    "name", [*(item.name for item in (*fields(TrainConfig), *fields(PolicyConfig))), *BACKBONE_OPTIONS]
)
def test_every_option_is_read_by_what_it_configures(name: str) -> None:
    """A flag that is parsed and read by nothing would be a promise not kept."""
    describing = [
        REPOSITORY / "exphil" / "training" / file
        for file in ("config.py", "config_layers.py", "config_names.py", "options.py", "presets.py")
    ]
    readers = [
        path
        for path in (REPOSITORY / "exphil").rglob("*.py")
        if path not in describing and path.parts[-2] not in ("cli", "benchmark")
    ]
    owner = "(config|self)" if name in BACKBONE_OPTIONS else "config"
    pattern = re.compile(rf"\b{READ_AS.get(name, rf'{owner}.{name}')}\b".replace(".", r"\."))
    text = "\n".join(path.read_text(encoding="utf-8") for path in readers)
    assert pattern.search(text), f"nothing reads {name}"


def test_the_options_of_the_loss_go_on_together() -> None:
    config = TrainConfig(label_smoothing=0.1, focal_gamma=2.0, button_weight=3.0)
    assert config.objective == Objective(label_smoothing=0.1, focal_gamma=2.0, button_weight=3.0)
    assert TrainConfig().objective.is_plain
