"""PARENT: what passed the gate becomes the next numbered version, by one rename for each target.

``<models>/<target>/<name>/<version>/`` is what servers read. A version is built under ``<models>/.staging`` and renamed
into place whole, so that no server ever sees half of one. A number is taken for all targets of a run at once, by making
the folder ``<models>/.versions/<name>/<version>``: making a folder is atomic, so two runs never get the same one.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from factory.errors import PublishError
from factory.rundir import read_json, write_json

RECORD = "factory.json"


def publish(
    models: Path, name: str, artifacts: Mapping[str, Path], record: Mapping[str, Any], *, claim: Path
) -> dict[str, Path]:
    """Publish a run's artifacts under one version number.

    Args:
        models: the folder of all model repositories, ``outputs/models``.
        name: the model's published name.
        artifacts: the folder of each target's artifact, all of which passed the gate.
        record: goes into each version as ``factory.json``: where it came from and what was proven.
        claim: a file of the run that keeps its number: a run that was killed half-way goes on with the same one.

    Returns:
        The version folder of each target.

    Raises:
        PublishError: the folder cannot be written.
    """
    try:
        claimed = read_json(claim)
        if not claimed or claimed["name"] != name:
            claimed = {"name": name, "version": next_version(models, name)}
            write_json(claim, claimed)
        version = claimed["version"]
        published = {target: models / target / name / str(version) for target in artifacts}
        for target, folder in published.items():
            if not folder.exists():
                place(artifacts[target], folder, {**record, "target": target, "name": name, "version": version}, models)
        return published
    except OSError as error:
        raise PublishError(f"{models}: cannot publish {name}: {error.strerror or error}") from error


def next_version(models: Path, name: str) -> int:
    """Take the number after the highest one taken or published."""
    taken = models / ".versions" / name
    taken.mkdir(parents=True, exist_ok=True)
    while True:
        numbers = [
            int(folder.name)
            for pattern in (f"*/{name}/*", f".versions/{name}/*")
            for folder in models.glob(pattern)
            if folder.name.isdecimal()
        ]
        version = max(numbers, default=0) + 1
        try:
            (taken / str(version)).mkdir()
            return version
        except FileExistsError:  # another run took it between our look and our hand
            continue


def place(artifact: Path, folder: Path, record: Mapping[str, Any], models: Path) -> None:
    """Build the version in the staging folder, then rename it into place."""
    staging = models / ".staging"
    staging.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=staging))
    try:
        built = temporary / folder.name
        shutil.copytree(artifact, built, copy_function=link_or_copy)
        write_json(built / RECORD, record)
        folder.parent.mkdir(parents=True, exist_ok=True)
        built.rename(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def link_or_copy(source: str, destination: str) -> None:
    """Published files never change, so they may share the run's bytes; across file systems they are copied."""
    try:
        os.link(source, destination)
    except OSError:
        shutil.copy2(source, destination)
