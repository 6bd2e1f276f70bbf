"""PARENT: a sweep's command line: our short overrides, and the recorded command that ``sweep=resume`` goes on with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from factory.config.composition.hydra_node import refused_words
from factory.core import messages
from factory.core.errors import ConfigError
from factory.core.passwords import without_passwords
from factory.core.printable import tell
from factory.core.read_documents import read_document
from factory.core.sweep_documents import Sweep

RECORD = "sweep.json"
SWEEPS = Path("outputs", "sweeps")  # as conf/config.yaml has it
RESUME = "sweep="
FOLDER = "hydra.sweep.dir="
JOURNAL = "study.journal"
SWEEPER = "hydra/sweeper="
LAUNCHER = "hydra/launcher="
SHORT = {
    "launcher.": "hydra.launcher.",
    "reuse=": "hydra.launcher.reuse=",
    "search.": "hydra.sweeper.",
    "search=": SWEEPER,
}
HOW = (FOLDER, "hydra.launcher.", LAUNCHER, "launcher.", "reuse=")
FOLD = "data.split.fold="
FOLDS = re.compile(r"\+{0,2}data\.split\.folds=(\d{1,4})")
INTERVAL = re.compile(r"[^=]+=.*\binterval\(")


def in_full(words: Sequence[str]) -> list[str]:
    """Expand short overrides such as ``launcher.jobs=4`` to Hydra's own; add a search's sweeper, a split's folds."""
    full = []
    for word in words:
        short = next((short for short in SHORT if word.startswith(short)), "")
        full.append(SHORT.get(short, "") + word.removeprefix(short))
    if searches(words):
        return full if any(word.startswith(SWEEPER) for word in full) else [f"{SWEEPER}search", *full]
    return [*full, *(f"{FOLD}range({count})" for count in folds(words))]


def folds(words: Sequence[str]) -> list[int]:
    """Return the number of folds that these overrides ask for, in a list; empty where a fold is chosen, or none is."""
    counts = [int(found[1]) for word in words if (found := FOLDS.fullmatch(word))]
    return [] if any(word.lstrip("+").startswith(FOLD) for word in words) else counts[-1:]


def searches(words: Sequence[str]) -> bool:
    """Return whether these overrides are of a search: they set ``search`` options or contain an interval."""
    return any(word.startswith(("search.", "search=")) or INTERVAL.match(word) for word in words)


def for_one_run(words: Sequence[str]) -> list[str]:
    """Expand the short overrides of a single run, and refuse those that only a sweep understands.

    Raises:
        ConfigError: there are some; a message for each.
    """
    named = any(word.startswith(LAUNCHER) for word in words)
    short = [name for name in SHORT if not (named and name == "launcher.")]
    ours = [word for word in words if word.startswith((RESUME, *short))]
    if ours:
        raise ConfigError([f"{word.partition('=')[0]}: is of sweeps only; add -m" for word in ours])
    return in_full(words)


def resumed(words: Sequence[str]) -> list[str]:
    """Replace ``sweep=resume`` with the folder of the newest sweep that was started with the same overrides.

    Args:
        words: overrides as they were typed; ``sweep=resume`` alone takes the newest sweep of all, with its overrides.

    Raises:
        ConfigError: there is no such sweep.
    """
    asked = [word.removeprefix(RESUME) for word in words if word.startswith(RESUME)]
    kept = [word for word in words if not word.startswith(RESUME)]
    if not asked or any(word.startswith(FOLDER) for word in kept):
        return kept
    if asked[-1] != "resume":
        raise ConfigError(messages.wrong("sweep", asked[-1], "resume", ["resume"]))
    for record in sorted(SWEEPS.glob(f"*/*/{RECORD}"), reverse=True):
        try:
            command = (read_document(record, Sweep) or {}).get("command", [])
        except ConfigError as error:
            tell(str(error))
            continue
        if not job_words(kept) or sweep_identity(command) == sweep_identity(without_passwords(kept)):
            words = kept if job_words(kept) else [*job_words(checked_command(record, command)), *kept]
            return [*words, f"{FOLDER}{record.parent}"]
    raise ConfigError(f"sweep: got 'resume', and {SWEEPS} holds no sweep of these words; takes the folder: {FOLDER}…")


def checked_command(record: Path, command: list[str]) -> list[str]:
    """Return the command of a sweep record, checked as what a file says, since nobody typed it this time.

    Raises:
        ConfigError: it has overrides that a file may not set.
    """
    if found := [f"{record}: {line}" for line in refused_words(in_full(command))]:
        raise ConfigError(found)
    return command


def job_words(words: Sequence[str]) -> list[str]:
    """Return the overrides that define the jobs, without those that say how the jobs are run."""
    return [word for word in words if not word.startswith(HOW)]


def sweep_identity(words: Sequence[str]) -> tuple[bool, list[str]]:
    """Return what identifies a sweep: whether it is a search, and its overrides without the search's options."""
    return searches(words), [word for word in job_words(words) if not word.startswith("search.")]
