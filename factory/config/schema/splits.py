"""PARENT: The schema of the node ``data.split``, and how its keys must fit each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from factory.config.schema.strict import Fields
from factory.config.schema.values import Bool, Null, Str, integer, number, union
from factory.core import messages

fraction = number("a number between 0 and 1, both excluded", lambda value: 0 < value < 1)
or_null = {kind: union(type_, Null) for kind, type_ in (("share", fraction), ("text", Str))}

SPLIT: Fields = {
    "validation": (fraction, 0.2, "Share of the rows that the model is judged by after each epoch."),
    "test": (or_null["share"], None, "Share of the rows that it is judged by once, after training; null has none."),
    "seed": (integer(0), 0, "Of the draw."),
    "stratified": (Bool, True, "Every class keeps its share."),
    "group": (or_null["text"], None, "A column whose equal values are never on two sides."),
    "time": (or_null["text"], None, "A column by which later rows judge: validation after training, test after that."),
    "file": (or_null["text"], None, "A file of its own for the validation rows; then none are drawn."),
    "test_file": (or_null["text"], None, "A file of its own for the test rows; then none are drawn."),
    "folds": (union(integer(2), Null), None, "Parts of a cross-validation, each for validation once; a sweep."),
    "fold": (union(integer(0), Null), None, "Which of them is for validation, from 0; the sweep sets it."),
}

FILES = ("file", "test_file")
"""The keys that name files of rows."""

EXCLUSIVE = (("group", "time"), ("test", "test_file"), ("file", "folds"))


def split_files(data: Mapping[str, Any]) -> dict[str, str]:
    """Return config path → file, for the files that ``data.split`` names."""
    split = data.get("split") or {}
    return {f"data.split.{key}": str(split[key]) for key in FILES if split.get(key) is not None}


def split_that_draws(split: Mapping[str, Any]) -> dict[str, Any]:
    """Return a split without keys that say nothing; earlier releases had but the share, seed, strata and file."""
    said_always = ("validation", "seed", "stratified", "file")
    return {key: value for key, value in split.items() if key in said_always or value is not None}


def misfits(split: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each pair of keys that cannot go together.

    Args:
        split: the node, each key valid by itself.
    """
    for one, other in EXCLUSIVE:
        if split.get(one) is not None and split.get(other) is not None:
            yield messages.wrong(f"data.split.{other}", split[other], f"null beside data.split.{one}: one of the two")
    validation, test = split.get("validation", 0.2), split.get("test")
    if test is not None and split.get("file") is None and split.get("folds") is None and validation + test >= 1:
        yield messages.wrong("data.split.test", test, f"less than 1 with data.split.validation, {validation}")
    folds, fold = split.get("folds"), split.get("fold")
    if folds is None and fold is not None:
        yield messages.missing("data.split.folds", f"how many folds there are, since data.split.fold is {fold}")
    elif folds is not None and fold is None:
        how = f"a cross-validation is a sweep: python -m factory -m data.split.folds={folds} …"
        yield messages.missing("data.split.fold", f"an integer from 0 to {folds - 1}; {how}")
    elif folds is not None and fold >= folds:
        yield messages.wrong("data.split.fold", fold, f"an integer from 0 to {folds - 1}")
