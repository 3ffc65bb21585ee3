"""A configuration from its layers: defaults, then a preset, then a file, then what was typed."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from exphil.backbones.config import config_class
from exphil.errors import UsageError
from exphil.training.config import TrainConfig
from exphil.training.config_names import backbone_options, carried, flatten
from exphil.training.options import flag_of
from exphil.training.presets import find_preset

IDLE_UNLESS: Final[Mapping[str, tuple[Callable[[TrainConfig], bool], str]]] = {
    "restart_steps": (lambda config: config.schedule == "cosine_restarts", "--schedule cosine_restarts"),
    "restart_factor": (lambda config: config.schedule == "cosine_restarts", "--schedule cosine_restarts"),
    "min_delta": (lambda config: config.patience is not None, "--patience"),
    "noise_scale": (lambda config: config.noise > 0, "--noise"),
    "attention_learning_rate": (
        lambda config: _has(config, "num_heads"),
        "a backbone with attention: attention, sliding_window or jamba",
    ),
    "mamba_learning_rate": (
        lambda config: _has(config, "state_size"),
        "a backbone with Mamba layers: mamba or jamba",
    ),
}
"""Options that nothing reads unless another is set: typing one without the other is a mistake."""


def configure(
    typed: Mapping[str, Any] | None = None, *, preset: str | None = None, file: Path | None = None
) -> TrainConfig:
    """Defaults, under the backbone's own preset, under `preset`, under `file`, under `typed`.

    Args:
        typed: options by their flags' names, as `{"backbone": "gru", "num_layers": 3}`.
        preset: name of a preset; see `exphil.training.presets`.
        file: JSON with options, nested as in a run's config.json or by their flags' names.

    Raises:
        UsageError: an unknown name, an option that the backbone lacks or that nothing would read, a value that
            does not fit.
    """
    flags = dict(typed or {})
    saved = {} if file is None else read_file(file)
    chosen = {} if preset is None else find_preset(preset).options
    if file is not None:
        _check_file(chosen, saved, file)
    config = _overlaid(chosen, saved, flags)
    for name, (read, needs) in IDLE_UNLESS.items():
        if name in flags and not read(config):
            raise UsageError(f"{flag_of(name)} {flags[name]} does nothing without {needs}")
    return config


def load_config(path: Path) -> TrainConfig:
    """The configuration of a JSON file, `config.json` of a run among them, over its backbone's preset.

    Raises:
        UsageError: no such file, no JSON, or no training configuration.
    """
    return configure(file=path)


def read_file(path: Path) -> dict[str, Any]:
    """The options that a file gives, by their flags' names.

    Raises:
        UsageError: no such file, no JSON, or no options.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"--config {path}: no such file") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"--config {path}: cannot be read as JSON ({error})") from error
    if not isinstance(content, dict):
        raise UsageError(f"--config {path}: holds no options")
    content.pop("run", None)
    try:
        return flatten(content)
    except UsageError as error:
        raise UsageError(f"--config {path}: {error}") from None


def _overlaid(*layers: Mapping[str, Any]) -> TrainConfig:
    """The layers over the preset of the backbone that the last of them names.

    A layer that names another backbone gives only what holds for any.
    """
    named = [layer["backbone"] for layer in layers if "backbone" in layer]
    backbone = named[-1] if named else TrainConfig().policy.backbone.name
    options: dict[str, Any] = dict(find_preset(config_class(backbone).name).options)
    for layer in layers:
        for chosen, other in (("where", "windows"), ("windows", "where")):
            if layer.get(chosen) is not None:
                options.pop(other, None)
        options.update(carried(layer, backbone))
    return TrainConfig.from_flat({**options, "backbone": backbone})


def _check_file(chosen: Mapping[str, Any], saved: Mapping[str, Any], path: Path) -> None:
    """Put a mistake in the file down to the file, before flags that may hide or cause others come over it."""
    try:
        _overlaid(chosen, saved)
    except UsageError as error:
        raise UsageError(f"--config {path}: {error}") from None


def _has(config: TrainConfig, name: str) -> bool:
    return name in backbone_options(config.policy.backbone.name)
