"""PARENT: the reuse of trainings: jobs with the same training share its files by links between their run folders."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from factory.core.documents import Origin
from factory.core.files import replacing_folder, write_json
from factory.core.read_documents import read_document, read_intact_training, read_training
from factory.core.rundir import ORIGIN, RunDir
from factory.registry.publish import link_or_copy


def inherit(run: RunDir, key: str, donors: Iterable[Path]) -> None:
    """Link the finished training of another run into a run, where a donor has it whole and unchanged.

    Links are safe: a run replaces its files and never writes into them, so neither run can change the other.

    Args:
        run: run of the job that is about to start.
        key: cache key of the training it needs.
        donors: folders of runs with the same training, in order of preference.
    """
    if read_intact_training(run, key):
        return
    for donor in map(RunDir, donors):
        if donor.path != run.path and read_intact_training(donor, key):
            with replacing_folder(run.train) as folder:
                for file in ("report.json", *hashes(donor)):
                    link_or_copy(str(donor.train / file), str(folder / file))
                if donor.history.exists():
                    link_or_copy(str(donor.history), str(folder / donor.history.name))
                write_json(folder / ORIGIN, {"run": origin(donor) or str(donor.path), "key": key})
            return
    (run.train / ORIGIN).unlink(missing_ok=True)  # a training it once had from another run is gone or damaged


def hashes(run: RunDir) -> dict[str, str]:
    """Return file → SHA-256 of a run's training; empty where it has none."""
    return dict((read_training(run) or {}).get("sha256", {}))


def origin(run: RunDir) -> str | None:
    """Return the folder of the run whose training this run shares; None where the training is its own."""
    found = read_document(run.train / ORIGIN, Origin)
    return found["run"] if found else None
