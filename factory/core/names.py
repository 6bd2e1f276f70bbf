"""SHARED: Rules for words that become names of files and folders, the same wherever such a word comes from."""

from __future__ import annotations

import os
import re
from typing import Any

LONGEST_NAME = 100  # characters: servers and file systems take 255, and a version's folders and suffixes come on top
LONGEST_PART, LONGEST_PATH = 255, 4000  # bytes of one folder's name and of a whole path, as most file systems have it
HIGHEST_VERSION = 2**53  # JSON readers keep whole numbers up to here

NAME = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9_.\-]{{0,{LONGEST_NAME - 1}}}")
NAME_WORDS = f"letters, digits, '_', '-' and '.', at most {LONGEST_NAME}, the first one no '.' and no '-'"
TARGET = re.compile(r"[a-z][a-z0-9_]{0,49}")
FOLDER_WORDS = "the path of a folder"


def is_name(word: Any) -> bool:
    """Return whether a word may be the name of a published model: one folder's name, never ``..`` or a path."""
    return isinstance(word, str) and NAME.fullmatch(word) is not None


def is_target(word: Any) -> bool:
    """Return whether a word may be the name of a target, which is the name of a Python module as well."""
    return isinstance(word, str) and TARGET.fullmatch(word) is not None


def is_version(number: Any) -> bool:
    """Return whether a value may be the number of a version: a whole number of at least 1."""
    return isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= HIGHEST_VERSION


def is_folder(path: Any) -> bool:
    """Return whether a text may be the path of a folder, which need not exist."""
    if not isinstance(path, str) or not path.strip() or "\0" in path or len(os.fsencode(path)) > LONGEST_PATH:
        return False
    return all(len(os.fsencode(part)) <= LONGEST_PART for part in path.split("/"))
