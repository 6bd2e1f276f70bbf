"""Names by which clients call columns."""

from __future__ import annotations

import doctest

from factory.preprocessing import inputs
from factory.preprocessing.inputs import LONGEST, inputs_of


def test_the_example_holds() -> None:
    assert doctest.testmod(inputs).failed == 0


def test_a_name_that_clients_can_write_stays_and_others_make_way() -> None:
    assert inputs_of(["a b", "a_b", "a-b", "a_b_2"]) == {"a b": "a_b_3", "a_b": "a_b", "a-b": "a_b_4", "a_b_2": "a_b_2"}


def test_names_of_tensors_outputs_and_words_of_python_are_avoided() -> None:
    columns = ["numbers", "codes", "self", "risk", "risk_probabilities", "None", "a__b", "_x"]
    assert list(inputs_of(columns, ["risk", "risk_probabilities"]).values()) == [
        *("numbers_2", "codes_2", "self_2", "risk_2", "risk_probabilities_2", "None_2", "a__b", "x")
    ]


def test_any_names_become_different_identifiers_of_ascii() -> None:
    columns = ["", " ", "日本", "日", "é", "e\u0301", "1", "½", "x" * 500, "x" * 501, "\0", "🙂", "a\nb", "ﬁ"]
    made = list(inputs_of(columns).values())
    assert len(set(made)) == len(columns)
    assert all(name.isascii() and name.isidentifier() and len(name) <= LONGEST + 20 for name in made)
