"""SHARED: The check that every package a config needs is installed; none of them is imported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from factory.config.catalog.catalog import load_catalog
from factory.config.plugins import words_of
from factory.core.errors import MissingPackage
from factory.core.messages import shown

IMPORTED_AS = {"scikit-learn": "sklearn", "pillow": "PIL"}
"""Pip name → import name, where a dash is not simply an underscore."""


def check_packages(tree: Mapping[str, Any]) -> None:
    """Refuse a config that needs packages which are not installed.

    Args:
        tree: resolved and validated.

    Raises:
        MissingPackage: one line for each, with the pip command.
    """
    problems = list(dict.fromkeys(_missing(tree)))
    if problems:
        raise MissingPackage(problems)


def _missing(tree: Mapping[str, Any]) -> Iterator[str]:
    """Yield one line for each part of a config that needs packages which are not installed."""
    train, data, deploy = tree["train"], tree["data"], tree["deploy"]
    yield from _backend("train.backend", train["backend"])
    yield from _lines("data.source", data["source"], absent(data.get("requires", [])), data.get("extra"))
    for name in model_needs(tree):
        yield from _lines("model", name, absent([name]), name)
    tracker = tree.get("tracker") or {}
    yield from _lines(
        "tracker.kind", str(tracker.get("kind")), absent(tracker.get("requires", [])), tracker.get("extra")
    )
    targets = deploy["target"] or {}
    for name, target in targets.items():
        lacking = absent([*target.get("requires", []), *_backend_packages(target["routes"], deploy["backend"])])
        yield from _lines("deploy.target", name, lacking, target.get("extra") or name)


def _backend_packages(routes: Mapping[str, Sequence[str]], wanted: str) -> list[str]:
    """Return the packages of the first export backend that is installed, ``deploy.backend`` first; else of that one."""
    needs = [[backend, *routes[backend]] for backend in sorted(routes, key=lambda backend: backend != wanted)]
    return next((packages for packages in needs if not absent(packages)), needs[0])


def _backend(path: str, backend: str) -> Iterator[str]:
    """Yield the line of a Keras backend that is not installed."""
    if absent([backend]):
        yield f"{path}: got {shown(backend)}, which is not installed; pip install 'factory[{backend}]'"


def _lines(path: str, name: str, lacking: Sequence[str], extra: str | None) -> Iterator[str]:
    """Yield the line of one config value whose packages are not installed, with the pip command."""
    if lacking:
        command = f"'factory[{extra}]'" if extra else " ".join(lacking)
        yield f"{path}: got {shown(name)}, which needs {', '.join(lacking)}; pip install {command}"


def absent(packages: Sequence[str]) -> list[str]:
    """Return those of these pip names that are not installed."""
    return [name for name in packages if find_spec(IMPORTED_AS.get(name, name.replace("-", "_"))) is None]


def model_needs(tree: Mapping[str, Any]) -> list[str]:
    """Return the frameworks that layers of the model run on whatever the Keras backend, in alphabetical order."""
    catalog = load_catalog()
    layers = {entry: catalog.entry("layers", entry) for entry in set(words_of(tree["model"]))}
    return sorted({entry.needs for entry in layers.values() if entry is not None and entry.needs})


def needs_tensorflow(tree: Mapping[str, Any]) -> bool:
    """Return whether the model holds a layer that is TensorFlow inside on every backend, such as a string lookup."""
    return "tensorflow" in model_needs(tree)
