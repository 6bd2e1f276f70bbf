"""Other libraries' errors: the words that say what is wrong."""

from __future__ import annotations

import pytest

from factory.core.foreign_errors import in_one_line

KERAS = """Exception encountered when calling Conv2D.call().

\x1b[1mNo gradient defined for operation: uint8\x1b[0m

Arguments received by Conv2D.call():
  • inputs=tf.Tensor(shape=(None, 8, 8, 1), dtype=uint8)
  • kwargs=<class 'inspect._empty'>"""
TENSORFLOW = """Graph execution error:

Detected at node gradient_tape/mul defined at (most recent call last):
Incompatible shapes: [32,10] vs. [32,9]
\t [[{{node gradient_tape/mul}}]] [Op:__inference_one_step_on_data_1]"""
SQL = (
    "(sqlite3.OperationalError) unable to open database file\n(Background on this error at: https://sqlalche.me/e/20/e)"
)


@pytest.mark.parametrize(
    "said, kept",
    [
        (KERAS, "No gradient defined for operation: uint8"),
        (TENSORFLOW, "Incompatible shapes: [32,10] vs. [32,9]"),
        (SQL, "(sqlite3.OperationalError) unable to open database file"),
        ("while building:\n  no such axis\n", "no such axis"),
        ("one line", "one line"),
    ],
)
def test_last_line_that_says_what_is_wrong_is_kept(said: str, kept: str) -> None:
    assert in_one_line(ValueError(said)) == f"ValueError: {kept}"


def test_error_without_words_says_where_it_was_raised() -> None:
    with pytest.raises(ImportError) as caught:
        raise ImportError
    assert in_one_line(caught.value).startswith(f"ImportError, raised in {__file__}, line ")
