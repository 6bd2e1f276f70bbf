"""PARENT: The verb ``infer``: what the columns of a table are, in lines and as a YAML that the user keeps and edits."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from factory.config.composition.compose import compose_config
from factory.config.load import validate_config
from factory.core.errors import ConfigError, FactoryError, revive_error
from factory.core.files import write_text
from factory.core.messages import wrong
from factory.core.printable import say, tell
from factory.core.process import Child, ending
from factory.pipeline.first_look import look_at_data

PARQUET = (".parquet", ".pq")
DECLARED = ("path", "target", "task", "columns")
"""Keys of the node that inference writes itself; what else was overridden is written as it was given."""


def infer(words: Sequence[str], config_dir: str | None, out: str | None) -> None:
    """Print what the columns of a table are, and write it as an option of the group ``data``.

    Args:
        words: overrides; ``data.path`` among them.
        config_dir: the user's folder of groups.
        out: the file to write; None prints the YAML on stdout, and the table on stderr.

    Raises:
        ConfigError: a fault of the config or of the table.
    """
    if out and Path(out).exists():
        raise ConfigError(wrong("--out", out, "the path of a new file"))
    chosen = [word for word in words if word.startswith("data=")] or [f"data={_source_of(words)}"]
    words = [*chosen, *(word for word in words if not word.startswith("data="))]
    tree = compose_config(words, config_dir).tree
    validate_config(tree, whole=False)
    if tree["data"].get("path") in (None, "???"):
        raise ConfigError("data.path: missing; takes the path of a table")
    look_at_data(tree["data"])
    found = _asked(tree["data"])
    option = chosen[0].removeprefix("data=")
    text = _yaml(tree["data"], found, option, _other_keys(words), Path(out).stem if out else "credit")
    for line in found["lines"]:
        (say if out else tell)(line)
    if out is None:
        say(text, end="")
        return
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    write_text(Path(out), text)
    say(f"written: {out}; edit it, then: python -m factory data={Path(out).stem}")


def _source_of(words: Sequence[str]) -> str:
    """Return the option of ``data`` that reads the file, by its suffix."""
    path = next((word.partition("=")[2] for word in words if word.startswith("data.path=")), "")
    return "parquet" if path.strip("'\"").lower().endswith(PARQUET) else "csv"


def _other_keys(words: Sequence[str]) -> list[str]:
    """Return the keys of ``data`` that were overridden beside those that inference writes."""
    given = [word.lstrip("+").partition("=")[0] for word in words if word.lstrip("+").startswith("data.")]
    keys = dict.fromkeys(key.split(".")[1] for key in given)
    return [key for key in keys if key not in DECLARED]


def _asked(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer of a process that reads the table."""
    child = Child("factory.data.infer")
    try:
        child.send(data)
        line = child.read_line()
        if not line:
            raise FactoryError(f"infer: its process {ending(child.wait())}: {child.last_log_line()}")
    finally:
        child.kill()
        child.wait()
        child.close()
    answer: dict[str, Any] = json.loads(line)
    if "error" in answer:
        raise revive_error(answer["error"], answer["message"])
    return answer


def _yaml(data: Mapping[str, Any], found: Mapping[str, Any], option: str, others: Sequence[str], name: str) -> str:
    """Return the YAML of the option, each column with the reason beside it."""
    target = "???" if found["target"] is None else found["target"]
    says = f"the columns of {data['path']}"
    node = {"defaults": [option], "path": data["path"], "target": target}
    node |= {"task": found["task"]} if found["task"] else {}
    node |= {key: data[key] for key in others}
    lines = [
        f"# python -m factory data={name}",
        f"# A table: {says}, as they were inferred.",
        *_dumped(node),
        "columns:",
    ]
    for column, declared in found["columns"].items():
        (line,) = _dumped({column: declared})
        lines.append(f"  {line}  # {found['reasons'][column]}")
    return "\n".join(lines) + "\n"


def _dumped(node: Mapping[str, Any]) -> list[str]:
    """Return a mapping as YAML, a line for each key."""
    return [f"{_flow(str(key))}: {_flow(value)}" for key, value in node.items()]


def _flow(value: Any) -> str:
    """Return a value as YAML in one line."""
    text: str = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=100_000, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("...").strip()
