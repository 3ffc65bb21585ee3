"""Ways to draw a backbone's first weights, beside those that its layers come with."""

import math
from typing import Final, Literal, TypeAlias, get_args

import torch
from torch import Tensor, nn

from exphil.backbones.attention import AttentionMixer
from exphil.backbones.base import Backbone, as_mixer
from exphil.backbones.feedforward import FeedForward
from exphil.backbones.mamba import MambaMixer
from exphil.backbones.recurrent import GruMixer, LstmMixer
from exphil.errors import UsageError

Scheme: TypeAlias = Literal["default", "xavier", "scaled"]
SCHEMES: Final[tuple[Scheme, ...]] = get_args(Scheme)


@torch.no_grad()
def initialise(backbone: Backbone, scheme: Scheme) -> None:
    """Set a fresh backbone's weights by one of the schemes.

    default: each layer's own, as it was built.
    xavier: Glorot and Bengio's (2010) variance for each matrix that maps one width to another, orthogonal
        matrices from a recurrent state to itself, no biases; Mamba's time steps and decays stay its own.
    scaled: as built, but a mixer writes to the residual with 1 / sqrt(mixers) of the weight (GPT-2's rule), so
        that the sum over a deep stack starts no larger than over a shallow one. Mamba, whose state adds up
        over a window, starts at 1 / sqrt(2) of that.

    Raises:
        UsageError: an unknown scheme; or `scaled` where no mixer has a layer that writes to the residual.
    """
    if scheme not in SCHEMES:
        raise UsageError(f"no initialisation is called {scheme!r}; known: {', '.join(SCHEMES)}")
    if scheme == "xavier":
        _glorot(backbone.embed.weight)
        _zero(backbone.embed.bias)
        for mixer in backbone.mixers:
            _draw_glorot(mixer)
    elif scheme == "scaled":
        _scale_outputs(backbone)


def _scale_outputs(backbone: Backbone) -> None:
    outputs = [(as_mixer(mixer).kind, as_mixer(mixer).output_layer()) for mixer in backbone.mixers]
    if not any(layer is not None for _, layer in outputs):
        raise UsageError(
            "--init scaled: this backbone's mixers have no layer that writes to the residual;"
            " give default or xavier"
        )
    for kind, layer in outputs:
        if layer is not None:
            layer.weight *= 1 / math.sqrt((2 if kind == "mamba" else 1) * len(outputs))


def _draw_glorot(mixer: nn.Module) -> None:
    match mixer:
        case LstmMixer() | GruMixer():
            weight_input, weight_hidden, *biases = mixer.cell.all_weights[0]
            _glorot(*weight_input.split(mixer.cell.hidden_size))
            for gate in weight_hidden.split(mixer.cell.hidden_size):
                nn.init.orthogonal_(gate)
            _zero(*biases)
        case AttentionMixer():
            _glorot(*mixer.qkv.weight.chunk(3), mixer.out.weight)
        case MambaMixer():
            _glorot(*mixer.in_proj.weight.chunk(2), *mixer.x_proj.weight.split(mixer.sizes))
            _glorot(mixer.out_proj.weight)
        case FeedForward():
            _glorot(mixer.widen.weight, mixer.narrow.weight)
            _zero(mixer.widen.bias, mixer.narrow.bias)


def _glorot(*maps: Tensor) -> None:
    """Each (to, from): one map's own rows, where several lie in one matrix."""
    for weight in maps:
        nn.init.xavier_uniform_(weight)


def _zero(*biases: Tensor) -> None:
    for bias in biases:
        nn.init.zeros_(bias)
