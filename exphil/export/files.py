"""A run's exported files: where they lie, whether they are of its weights, and opened to be stepped.

Neither this nor what it imports needs torch: a policy that was exported is played without.
"""

import hashlib
from typing import Final

from exphil.errors import StoreError
from exphil.export.metadata import FP32, INT8
from exphil.export.session import OnnxEngine
from exphil.training.runs import ONNX, ONNX_INT8, WEIGHTS, Run

FILES: Final = {FP32: ONNX, INT8: ONNX_INT8}
"""Names in the run's folder, by precision."""


def weights_digest(run: Run) -> str:
    """16 hex digits of the run's weights: a file of other weights is stale."""
    return hashlib.blake2b((run.folder / WEIGHTS).read_bytes(), digest_size=8).hexdigest()


def load_engine(run: Run, precision: str = FP32, *, threads: int = 1) -> OnnxEngine:
    """The exported policy of a run, to be stepped.

    Raises:
        StoreError: it has not been exported, or has learnt since.
        FingerprintError: it reads rows of another feature table.
    """
    path = run.folder / FILES[precision]
    flag = "--int8" if precision == INT8 else "--onnx"
    if not path.is_file():
        raise StoreError(f"{run.folder} has no {path.name}: write it with `exphil export {run.name} {flag}`")
    engine = OnnxEngine(path, threads=threads)
    if engine.exported.weights != weights_digest(run):
        raise StoreError(
            f"{path} was made from other weights than the run now has; run `exphil export {run.name} {flag}` again"
        )
    return engine
