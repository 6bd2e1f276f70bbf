"""PARENT: Values that overrides read from the environment (``${oc.env:TOKEN}``): used like any other, never shown."""

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
    """A string that came from the environment; its ``repr``, which errors quote, does not show it."""

    def __repr__(self) -> str:
        return SHOWN


for dumper in (yaml.SafeDumper, getattr(yaml, "CSafeDumper", yaml.SafeDumper)):
    dumper.add_representer(FromEnvironment, SafeRepresenter.represent_str)


def secrets_of(overrides: Iterable[str]) -> list[str]:
    """Return the values of the environment variables that these overrides name."""
    values = (os.environ.get(name, "") for word in overrides for name in READS.findall(word))
    return [value for value in values if value]


def mark_secrets(value: Any, secrets: list[str]) -> Any:
    """Return a tree in which every string that holds one of these secrets is a `FromEnvironment`."""
    if not secrets:
        return value
    if isinstance(value, dict):
        return {key: mark_secrets(part, secrets) for key, part in value.items()}
    if isinstance(value, list):
        return [mark_secrets(part, secrets) for part in value]
    if isinstance(value, str) and any(secret in value for secret in secrets):
        return FromEnvironment(value)
    return value


def hide_secrets(text: str, secrets: Iterable[str]) -> str:
    """Return a message with a placeholder in the place of these secrets."""
    for secret in secrets:
        text = text.replace(secret, SHOWN)
    return text
