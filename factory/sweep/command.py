"""The words of a sweep's command line that are ours, and the command that an earlier sweep was started with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from factory import faults
from factory.errors import ConfigError
from factory.rundir import read_json

RECORD = "sweep.json"
SWEEPS = Path("outputs", "sweeps")  # as conf/config.yaml has it
RESUME = "sweep="
FOLDER = "hydra.sweep.dir="
SHORT = {"launcher.": "hydra.launcher.", "reuse=": "hydra.launcher.reuse="}


def in_full(words: Sequence[str]) -> list[str]:
    """``launcher.jobs=4`` and ``reuse=false`` as Hydra knows them."""
    full = []
    for word in words:
        short = next((short for short in SHORT if word.startswith(short)), "")
        full.append(SHORT.get(short, "") + word.removeprefix(short))
    return full


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
        raise ConfigError(faults.wrong("sweep", asked[-1], "resume", ["resume"]))
    for record in sorted(SWEEPS.glob(f"*/*/{RECORD}"), reverse=True):
        command = (read_json(record) or {}).get("command", [])
        if not what(kept) or what(command) == what(kept):
            return [*(kept if what(kept) else [*what(command), *kept]), f"{FOLDER}{record.parent}"]
    raise ConfigError(f"sweep: got 'resume', and {SWEEPS} holds no sweep of these words; takes the folder: {FOLDER}…")


def what(words: Sequence[str]) -> list[str]:
    """The words that say which jobs there are, without those that say how they are run."""
    return [word for word in words if not word.startswith((FOLDER, "hydra.launcher.", "hydra/launcher=", *SHORT))]
