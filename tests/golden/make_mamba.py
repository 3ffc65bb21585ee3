"""Writes mamba_block.safetensors from mamba_ssm's own Mamba; README.md beside it tells how to run it.

Tensors: `weight.*` a state_dict; `x` (2, 12, 16) and `weigh`, by which the output is weighed into a scalar;
`y` the output; `grad.x` and `grad.*` of that scalar; `step.y` the output a frame at a time; `conv_state` and
`ssm_state` after the last frame; `scan.*` inputs, output and gradients of selective_scan_ref, with large time
steps among them.
"""

# ruff: noqa: E402
import sys
import types
from pathlib import Path

import torch
from safetensors.torch import save_file

# mamba_ssm imports its CUDA extension at the top, and its reference scan does without.
sys.modules["selective_scan_cuda"] = types.ModuleType("selective_scan_cuda")
from mamba_ssm import __version__
from mamba_ssm.modules import mamba_simple
from mamba_ssm.ops.selective_scan_interface import selective_scan_ref

mamba_simple.selective_scan_fn = selective_scan_ref
mamba_simple.selective_state_update = None
mamba_simple.causal_conv1d_fn = None
mamba_simple.causal_conv1d_update = None


def block() -> dict[str, torch.Tensor]:
    """One layer of width 16, its weights moved off their initial values: forward, gradients, steps."""
    model = mamba_simple.Mamba(d_model=16, d_state=16, d_conv=4, expand=2, use_fast_path=False)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    x = torch.randn(2, 12, 16, requires_grad=True)
    weigh = torch.randn(2, 12, 16)
    y = model(x)
    (y * weigh).sum().backward()
    conv_state, ssm_state = torch.zeros(2, 32, 4), torch.zeros(2, 32, 16)
    steps = []
    with torch.no_grad():
        for t in range(x.shape[1]):
            out, conv_state, ssm_state = model.step(x[:, t : t + 1], conv_state, ssm_state)
            steps.append(out)
    found = {f"weight.{name}": value for name, value in model.state_dict().items()}
    found |= {f"grad.{name}": parameter.grad for name, parameter in model.named_parameters()}
    found |= {"x": x, "weigh": weigh, "y": y, "grad.x": x.grad, "step.y": torch.cat(steps, dim=1)}
    return found | {"conv_state": conv_state, "ssm_state": ssm_state}


def scan() -> dict[str, torch.Tensor]:
    """selective_scan_ref alone, shapes (B, D, L) and (B, N, L), with time steps from 1e-4 to 30."""
    u = torch.randn(2, 8, 20, requires_grad=True)
    delta = torch.exp(torch.empty(2, 8, 20).uniform_(-9.2, 3.4)).requires_grad_()
    A = (-torch.exp(torch.randn(8, 4))).requires_grad_()
    B, C = torch.randn(2, 4, 20, requires_grad=True), torch.randn(2, 4, 20, requires_grad=True)
    weigh = torch.randn(2, 8, 20)
    y = selective_scan_ref(u, delta, A, B, C)
    (y * weigh).sum().backward()
    inputs = {"u": u, "delta": delta, "A": A, "B": B, "C": C}
    found = {f"scan.{name}": value for name, value in inputs.items()} | {"scan.weigh": weigh, "scan.y": y}
    return found | {f"scan.grad.{name}": value.grad for name, value in inputs.items()}


if __name__ == "__main__":
    torch.manual_seed(20240601)
    tensors = {name: value.detach().contiguous().clone() for name, value in (block() | scan()).items()}
    save_file(
        tensors,
        Path(__file__).with_name("mamba_block.safetensors"),
        metadata={"source": f"mamba_ssm {__version__}", "torch": torch.__version__},
    )
