"""PARENT: One training for all the jobs that ask for the same one: its files are linked from run to run."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from factory.core.documents import Origin, read_document, read_training
from factory.core.files import holds, making, write_json
from factory.core.rundir import ORIGIN, RunDir
from factory.registry.publish import link_or_copy


def inherit(run: RunDir, key: str, donors: Iterable[Path]) -> None:
    """Give a run the finished training of another one, where there is one and its files are untouched.

    The files are links: a run replaces its files and never writes into them, so neither can spoil the other.

    Args:
        run: of the job that is about to start.
        key: of the training it needs.
        donors: folders of runs with the same training, the first one best.
    """
    if is_trained(run, key):
        return
    for donor in map(RunDir, donors):
        if donor.path != run.path and is_trained(donor, key):
            with making(run.train) as folder:
                for file in ("report.json", *hashes(donor)):
                    link_or_copy(str(donor.train / file), str(folder / file))
                if donor.history.exists():
                    link_or_copy(str(donor.history), str(folder / donor.history.name))
                write_json(folder / ORIGIN, {"run": origin(donor) or str(donor.path), "key": key})
            return
    (run.train / ORIGIN).unlink(missing_ok=True)  # what it once had from another run is gone or spoiled


def is_trained(run: RunDir, key: str) -> bool:
    """Whether a run holds this training, whole and untouched."""
    report = read_training(run)
    return (
        report is not None
        and report["key"] == key
        and all(holds(run.train / file, digest) for file, digest in report["sha256"].items())
    )


def hashes(run: RunDir) -> dict[str, str]:
    return dict((read_training(run) or {}).get("sha256", {}))


def origin(run: RunDir) -> str | None:
    """The run whose training this one has, None where it is its own."""
    found = read_document(run.train / ORIGIN, Origin)
    return found["run"] if found else None
