"""PARENT: Names and tasks of the data, as far as its options or ``data.signature`` tell them before it is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Known:
    """Names of inputs and outputs and their tasks, None where only reading the data can tell.

    Args:
        inputs: names the inputs may have.
        outputs: names of the outputs.
        tasks: ``classification`` or ``regression`` by output, or by ``""`` where the task is known and the name is not.
        listed: whether ``inputs`` are those that the data has, each of them.
    """

    inputs: tuple[str, ...] | None
    outputs: tuple[str, ...] | None
    tasks: Mapping[str, str]
    listed: bool = False

    @property
    def task(self) -> str | None:
        """The task of every output, None where it is not known or they differ."""
        tasks = set(self.tasks.values())
        return tasks.pop() if len(tasks) == 1 else None


def known_facts(data: Mapping[str, Any]) -> Known:
    """Return what a ``data`` node tells, once its form has been checked."""
    signature = data.get("signature") or {}
    inputs = signature.get("inputs") or data.get("inputs")
    outputs = signature.get("outputs") or data.get("outputs")
    listed = not signature.get("inputs") and inputs is not None
    if outputs is None:
        task = data.get("task")
        return Known(_names(inputs), None, {"": task} if task else {}, listed)
    return Known(_names(inputs), tuple(outputs), {name: _task(value) for name, value in outputs.items()}, listed)


def _names(inputs: Any) -> tuple[str, ...] | None:
    """Return names as a tuple, None where they are not known."""
    return None if inputs is None else tuple(inputs)


def _task(value: Any) -> str:
    """Return the task of an output, declared by its name or by its number of classes, 0 for regression."""
    if isinstance(value, str):
        return value
    return "classification" if value else "regression"
