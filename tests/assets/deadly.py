"""Tasks that take their worker process with them."""

import os
import signal
import time
from pathlib import Path

from exphil.assets.frames import Chunk, ChunkResult, read_chunk


def read_or_die(chunk: Chunk) -> ChunkResult:
    """Read a chunk, unless it holds a file named `deadly.slp`: that kills the process, as a parser's crash would."""
    if any(Path(source.path).name == "deadly.slp" for source in chunk.sources):
        os.kill(os.getpid(), signal.SIGKILL)
    return read_chunk(chunk)


def double_or_die(number: int) -> int:
    """Twice the number; 3 dies, 4 hangs, 5 raises."""
    if number == 3:
        os._exit(7)
    if number == 4:
        time.sleep(600)
    if number == 5:
        raise ValueError("five")
    return 2 * number
