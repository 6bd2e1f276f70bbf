"""PARENT: The plan of a run, derived from its checked config: processes, stages, cache keys."""

from __future__ import annotations

import functools
import glob
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from factory.config.blocks.expand import expand
from factory.config.named_files import is_pattern
from factory.config.packages import absent, needs_tensorflow
from factory.config.plugins import plugins_of, sources_of, used_plugins
from factory.config.schema.known_data import known_facts
from factory.config.schema.plugins import file_options
from factory.config.schema.splits import split_files, split_that_draws
from factory.core.backends import BACKENDS
from factory.core.disk import refusals_as
from factory.core.errors import ConfigError, DataError
from factory.core.files import key_of, sha256
from factory.core.installed import versions
from factory.core.process import cores
from factory.core.version import __version__
from factory.execution.environment import Environment
from factory.execution.stage import Limit

TRAIN_HALF = ("model", "data", "optimizer", "train", "seed")
"""The parts of the config that decide the trained weights; ``train.device=auto`` counts as the device it finds."""

GPU_NODES = ("/dev/nvidiactl", "/dev/kfd")  # NVIDIA's and AMD's; to see them no framework is needed


@dataclass(frozen=True)
class Plan:
    """The processes, stages and cache keys of one run.

    Args:
        tree: the resolved and validated config.
        gpu: whether stages find a GPU where they run; None checks this machine.
    """

    tree: Mapping[str, Any]
    gpu: bool | None = None

    @property
    def targets(self) -> Mapping[str, Any]:
        """Name → settings of each deployment target; a fold of a cross-validation is judged, and deployed nowhere."""
        judged_alone = (self.tree["data"].get("split") or {}).get("fold") is not None
        return {} if judged_alone else self.tree["deploy"]["target"] or {}

    @cached_property
    def model(self) -> Mapping[str, Any]:
        """The node ``model`` without blocks, as the train stage builds it."""
        return expand(self.tree["model"]).model

    @cached_property
    def training(self) -> Environment:
        """The environment of the train stage."""
        train = self.tree["train"]
        return self.environment(train["backend"], gpu=wants_gpu(train["device"], self.gpu))

    def environment(self, backend: str, *, gpu: bool = False, also: tuple[str, ...] = ()) -> Environment:
        """Return the environment of a process.

        Args:
            backend: the Keras backend.
            gpu: whether the process may use a GPU.
            also: further frameworks that it may import.
        """
        lookups = ("tensorflow",) if needs_tensorflow(self.tree) else ()
        also = tuple(name for name in dict.fromkeys(lookups + also) if name != backend)
        return Environment(backend, gpu, self.tree["train"]["threads"] or cores(), also)

    def export_environment(self, target: str, backend: str) -> Environment:
        """Return the environment in which a target is exported by one backend, always without a GPU."""
        needed = self.targets[target]["routes"][backend]
        return self.environment(backend, also=tuple(name for name in needed if name in BACKENDS))

    def export_backends(self, target: str) -> list[str]:
        """Return the installed export backends of a target in the order to try them, ``deploy.backend`` first."""
        wanted, needed = self.tree["deploy"]["backend"], self.targets[target]["routes"]
        return sorted(
            (backend for backend in needed if not absent([backend, *needed[backend]])),
            key=lambda backend: backend != wanted,
        )

    def warm(self) -> dict[Environment, tuple[str, ...]]:
        """Return each environment that the run needs if every target's first export backend works.

        Returns:
            Environment → modules that its worker imports before its first stage.
        """
        modules: dict[Environment, list[str]] = {
            self.training: [
                "factory.training.train",
                plugins_of("data/sources")[self.tree["data"]["source"]].module,
                plugins_of("models/kinds")[self.model["kind"]].module,
            ]
        }
        for target in self.targets:
            backend = self.export_backends(target)[0]
            needed = modules.setdefault(self.export_environment(target, backend), [])
            needed += [
                "factory.export.deploy",
                f"factory.export.backends.{backend}",
                plugins_of("export/targets")[target].module,
            ]
        return {environment: tuple(dict.fromkeys(names)) for environment, names in modules.items()}

    def limit(self, stage: str) -> Limit | None:
        """Return how long a stage may take; None where the config, as one of an early version, sets no limit."""
        seconds = self.tree[stage].get("timeout")
        return None if seconds is None else Limit(float(seconds), f"{stage}.timeout")

    @cached_property
    def train_key(self) -> str:
        """The cache key of the training: its half of the config, contents of data and plug-ins, package versions."""
        half = {name: self.tree[name] for name in TRAIN_HALF} | {"rows": self.tree["deploy"]["metric_rows"]}
        half["model"] = self.model
        half |= {"train": self.train_that_trains(), "data": self.data_that_trains()}
        with refusals_as(DataError, "data"):
            contents = [contents_of(path) for path in (*self.data_files(), *self.own_code())]
        packages = ["keras", "numpy", self.training.backend]
        return key_of(half, contents, str(self.training), versions(packages), __version__)

    def train_that_trains(self) -> dict[str, Any]:
        """Return the train node without its limit of time, and without an augmentation that changes nothing."""
        train = self.tree["train"]
        idle = not any((train.get("augment") or {}).values())
        return without(train, "timeout", *(["augment"] if idle else []))

    def data_that_trains(self) -> dict[str, Any]:
        """Return the data node without keys that do not decide these weights; earlier releases had none of them."""
        data = self.tree["data"]
        indifferent = ["positive"] if data.get("positive") is None else []
        if set(known_facts(data).tasks.values()) == {"classification"}:
            indifferent.append("scale_target")
        return without(data, *indifferent) | {"split": split_that_draws(data["split"])}

    def data_files(self) -> list[Path]:
        """Return the files that the options of the data name, and all files in the folders that they name."""
        data = self.tree["data"]
        named = [data.get(option) for option in file_options("data/sources", data["source"])]
        named += split_files(data).values()
        return [file for name in named if name for file in files_named(str(name))]

    def own_code(self) -> list[Path]:
        """Return the files of the project's plug-ins that the training uses; this package's own are in its version."""
        return [file for plugin in used_plugins(self.tree) for file in sources_of(plugin)]

    def target_key(self, target: str, model: str, preprocessing: str | None = None) -> str:
        """Return the cache key of one target's export.

        Args:
            target: name of the target.
            model: SHA-256 of the trained model.
            preprocessing: SHA-256 of its preprocessing, where it has any.
        """
        settings = self.targets[target]
        packages = ["keras", "numpy", *settings["requires"], *settings["routes"]]
        packages += [package for needed in settings["routes"].values() for package in needed]
        deploy = self.tree["deploy"]
        asked = [settings, self.export_backends(target), deploy["rows"], deploy["precision"]]
        if preprocessing:
            asked += [preprocessing, deploy.get("encoded", True)]
        plugin = plugins_of("export/targets")[target]
        code = [] if plugin.ours else [contents_of(file) for file in sources_of(plugin)]
        return key_of(target, model, asked, code, versions(packages), __version__)


def wants_gpu(device: str, there: bool | None = None) -> bool:
    """Return whether training may use a GPU.

    Args:
        device: the value of ``train.device``.
        there: whether the process will find a GPU; None checks this machine.

    Raises:
        ConfigError: the config requires a GPU and there is none.
    """
    where = "this machine shows none" if there is None else "launcher.gpus gives it none"
    if there is None:
        hidden = os.environ.get("CUDA_VISIBLE_DEVICES") == ""
        there = not hidden and any(Path(node).exists() for node in GPU_NODES)
    if device == "gpu" and not there:
        raise ConfigError(f"train.device: got 'gpu', and {where}; takes auto, cpu or gpu")
    return there and device != "cpu"


def without(node: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return a node without some of its keys."""
    return {name: value for name, value in node.items() if name not in names}


def files_named(path: str) -> list[Path]:
    """Return the files that an option of the data names: one file, those of a folder, or those of a pattern."""
    if is_pattern(path):
        named = glob.glob(os.path.expanduser(path), recursive=True)
        return sorted({file for name in named for file in files_in(Path(name))})
    return files_in(Path(path))


def files_in(path: Path) -> list[Path]:
    """Return the file itself, or all files below a folder in sorted order, or nothing where the path does not exist."""
    return [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())


def contents_of(file: Path) -> str:
    """Return the SHA-256 of a file, computed once as long as the file is unchanged: a sweep's jobs share their data."""
    found = file.stat()
    return _sha256(file.resolve(), found.st_mtime_ns, found.st_size)


@functools.cache
def _sha256(file: Path, modified: int, size: int) -> str:
    return sha256(file)
