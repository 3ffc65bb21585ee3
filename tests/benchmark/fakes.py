"""`python -m tests.benchmark.fakes`: a worker that ends as the backbone's name of the job tells it to."""

import json
import os
import signal
import sys
import time
from pathlib import Path

from exphil.benchmark.jobs import Job
from exphil.benchmark.progress import Progress
from exphil.benchmark.results import write_result
from tests.benchmark.results import made

SAYS_NOTHING, CRASHES, IS_KILLED, WORKS = "mlp", "lstm", "gru", "attention"


def main() -> int:
    request = json.loads(sys.stdin.readline())
    job = Job.from_dict(request["job"])
    if job.backbone == SAYS_NOTHING:
        time.sleep(60)
    progress = Progress(lambda line: print(line, flush=True))
    progress.begin(0, 2)
    progress.note("a remark")
    if job.backbone == CRASHES:
        raise RuntimeError("out of luck")
    if job.backbone == IS_KILLED:
        os.kill(os.getpid(), signal.SIGKILL)
    progress.step(2, "fine")
    write_result(
        Path(request["folder"]), job, made(job.stage, job.backbone, job.number, batches_per_second=1.0)
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
