"""What goes wrong is one line."""

from __future__ import annotations

import doctest
import re

import pytest

from factory.core import foreign_errors, messages
from factory.core.foreign_errors import class_and_line, first_line


@pytest.mark.parametrize(
    ("said", "line", "with_its_class"),
    [
        ("no such op", "no such op", "ValueError: no such op"),
        ("\n  \n no such op \nin a graph", "no such op", "ValueError: no such op"),
        ("", "ValueError", "ValueError"),
    ],
)
def test_an_error_is_its_first_line_that_says_something(said: str, line: str, with_its_class: str) -> None:
    assert (first_line(ValueError(said)), class_and_line(ValueError(said))) == (line, with_its_class)


def test_lines_that_tell_nothing_are_passed_over() -> None:
    error = ValueError("Traceback (most recent call last):\n---\nno such op")
    assert first_line(error, re.compile("Traceback|-+$")) == "no such op"


def test_examples_in_docstrings_hold() -> None:
    results = [doctest.testmod(module) for module in (messages, foreign_errors)]
    assert all(result.failed == 0 and result.attempted >= 1 for result in results)
