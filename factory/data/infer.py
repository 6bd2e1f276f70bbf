"""CHILD: The process of the verb ``infer``: reads a table and answers with what its columns are.

``python -m factory.data.infer`` takes one line of JSON on stdin, the node ``data``, and answers with one on stdout:
``{"lines": [...], "target": ..., "columns": {...}}`` or ``{"error": <class>, "message": ...}``. No framework.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

from factory.core.errors import DataError, FactoryError
from factory.core.messages import wrong
from factory.data.load import read_raw
from factory.data.tables.raw import RawColumns
from factory.data.tables.shown import lines_of
from factory.preprocessing.declared import write


def main() -> None:
    """Answer one request."""
    try:
        answer = infer(json.loads(sys.stdin.readline()))
    except FactoryError as error:
        answer = {"error": type(error).__name__, "message": str(error)}
    sys.stdout.write(json.dumps(answer) + "\n")


def infer(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a table's columns are, as lines for a person and as a declaration.

    Args:
        data: the config's node ``data``, whose target may be missing.

    Raises:
        DataError: as when a training reads the table; the data are no table.
    """
    found = read_raw(data)
    if not isinstance(found.raw, RawColumns):
        raise DataError(wrong("data.source", data["source"], "one that reads tables, with data.preprocess=true"))
    kinds, targets = found.raw.kinds, found.raw.targets
    tasks = {target.name: target.task for target in targets}
    task = next(iter(tasks.values())) if len(set(tasks.values())) == 1 else None
    target: Any = [*tasks] if task and len(tasks) > 1 else next(iter(tasks), None) if task else tasks
    return {
        "lines": [*lines_of(found.raw.describe()), *found.notes],
        "target": target or None,
        "task": task,
        "columns": {name: write(kind.declared) for name, kind in kinds.items()},
        "reasons": {name: kind.reason for name, kind in kinds.items()},
    }


if __name__ == "__main__":
    main()
