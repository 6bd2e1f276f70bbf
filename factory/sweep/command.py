"""PARENT: The words of a sweep's command line that are ours, and the command that an earlier sweep was started with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from factory.config.composition.hydra_node import refused_words
from factory.core import messages
from factory.core.documents import Sweep, read_document
from factory.core.errors import ConfigError
from factory.core.passwords import without_passwords
from factory.core.printable import tell

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
INTERVAL = re.compile(r"[^=]+=.*\binterval\(")


def in_full(words: Sequence[str]) -> list[str]:
    """``launcher.jobs=4``, ``reuse=false`` and ``search.trials=9`` as Hydra knows them; a search names its sweeper."""
    full = []
    for word in words:
        short = next((short for short in SHORT if word.startswith(short)), "")
        full.append(SHORT.get(short, "") + word.removeprefix(short))
    named = any(word.startswith(SWEEPER) for word in full)
    return [f"{SWEEPER}search", *full] if searches(words) and not named else full


def searches(words: Sequence[str]) -> bool:
    """Whether these words are a search: they say how, or name numbers without end."""
    return any(word.startswith(("search.", "search=")) or INTERVAL.match(word) for word in words)


def for_one_run(words: Sequence[str]) -> list[str]:
    """Return the words of a single run in full; those that only a sweep understands are refused.

    Raises:
        ConfigError: a line for each.
    """
    named = any(word.startswith(LAUNCHER) for word in words)
    short = [name for name in SHORT if not (named and name == "launcher.")]
    ours = [word for word in words if word.startswith((RESUME, *short))]
    if ours:
        raise ConfigError([f"{word.partition('=')[0]}: is of sweeps only; add -m" for word in ours])
    return in_full(words)


def resumed(words: Sequence[str]) -> list[str]:
    """The command without ``sweep=resume``, in the folder of the newest sweep that was started with the same words.

    Args:
        words: as they were typed; ``sweep=resume`` alone takes the newest sweep of all.

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
        if not what(kept) or jobs(command) == jobs(without_passwords(kept)):
            words = kept if what(kept) else [*what(judged(record, command)), *kept]
            return [*words, f"{FOLDER}{record.parent}"]
    raise ConfigError(f"sweep: got 'resume', and {SWEEPS} holds no sweep of these words; takes the folder: {FOLDER}…")


def judged(record: Path, command: list[str]) -> list[str]:
    """The words of a sweep's record that nobody typed this time: they are a file's and may do what a file may.

    Raises:
        ConfigError: they reach for more.
    """
    if found := [f"{record}: {line}" for line in refused_words(in_full(command))]:
        raise ConfigError(found)
    return command


def what(words: Sequence[str]) -> list[str]:
    """The words that say which jobs there are, without those that say how they are run."""
    return [word for word in words if not word.startswith(HOW)]


def jobs(words: Sequence[str]) -> tuple[bool, list[str]]:
    """Whether they are a search, and of what: more trials or another sampler go on with the same one."""
    return searches(words), [word for word in what(words) if not word.startswith("search.")]
