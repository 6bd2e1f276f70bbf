"""PARENT: what the command line takes from the environment (``${oc.env:TOKEN}``): used like any value, never shown."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Any

import yaml
from yaml.representer import SafeRepresenter

READS = re.compile(r"\boc\.env\s*:\s*([\w.\-]+)")
SHOWN = "<from the environment>"


class FromEnvironment(str):
    """A text that came from the environment; an error that quotes it, alone or in a list, says only that."""

    def __repr__(self) -> str:
        return SHOWN


for dumper in (yaml.SafeDumper, getattr(yaml, "CSafeDumper", yaml.SafeDumper)):
    dumper.add_representer(FromEnvironment, SafeRepresenter.represent_str)


def read_by(overrides: Iterable[str]) -> list[str]:
    """The values of the variables that overrides name."""
    found = (os.environ.get(name, "") for word in overrides for name in READS.findall(word))
    return [value for value in found if value]


def marked(value: Any, secrets: list[str]) -> Any:
    """A tree with every text that holds one of these values as `FromEnvironment`."""
    if not secrets:
        return value
    if isinstance(value, dict):
        return {key: marked(part, secrets) for key, part in value.items()}
    if isinstance(value, list):
        return [marked(part, secrets) for part in value]
    if isinstance(value, str) and any(secret in value for secret in secrets):
        return FromEnvironment(value)
    return value


def hidden(text: str, secrets: Iterable[str]) -> str:
    """A message without these values."""
    for secret in secrets:
        text = text.replace(secret, SHOWN)
    return text
