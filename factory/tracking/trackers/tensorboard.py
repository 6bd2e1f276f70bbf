"""CHILD: The TensorBoard tracker: event files in each run's folder, shown by ``tensorboard --logdir outputs``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tensorboardX import SummaryWriter
from tensorboardX.proto.plugin_hparams_pb2 import HParamsPluginData
from tensorboardX.summary import hparams

from factory.core.markdown import code, table, words
from factory.tracking.tracker import Closing, Ending, Opening

FOLDER = "tensorboard"
SUCCESS, FAILURE = 1, 2  # https://github.com/tensorflow/tensorboard/blob/2.21.0/tensorboard/plugins/hparams/api.proto
STATUS: Mapping[Ending, int] = {"finished": SUCCESS, "failed": FAILURE, "killed": FAILURE}


def connect() -> TensorBoard:
    """Return a tracker that writes event files."""
    return TensorBoard()


class TensorBoard:
    """The event files of all runs; jobs of a sweep are nested as their folders are."""

    place = FOLDER
    look = "tensorboard --logdir outputs"

    def __init__(self) -> None:
        self.writers: dict[str, SummaryWriter] = {}
        self.params: dict[str, Mapping[str, Any]] = {}
        self.steps: dict[str, int] = {}

    def begin(self, opening: Opening) -> str:
        """Open the event file of a run; return its folder."""
        run = str(opening.folder / FOLDER)
        # hides what an earlier command wrote after this step before it was killed
        again = opening.epochs + 1 if opening.kept else None
        self.writers[run] = writer = SummaryWriter(run, purge_step=again, flush_secs=2)
        self.params[run], self.steps[run] = opening.params, opening.epochs
        if not opening.kept:
            facts = {"name": opening.name, **opening.tags, **opening.params}
            writer.add_text("config", listed("key", "value", facts), 0)
        return run

    def epochs(self, run: str, rows: Sequence[Mapping[str, float]]) -> None:
        """Record the metrics of some epochs."""
        for row in rows:
            self.steps[run] = int(row["epoch"])
            for name, value in row.items():
                if name != "epoch":
                    self.writers[run].add_scalar(name, value, self.steps[run])

    def end(self, run: str, closing: Closing) -> None:
        """Record metrics, tags and hyperparameters of a run that ended, and close its event file."""
        writer, step = self.writers.pop(run), self.steps.pop(run)
        for name, value in closing.metrics.items():
            writer.add_scalar(name, value, step)
        if closing.gate:
            writer.add_text("gate", closing.gate, step)
        lists = {"result": closing.tags, "files": closing.files}
        for title, facts in lists.items():
            if facts:
                writer.add_text(title, listed(title, "", facts), step)
        for summary in hyperparameters(self.params.pop(run), closing):
            writer.file_writer.add_summary(summary)
        writer.close()


def hyperparameters(params: Mapping[str, Any], closing: Closing) -> list[Any]:
    """Return the summaries of the HParams tab: the parameters, this run's values, how it ended."""
    experiment, values, ended = hparams(dict(params), dict(closing.metrics))
    data = HParamsPluginData.FromString(ended.value[0].metadata.plugin_data.content)
    data.session_end_info.status = STATUS[closing.ending]
    ended.value[0].metadata.plugin_data.content = data.SerializeToString()
    return [experiment, values, ended]


def listed(what: str, how: str, facts: Mapping[str, Any]) -> str:
    """Return facts as a table in Markdown, which TensorBoard renders."""
    return table((what, how), [(code(str(key)), words(str(value))) for key, value in facts.items()])
