"""PARENT: Cross-checks between nodes of the config, done once each node is valid by itself."""

from __future__ import annotations

import keyword
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

from factory.config import topology
from factory.config.declaration import Declaration, parse_declaration
from factory.config.schema import requirements, splits
from factory.config.schema.declarations import arguments_of, by_output
from factory.config.schema.known_data import Known, known_facts
from factory.config.schema.plugins import options_of_type
from factory.config.schema.strict import refused
from factory.core import messages

_MEASURES = "MeanSquaredError MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredLogarithmicError Huber LogCosh"
REGRESSION = frozenset(
    f"{_MEASURES} RootMeanSquaredError LogCoshError R2Score PearsonCorrelation ConcordanceCorrelation Poisson mse mae "
    "mean_squared_error mean_absolute_error mean_absolute_percentage_error mean_squared_logarithmic_error huber "
    "log_cosh poisson pearson_correlation concordance_correlation".split()
)
CLASSIFICATION = frozenset(
    "SparseCategoricalCrossentropy CategoricalCrossentropy CategoricalFocalCrossentropy CategoricalHinge accuracy "
    "SparseCategoricalAccuracy CategoricalAccuracy SparseTopKCategoricalAccuracy TopKCategoricalAccuracy F1Score "
    "FBetaScore sparse_categorical_crossentropy categorical_crossentropy categorical_hinge "
    "sparse_categorical_accuracy categorical_accuracy".split()
)
"""Losses and metrics that are in neither set may fit both tasks, and are left to Keras."""

FITS = {"classification": CLASSIFICATION, "regression": REGRESSION}
LOGS = ("loss", "val_loss", "learning_rate", "epoch")
"""Names that Keras' training log uses itself, which no output may have."""


def misfits(tree: Mapping[str, Any], sound: Container[str], declared: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each pair of nodes that cannot go together.

    Args:
        tree: the whole config, its model expanded.
        sound: the nodes that are valid by themselves; the others are not compared with any.
        declared: the model as declared, whose names are the user's.
    """

    def all_sound(*nodes: str) -> bool:
        """Return whether all these nodes are valid by themselves."""
        return all(node in sound for node in nodes)

    facts = known_facts(tree["data"]) if all_sound("data") else Known(None, None, {})
    yield from _data_names(facts)
    if all_sound("data"):
        yield from splits.misfits(tree["data"]["split"])
    if all_sound("model"):
        yield from _model_names(declared, facts)
        yield from _graph(tree["model"], facts)
        yield from _application(tree["model"])
    if all_sound("train"):
        yield from _objectives(tree["train"], facts)
        yield from _devices(tree["train"])
    if all_sound("optimizer", "train"):
        yield from _optimization(tree["optimizer"], tree["train"])
    if all_sound("deploy"):
        yield from _routes(tree["deploy"])
    if all_sound("deploy", "train"):
        tasks = {task for task in facts.tasks.values() if task}
        yield from requirements.misfits(
            tree["deploy"].get("require") or {}, tree["train"].get("metrics", "auto"), tasks
        )
    if all_sound("deploy", "data") and tree["data"].get("preprocess"):
        yield from _encoded(tree["deploy"])


def _routes(deploy: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each target that no export backend can make."""
    for name, target in (deploy["target"] or {}).items():
        if not target["routes"]:
            yield messages.missing(f"deploy.target.{name}.routes", "at least one backend that can make it")


def _encoded(deploy: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each target that carries no columns of a table, where ``deploy.encoded=false``.

    What kinds of columns a table has is known once it is read; then training asks whether a target carries them all.
    """
    for name, target in (deploy["target"] or {}).items():
        if not (deploy.get("encoded", True) or target.get("carries")):
            takes = f"true for target {name}, which carries no columns of a table"
            yield messages.wrong("deploy.encoded", False, takes)


def _data_names(facts: Known) -> Iterator[str]:
    """Yield the problems of names of inputs and outputs, which clients of every format must be able to write."""
    for end, names in (("inputs", facts.inputs), ("outputs", facts.outputs)):
        for name in names or ():
            yield from _name(f"data.{end}.{name}", name)
    for name in facts.outputs or ():
        if name in LOGS:
            yield messages.wrong(f"data.outputs.{name}", name, f"a name other than {messages.listed(LOGS)}")
        if name in (facts.inputs or ()):
            yield messages.wrong(f"data.outputs.{name}", name, "a name that no input has")


def _model_names(model: Mapping[str, Any], facts: Known) -> Iterator[str]:
    """Yield the problems of names of layers and nodes."""
    kind = "models/kinds", model["kind"]
    for key in (*options_of_type(*kind, "dict[str, Layer]"), *options_of_type(*kind, "dict[str, Node]")):
        for name in model.get(key) or {}:
            yield from _name(f"model.{key}.{name}", name)
            if name in (facts.inputs or ()):
                yield messages.wrong(f"model.{key}.{name}", name, "a name that no input of the data has")


def _name(path: str, name: Any) -> Iterator[str]:
    """Yield a line if a name is not a Python identifier that begins with a letter."""
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
        yield messages.wrong(path, name, "a Python identifier that begins with a letter")


def _graph(model: Mapping[str, Any], facts: Known) -> Iterator[str]:
    """Yield the problems of the wiring and the outputs of a model kind that has nodes."""
    if not options_of_type("models/kinds", model["kind"], "dict[str, Node]"):
        return
    yield from topology.problems(model["nodes"], model["outputs"], facts.inputs)
    yield from topology.of_several(model["nodes"], facts.inputs if facts.listed and facts.inputs else ())
    wanted = topology.output_nodes(model["outputs"])
    if isinstance(model["outputs"], str):
        if facts.outputs is not None and len(facts.outputs) != 1:
            takes = f"output → node, for {messages.listed(facts.outputs)}"
            yield messages.wrong("model.outputs", model["outputs"], takes)
    elif facts.outputs is not None:
        yield from _outputs("model.outputs", wanted, facts)
        for name in facts.outputs:
            if name not in wanted:
                yield messages.missing(f"model.outputs.{name}", f"the node that answers the data's output {name!r}")


def _application(model: Mapping[str, Any]) -> Iterator[str]:
    """Yield the problems of the arguments of a ``keras.applications`` class that a model kind takes."""
    kind = "models/kinds", model["kind"]
    for named, options in zip(options_of_type(*kind, "Application"), options_of_type(*kind, "Arguments"), strict=False):
        arguments = arguments_of("applications", model[named])
        yield from refused(arguments, model.get(options) or {}, f"model.{options}")


def _outputs(path: str, named: Iterable[str], facts: Known) -> Iterator[str]:
    """Yield a line for each name in a mapping or list by output that is no output of the data."""
    for name in named:
        if facts.outputs is not None and name not in facts.outputs:
            yield messages.unknown(f"{path}.{name}", name, facts.outputs)


def _objectives(train: Mapping[str, Any], facts: Known) -> Iterator[str]:
    """Yield a line for each loss, metric or class weight that does not fit the data."""
    for key in ("loss", "metrics"):
        value = train.get(key, "auto")
        if by_output(value):
            yield from _outputs(f"train.{key}", value, facts)
            for name, declared in value.items():
                if facts.outputs is None or name in facts.outputs:
                    yield from _fits(f"train.{key}.{name}", declared, facts.tasks.get(name, facts.task))
        elif value != "auto":
            yield from _fits(f"train.{key}", value, facts.task)
    if train.get("class_weight") is not None and facts.task == "regression":
        yield messages.wrong("train.class_weight", train["class_weight"], "null: the data's task is regression")


def _devices(train: Mapping[str, Any]) -> Iterator[str]:
    """Yield the problems of data-parallel training; each device takes as many rows of a batch as the others."""
    devices = train.get("devices") or 1
    if train["batch_size"] % devices:
        yield messages.wrong("train.batch_size", train["batch_size"], f"a multiple of train.devices, {devices}")
    if devices > 1 and train["backend"] != "jax":
        for reduction in _reductions(train.get("loss", "auto")):
            takes = f"sum_over_batch_size with train.devices above 1 under {train['backend']}"
            yield messages.wrong("train.loss.reduction", reduction, takes)


def _reductions(loss: Any) -> Iterator[str]:
    """Yield each loss reduction other than the mean over rows, which alone can be computed on parts of a batch."""
    for declared in loss.values() if by_output(loss) else [loss]:
        _, arguments = parse_declaration(declared)
        if arguments.get("reduction", "mean") not in ("sum_over_batch_size", "mean"):
            yield arguments["reduction"]


def _fits(path: str, declared: Declaration | list[Declaration], task: str | None) -> Iterator[str]:
    """Yield a line for each loss or metric that does not fit the task of its output; None fits all."""
    if isinstance(declared, list):
        for index, metric in enumerate(declared):
            yield from _fits(f"{path}[{index}]", metric, task)
        return
    name, _ = parse_declaration(declared)
    what = "a metric" if path.startswith("train.metrics") else "a loss"
    if any(task not in (None, other) and name in names for other, names in FITS.items()):
        yield messages.wrong(path, name, f"{what} that fits the data's task, {task}")


def _optimization(optimizer: Mapping[str, Any], train: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each pair of options that Keras refuses only once training has begun."""
    clips = [key for key in ("clipnorm", "clipvalue", "global_clipnorm") if optimizer.get(key) is not None]
    for key in clips[1:]:
        yield messages.wrong(
            f"optimizer.{key}", optimizer[key], f"null: optimizer.{clips[0]} is given, and only one may be"
        )
    for index, declared in enumerate(train.get("callbacks", [])):
        name, _ = parse_declaration(declared)
        if name == "ReduceLROnPlateau" and isinstance(optimizer.get("learning_rate"), Mapping | str):
            yield messages.wrong(f"train.callbacks[{index}]", name, "a fixed optimizer.learning_rate, not a schedule")
        if name == "SwapEMAWeights" and not optimizer.get("use_ema"):
            yield messages.wrong(f"train.callbacks[{index}]", name, "optimizer.use_ema=true")
