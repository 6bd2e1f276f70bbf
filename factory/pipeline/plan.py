"""PARENT: what a checked config asks for: which processes, which stages, which keys."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from factory.config.packages import absent, needs_tensorflow
from factory.config.plugins import plugins_of, sources_of, used_plugins
from factory.config.schema.known_data import known
from factory.config.schema.plugins import file_options
from factory.core.backends import BACKENDS
from factory.core.disk import refusals_as
from factory.core.errors import ConfigError, DataError
from factory.core.files import key_of, sha256
from factory.core.installed import versions
from factory.core.process import cores
from factory.core.version import __version__
from factory.execution.environment import Environment
from factory.execution.watchdog import Limit

TRAIN_HALF = ("model", "data", "optimizer", "train", "seed")
"""The parts of the tree that decide the trained weights; ``train.device=auto`` counts as what it finds."""

GPU_NODES = ("/dev/nvidiactl", "/dev/kfd")  # NVIDIA's and AMD's; seeing them needs no framework


@dataclass(frozen=True)
class Plan:
    """A run's stages.

    Args:
        tree: the resolved and validated config.
        gpu: whether stages find a GPU where they run; None looks at this machine.
    """

    tree: Mapping[str, Any]
    gpu: bool | None = None

    @property
    def targets(self) -> Mapping[str, Any]:
        return self.tree["deploy"]["target"] or {}

    @cached_property
    def training(self) -> Environment:
        train = self.tree["train"]
        return self.environment(train["backend"], gpu=wants_gpu(train["device"], self.gpu))

    def environment(self, backend: str, *, gpu: bool = False, also: tuple[str, ...] = ()) -> Environment:
        lookups = ("tensorflow",) if needs_tensorflow(self.tree) else ()
        also = tuple(name for name in dict.fromkeys(lookups + also) if name != backend)
        return Environment(backend, gpu, self.tree["train"]["threads"] or cores(), also)

    def route_environment(self, target: str, route: str) -> Environment:
        """Where a target is made; deploy processes leave the GPU alone."""
        needed = self.targets[target]["routes"][route]
        return self.environment(route, also=tuple(name for name in needed if name in BACKENDS))

    def routes(self, target: str) -> list[str]:
        """The routes to try in order: deploy.backend first where it is one of them; those that are installed."""
        wanted, needed = self.tree["deploy"]["backend"], self.targets[target]["routes"]
        return sorted((r for r in needed if not absent([r, *needed[r]])), key=lambda route: route != wanted)

    def warm(self) -> dict[Environment, tuple[str, ...]]:
        """Every process the run needs if each first route works, and the modules it imports before its first job."""
        modules: dict[Environment, list[str]] = {
            self.training: [
                "factory.training.train",
                plugins_of("data/sources")[self.tree["data"]["source"]].module,
                plugins_of("models/kinds")[self.tree["model"]["kind"]].module,
            ]
        }
        for target in self.targets:
            route = self.routes(target)[0]
            needed = modules.setdefault(self.route_environment(target, route), [])
            needed += [
                "factory.export.deploy",
                f"factory.export.backends.{route}",
                plugins_of("export/targets")[target].module,
            ]
        return {environment: tuple(dict.fromkeys(names)) for environment, names in modules.items()}

    def limit(self, stage: str) -> Limit | None:
        """How long a process of a stage may take; configs from before there were limits have none."""
        seconds = self.tree[stage].get("timeout")
        return None if seconds is None else Limit(float(seconds), f"{stage}.timeout")

    @cached_property
    def train_key(self) -> str:
        """Of the training: its half of the config, the data files' contents, the versions of what computes."""
        half = {name: self.tree[name] for name in TRAIN_HALF} | {"rows": self.tree["deploy"]["metric_rows"]}
        half |= {"train": without(half["train"], "timeout"), "data": self.data_that_trains()}
        with refusals_as(DataError, "data"):
            contents = [contents_of(path) for path in (*self.data_files(), *self.own_code())]
        packages = ["keras", "numpy", self.training.backend]
        return key_of(half, contents, str(self.training), versions(packages), __version__)

    def data_that_trains(self) -> dict[str, Any]:
        """Return the data node without keys that do not decide these weights; earlier releases had none of them."""
        data = self.tree["data"]
        indifferent = ["positive"] if data.get("positive") is None else []
        if set(known(data).tasks.values()) == {"classification"}:
            indifferent.append("scale_target")
        return without(data, *indifferent)

    def data_files(self) -> list[Path]:
        """The files that the options of the data name, and those in folders that they name."""
        data = self.tree["data"]
        named = [data.get(option) for option in file_options("data/sources", data["source"])]
        named.append((data.get("split") or {}).get("file"))
        return [file for name in named if name for file in files_in(Path(str(name)))]

    def own_code(self) -> list[Path]:
        """The files of the project's plug-ins that the training uses; this package's own are in its version."""
        return [file for plugin in used_plugins(self.tree) for file in sources_of(plugin)]

    def target_key(self, target: str, model: str) -> str:
        """Of one target of one trained model (its SHA-256)."""
        settings = self.targets[target]
        packages = ["keras", "numpy", *settings["requires"], *settings["routes"]]
        packages += [package for needed in settings["routes"].values() for package in needed]
        deploy = self.tree["deploy"]
        asked = [settings, self.routes(target), deploy["rows"], deploy["precision"]]
        plugin = plugins_of("export/targets")[target]
        code = [] if plugin.ours else [contents_of(file) for file in sources_of(plugin)]
        return key_of(target, model, asked, code, versions(packages), __version__)


def wants_gpu(device: str, there: bool | None = None) -> bool:
    """Whether training may see a GPU.

    Args:
        device: ``train.device``.
        there: whether it will find one; None looks at this machine.

    Raises:
        ConfigError: one was asked for and there is none.
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


def files_in(path: Path) -> list[Path]:
    """Return a file as it is, a folder as all files below it in sorted order, and nothing where nothing is."""
    return [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())


def contents_of(file: Path) -> str:
    """SHA-256 of a file; of one that was not touched since, it is known already: a sweep's jobs read the same data."""
    found = file.stat()
    return _sha256(file.resolve(), found.st_mtime_ns, found.st_size)


@functools.cache
def _sha256(file: Path, modified: int, size: int) -> str:
    return sha256(file)
