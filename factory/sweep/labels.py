"""PARENT: short labels of jobs, made of the overrides in which they differ."""

from __future__ import annotations

import re
from collections.abc import Sequence

from factory.sweep.plan import Job

LONG_NUMBER = re.compile(r"-?\d+\.\d{5,}(e[+-]?\d+)?")


def varied(jobs: Sequence[Job]) -> list[str]:
    """Return the keys of the overrides in which jobs differ, in the order they were given."""
    common = set.intersection(*(set(job.overrides) for job in jobs)) if jobs else set()
    keys = (key_of(word) for job in jobs for word in job.overrides if word not in common)
    return list(dict.fromkeys(keys))


def values(job: Job, keys: Sequence[str]) -> dict[str, str]:
    """Return key → value of those of these keys that a job's overrides set."""
    found = {key_of(word): word.partition("=")[2] for word in job.overrides}
    return {key: found[key] for key in keys if key in found}


def label(job: Job, keys: Sequence[str]) -> str:
    """Return a job's label, such as ``job 3 train.backend=jax``."""
    return " ".join([f"job {job.number}", *(f"{key}={short(value)}" for key, value in values(job, keys).items())])


def short(value: str) -> str:
    """Shorten a long decimal number, such as a search chooses, to four significant digits."""
    return f"{float(value):.4g}" if LONG_NUMBER.fullmatch(value) else value


def key_of(word: str) -> str:
    """Return the key of an override without its sign (``+``, ``++``, ``~``)."""
    return word.partition("=")[0].lstrip("+~")
