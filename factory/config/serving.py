"""SHARED: The shell command that serves a published version, made from the template in its target's YAML."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

WORDS = ("name", "model", "repository", "version")
"""What a template may hold in braces: the model's name, its folder, the folder that one is in, the version's folder."""

WORD = re.compile(r"\{(" + "|".join(WORDS) + r")\}")


def is_template(text: str) -> bool:
    """Return whether a text is one line in which every brace belongs to one of the `WORDS`."""
    return text.isprintable() and not re.search("[{}]", WORD.sub("", text))


def serving_command(template: str, version: Path) -> str:
    """Return the serving command of a version: the template with its folders filled in, quoted for a shell.

    Each word is replaced once, by itself: the template may come from a stranger's YAML or run.json, where
    ``str.format`` would give access to attributes.

    Args:
        template: one that `is_template` accepts.
        version: the folder of the version.
    """
    model = version.resolve().parent
    folders = {"name": model.name, "model": model, "repository": model.parent, "version": version.resolve()}
    return WORD.sub(lambda word: shlex.quote(str(folders[word[1]])), template)
