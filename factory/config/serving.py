"""SHARED: the command that serves a version, from the template in its target's YAML."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

WORDS = ("name", "model", "repository", "version")
"""What a template may hold in braces: the model's name, its folder, the folder that one is in, the version's folder."""

WORD = re.compile(r"\{(" + "|".join(WORDS) + r")\}")


def is_template(text: str) -> bool:
    """Whether this is one line, and every brace in it belongs to one of the `WORDS`."""
    return text.isprintable() and not re.search("[{}]", WORD.sub("", text))


def command(template: str, version: Path) -> str:
    """Return a template with the folders of a version in it, quoted for a shell.

    Each word is replaced once, by itself: the template may come from a stranger's YAML or run.json, where a format
    string would be a program.
    """
    model = version.resolve().parent
    folders = {"name": model.name, "model": model, "repository": model.parent, "version": version.resolve()}
    return WORD.sub(lambda word: shlex.quote(str(folders[word[1]])), template)
