"""Mamba's training scan beside mamba.py's parallel scan and two plain loops through autograd, forward and backward.

    python benchmarks/scan.py
    python benchmarks/scan.py --batch-size 256 --threads 1

By turns in one process. `precomputed` writes out all decays first and then walks over time, as selective_scan_ref of
mamba_ssm does; autograd then fills a gradient of full size at every frame. `lean` computes each frame's decays inside
the loop. `mamba.py` is the Blelloch scan of `pip install mambapy`, left out where that is not installed; its inputs
lie batch first, as it wants them. Reports the best time of each, its ratio to ours, and the largest difference in
output and gradients, relative to the largest value.

With `--device cuda`, `ours` is what training would run there: mamba_ssm's kernel where that is installed.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

import torch
from torch import Tensor

from exphil.backbones.mamba import DT_RANGE
from exphil.backbones.selective_scan import reference_scan, selective_scan

Scan = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Contender:
    """A scan, and whether its sequences lie batch first rather than time first."""

    scan: Scan
    batch_first: bool = False


def lean_scan(u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor) -> Tensor:
    """The recurrence, each frame's decays computed in the loop. Shapes as in exphil.backbones.selective_scan."""
    h = u.new_zeros(u.shape[1], *A.shape)
    outputs = []
    for t in range(len(u)):
        h = torch.exp(delta[t].unsqueeze(-1) * A) * h + (delta[t] * u[t]).unsqueeze(-1) * B[t].unsqueeze(-2)
        outputs.append((h * C[t].unsqueeze(-2)).sum(-1))
    return torch.stack(outputs)


def parallel_scan(u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor) -> Tensor:
    """mamba.py's way, as its `selective_scan` has it without the skip: u, delta (B, L, D); B, C (B, L, N)."""
    from mambapy.pscan import pscan

    decay = torch.exp(delta.unsqueeze(-1) * A)
    drive = delta.unsqueeze(-1) * B.unsqueeze(2) * u.unsqueeze(-1)
    found: Tensor = (pscan(decay, drive) @ C.unsqueeze(-1)).squeeze(3)
    return found


def contenders() -> dict[str, Contender]:
    """Ours first, then the others that this machine has."""
    found = {"ours": Contender(selective_scan)}
    if find_spec("mambapy") is not None:
        found["mamba.py"] = Contender(parallel_scan, batch_first=True)
    return {**found, "lean": Contender(lean_scan), "precomputed": Contender(reference_scan)}


def random_inputs(length: int, batch: int, channels: int, state: int, device: str) -> tuple[Tensor, ...]:
    """u, delta, A, B, C as a fresh layer has them, time first."""
    u = torch.randn(length, batch, channels)
    low, high = (torch.tensor(bound).log().item() for bound in DT_RANGE)
    delta = torch.empty_like(u).uniform_(low, high).exp()
    A = -torch.arange(1.0, state + 1).repeat(channels, 1)
    B, C = torch.randn(length, batch, state), torch.randn(length, batch, state)
    return tuple(value.to(device) for value in (u, delta, A, B, C))


def timed(contender: Contender, values: tuple[Tensor, ...], weigh: Tensor) -> tuple[float, list[Tensor]]:
    """Seconds of a forward and a backward pass, and what came out of both, time first."""
    placed = [swapped(value) if contender.batch_first else value.clone() for value in values]
    leaves = [value.requires_grad_() for value in placed]
    weight = swapped(weigh) if contender.batch_first else weigh
    synchronise(weigh)
    start = time.perf_counter()
    y = contender.scan(*leaves)
    y.backward(weight)
    synchronise(weigh)
    seconds = time.perf_counter() - start
    found = [y.detach(), *(leaf.grad for leaf in leaves if leaf.grad is not None)]
    return seconds, [swapped(value) for value in found] if contender.batch_first else found


def swapped(value: Tensor) -> Tensor:
    """A copy of a sequence with time and batch exchanged; of A, which has neither, as it is."""
    return (value.transpose(0, 1) if value.dim() == 3 else value).clone(memory_format=torch.contiguous_format)


def synchronise(value: Tensor) -> None:
    """Wait for the device that holds `value`."""
    if value.is_cuda:
        torch.cuda.synchronize(value.device)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--window-size", type=int, default=60)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--channels", type=int, default=512)
    parser.add_argument("--state-size", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(0)
    shape = (given.window_size, given.batch_size, given.channels, given.state_size)
    values = random_inputs(*shape, given.device)
    weigh = torch.randn_like(values[0])
    scans = contenders()
    seconds: dict[str, list[float]] = {name: [] for name in scans}
    found: dict[str, list[Tensor]] = {}
    for _ in range(given.rounds):
        for name, contender in scans.items():
            taken, found[name] = timed(contender, values, weigh)
            seconds[name].append(taken)
    best = {name: min(taken) for name, taken in seconds.items()}
    report = {
        name: {
            "milliseconds": round(1000 * best[name], 1),
            "times_ours": round(best[name] / best["ours"], 2),
            "difference": max(
                ((a - b).abs().max() / b.abs().max()).item()
                for a, b in zip(found[name], found["ours"], strict=True)
            ),
        }
        for name in scans
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
