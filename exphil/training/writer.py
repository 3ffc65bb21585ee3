"""What a run leaves behind as it goes: metrics, weights, checkpoints, card. With ranks, the first alone writes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from exphil.training import checkpoint
from exphil.training.checkpoint import Position, Saved
from exphil.training.layer_norms import LayerWatch
from exphil.training.metrics import MetricsLog
from exphil.training.runs import LAYERS, METRICS, Run
from exphil.training.trackers import Tracker


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes to the folder of a run.

    Attributes:
        data: digest of the selected data, for the checkpoint.
        tracker: gets the figures of the metrics as well.
        finish: called after every validation, with all lines of `metrics.jsonl`: writes card and curve.
        writes: False for every rank but the first: nothing is written.
    """

    run: Run
    data: str
    tracker: Tracker
    finish: Callable[[list[dict[str, Any]]], None]
    writes: bool = True

    def rewind(self, position: Position) -> None:
        """Drop the lines that came after a checkpoint."""
        if self.writes:
            for name in (METRICS, LAYERS):
                MetricsLog(self.run.folder, name).rewind(position.step, validated=position.validated)

    def line(self, line: Mapping[str, Any]) -> None:
        """A line of `metrics.jsonl`."""
        if self.writes:
            MetricsLog(self.run.folder).append(line)
            self.tracker.log(line["step"], line)

    def layers(self, step: int, watch: LayerWatch) -> None:
        """The size of every layer, in `layers.jsonl`."""
        if self.writes:
            self.tracker.log(step, {"kind": "layers", **watch.write(self.run.folder, step)})

    def checkpoint(self, saved: Saved, weights: Mapping[str, Tensor]) -> None:
        """All that resuming needs; and the weights, as long as none have been validated."""
        if not self.writes:
            return
        if saved.record.best is None:
            checkpoint.save_weights(self.run.folder, weights)
        checkpoint.save(self.run.folder, saved, self.data)

    def validated(self, saved: Saved, weights: Mapping[str, Tensor]) -> None:
        """What a validation leaves: card, curve, the weights if they are the best so far, then the checkpoint.

        The checkpoint comes last: were anything before it to fail, resuming would validate and write it again.
        """
        if not self.writes:
            return
        folder, step = self.run.folder, saved.position.step
        self.finish(MetricsLog(folder).lines())
        if saved.record.is_best(step):
            checkpoint.save_weights(folder, weights)
        if self.run.config.keep > 1:
            checkpoint.keep_weights(folder, weights, step, self.run.config.keep)
        checkpoint.save(folder, saved, self.data)
