"""Mamba's training scan beside two plain loops through autograd, forward and backward, by turns in one process.

    python benchmarks/scan.py
    python benchmarks/scan.py --batch-size 256 --threads 1

`precomputed` writes out all decays first and then walks over time, as selective_scan_ref of mamba_ssm does; autograd
then fills a gradient of full size at every frame. `lean` computes each frame's decays inside the loop. Reports the
best time of each, its ratio to ours, and the largest difference in output and gradients, relative to the largest value.
"""

import argparse
import json
import time
from collections.abc import Callable

import torch
from torch import Tensor

from exphil.backbones.mamba import DT_RANGE
from exphil.backbones.selective_scan import reference_scan, selective_scan

Scan = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]


def lean_scan(u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor) -> Tensor:
    """The recurrence, each frame's decays computed in the loop. Shapes as in exphil.backbones.selective_scan."""
    h = u.new_zeros(u.shape[1], *A.shape)
    outputs = []
    for t in range(len(u)):
        h = torch.exp(delta[t].unsqueeze(-1) * A) * h + (delta[t] * u[t]).unsqueeze(-1) * B[t].unsqueeze(-2)
        outputs.append((h * C[t].unsqueeze(-2)).sum(-1))
    return torch.stack(outputs)


def random_inputs(length: int, batch: int, channels: int, state: int) -> tuple[Tensor, ...]:
    """u, delta, A, B, C as a fresh layer has them."""
    u = torch.randn(length, batch, channels)
    low, high = (torch.tensor(bound).log().item() for bound in DT_RANGE)
    delta = torch.empty_like(u).uniform_(low, high).exp()
    A = -torch.arange(1.0, state + 1).repeat(channels, 1)
    return u, delta, A, torch.randn(length, batch, state), torch.randn(length, batch, state)


def timed(scan: Scan, values: tuple[Tensor, ...], weigh: Tensor) -> tuple[float, list[Tensor]]:
    """Seconds of a forward and a backward pass, and what came out of both."""
    leaves = [value.clone().requires_grad_() for value in values]
    start = time.perf_counter()
    y = scan(*leaves)
    y.backward(weigh)
    seconds = time.perf_counter() - start
    return seconds, [y.detach(), *(leaf.grad for leaf in leaves if leaf.grad is not None)]


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
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(0)
    values = random_inputs(given.window_size, given.batch_size, given.channels, given.state_size)
    weigh = torch.randn_like(values[0])
    scans: dict[str, Scan] = {"ours": selective_scan, "lean": lean_scan, "precomputed": reference_scan}
    seconds: dict[str, list[float]] = {name: [] for name in scans}
    found: dict[str, list[Tensor]] = {}
    for _ in range(given.rounds):
        for name, scan in scans.items():
            taken, found[name] = timed(scan, values, weigh)
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
