"""What a measurement needs to know of the machine: its name, memory peaks, and who else was busy on it."""

import os
import platform
import sys
from pathlib import Path
from typing import Any

import psutil
import torch


def describe() -> dict[str, Any]:
    """Processor, memory, device and versions."""
    cuda = torch.cuda.is_available()
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "ram_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "gpu": torch.cuda.get_device_name(0) if cuda else None,
        "system": platform.system(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def peak_ram_mb() -> float:
    """Most memory that this process has held at once (resident), mapped files among it; in MB (1e6 bytes)."""
    status = Path("/proc/self/status")
    if status.exists():  # the resource module's figure starts from that of the parent process
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM"):
                return round(int(line.split()[1]) * 1024 / 1e6, 1)
    if sys.platform == "win32":
        return round(psutil.Process().memory_info().peak_wset / 1e6, 1)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak * (1 if sys.platform == "darwin" else 1024) / 1e6, 1)


def peak_vram_mb() -> float | None:
    """Most memory that tensors have held at once on the CUDA device, in MB; None where there is none."""
    return round(torch.cuda.max_memory_allocated() / 1e6, 1) if torch.cuda.is_available() else None


class Company:
    """How much of the machine other programs took since this was made."""

    def __init__(self) -> None:
        self._busy, self._total = _machine_seconds()
        self._own = _own_seconds()

    def share(self) -> float:
        """Of all cores' time, from 0 to 1."""
        busy, total = _machine_seconds()
        others = (busy - self._busy) - (_own_seconds() - self._own)
        return round(min(1.0, max(0.0, others / max(total - self._total, 1e-9))), 3)


def _machine_seconds() -> tuple[float, float]:
    times = psutil.cpu_times()
    # Guests' time is part of user time already.
    total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    return total - times.idle - getattr(times, "iowait", 0.0), total


def _own_seconds() -> float:
    times = os.times()
    return times.user + times.system
