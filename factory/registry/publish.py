"""PARENT: Publication: artifacts that passed the gate become the next numbered version, by one rename for each target.

``<models>/<target>/<name>/<version>/`` is what servers read. A version is built under ``<models>/.staging`` and renamed
into place whole, so that no server ever sees half of one. A number is taken for all targets of a run at once, by making
the folder ``<models>/.versions/<name>/<version>``: making a folder is atomic, so two runs never get the same one. It
holds the claim: which run has the number, and the hashes of what was published under it. The run keeps a copy of the
claim and has the number only while both agree: in another folder of versions, or with other contents, it takes another.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from factory.core import contract, locks
from factory.core.documents import Claim, Record
from factory.core.errors import ConfigError, PublishError
from factory.core.files import sha256, write_json
from factory.core.messages import wrong
from factory.core.names import NAME_WORDS, is_name, is_target
from factory.core.read_documents import read_document
from factory.core.removal import remove_inside

RECORD = "factory.json"
DEPTH = 3
"""Number of folders above a version's own: that of its name, that of its target, that of all versions."""

MODEL = "model_sha256"
"""The field of a record with the SHA-256 of the trained model: artifacts of another model are other contents."""


def publish(
    models: Path,
    name: str,
    artifacts: Mapping[str, Path],
    record: Mapping[str, Any],
    alone: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    claim: Path,
    may_change: bool = False,
) -> dict[str, Path]:
    """Publish a run's artifacts under one version number.

    Args:
        models: folder of all published versions, ``outputs/models``.
        name: published name of the model.
        artifacts: target → folder of its artifact, which passed the gate.
        record: contents of ``factory.json`` in each version: the origin of the model and what was measured.
        alone: target → what the record of its version says besides.
        claim: file in the run's folder that keeps the run's number, so that a killed run goes on with the same one.
        may_change: whether a new version may have another signature than the newest one.

    Returns:
        Target → folder of its version.

    Raises:
        PublishError: the folder cannot be written, or clients of the newest version would break; nothing is published.
    """
    if not is_name(name) or not all(map(is_target, artifacts)):
        raise PublishError(wrong("name", name, NAME_WORDS))
    hashes = {target: sha256(artifact) for target, artifact in artifacts.items()}
    model = {MODEL: record[MODEL]} if MODEL in record else {}
    try:
        version = kept_version(models, name, {**hashes, **model}, claim)
        if version is None:
            if not may_change:
                contract.require_same(name, newest(models, name), record)
            version = new_version(models, name, {**hashes, **model}, claim)
        published = {target: models / target / name / str(version) for target in artifacts}
        for target, folder in published.items():
            if not folder.exists():
                own = {"target": target, "name": name, "version": version, "sha256": hashes[target]}
                place_version(artifacts[target], folder, {**record, **(alone or {}).get(target, {}), **own}, models)
        return published
    except OSError as error:
        raise PublishError(f"{models}: cannot publish {name}: {error.strerror or error}") from error


def newest(models: Path, name: str) -> dict[str, Any] | None:
    """Return the record of the newest version of a name; None where no version has a record with a signature."""
    numbers = [int(folder.name) for folder in models.glob(f"[!.]*/{name}/*") if folder.name.isdecimal()]
    for folder in models.glob(f"[!.]*/{name}/{max(numbers, default=0)}"):
        with suppress(ConfigError):  # a file that is no record of ours is ignored
            record = read_document(folder / RECORD, Record)
            if record and "signature" in record:
                return record
    return None


def kept_version(models: Path, name: str, contents: Mapping[str, str], claim: Path) -> int | None:
    """Return the number that a run already has for these contents in this folder of versions; None where it has none.

    A target that the version does not have yet is added to it; a target that it has with other contents is not.
    """
    mine = read_document(claim, Claim)
    if mine and mine["name"] == name:
        known = claimed(mine, models)
        if known is not None and hashes_agree(known, contents) and is_whole(models, mine, contents):
            if not contents.items() <= known.items():
                keep_claim({**mine, "contents": {**known, **contents}}, models, claim)
            return int(mine["version"])
    return None


def new_version(models: Path, name: str, contents: Mapping[str, str], claim: Path) -> int:
    """Take a new number for these contents and write its claim."""
    version = next_version(models, name)
    fields = {"claim": uuid4().hex, "name": name, "version": version, "contents": dict(contents)}
    keep_claim({**fields, "run": str(claim.parent.resolve())}, models, claim)
    return version


def claimed(mine: Mapping[str, Any], models: Path) -> dict[str, str] | None:
    """Return the hashes published under a run's claim; None where this folder of versions does not have that claim."""
    theirs = read_document(path_of_claim(models, mine["name"], mine["version"]), Claim)
    if theirs is None or "claim" not in mine or theirs.get("claim") != mine["claim"]:
        return None
    return dict(theirs.get("contents", {}))


def hashes_agree(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Return whether two mappings of hashes agree on every key that both have."""
    return all(one[part] == other[part] for part in one.keys() & other.keys())


def is_whole(models: Path, claim: Mapping[str, Any], contents: Mapping[str, str]) -> bool:
    """Return whether all that lies under a claim's number is still what was published."""
    folders = {
        target: models / target / claim["name"] / str(claim["version"]) for target in contents if target != MODEL
    }
    return all(sha256(folder, but=RECORD) == contents[target] for target, folder in folders.items() if folder.exists())


def keep_claim(fields: Mapping[str, Any], models: Path, claim: Path) -> None:
    """Write a claim to the folder of versions, then to the run; a kill in between only leaves a number unused."""
    write_json(path_of_claim(models, fields["name"], fields["version"]), fields)
    write_json(claim, fields)


def path_of_claim(models: Path, name: str, version: int) -> Path:
    """Return the path of a version's claim in the folder of versions."""
    return models / f".versions/{name}/{version}/claim.json"


def models_of(version: Path) -> Path:
    """Return the folder of versions that holds a version, ``<models>/<target>/<name>/<version>``."""
    return version.absolute().parents[2]


def origin_of(version: Path) -> Path:
    """Return the folder of the run that published a version, as the claim in the folder of versions names it.

    Raises:
        ConfigError: there is no claim, as for a version that was copied from another machine.
    """
    record = read_document(version / RECORD, Record) or {}
    deep = len(version.absolute().parents) > DEPTH
    claim_file = path_of_claim(models_of(version), record["name"], record["version"]) if deep else None
    claim = read_document(claim_file, Claim) if claim_file else None
    if claim is None or "run" not in claim:
        raise ConfigError(f"run: got {str(version)!r}; takes a version in the folder that it was published to")
    return Path(claim["run"])


def next_version(models: Path, name: str) -> int:
    """Take the number after the highest one that is taken or published."""
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
        except FileExistsError:  # another run took it since we looked
            continue


def place_version(artifact: Path, folder: Path, record: Mapping[str, Any], models: Path) -> None:
    """Build a version in the staging folder, then rename it into place."""
    with staging(models) as temporary:
        built = temporary / folder.name
        shutil.copytree(artifact, built, copy_function=link_or_copy)
        write_json(built / RECORD, record)
        folder.parent.mkdir(parents=True, exist_ok=True)
        built.rename(folder)


@contextmanager
def staging(models: Path) -> Iterator[Path]:
    """Make a temporary folder in the staging folder.

    What killed processes left there is removed first, where nobody else is publishing.
    """
    folder = models / ".staging"
    folder.mkdir(parents=True, exist_ok=True)
    with locks.opened(folder) as lock:
        if locks.try_lock(lock):
            for left in folder.glob("tmp*"):
                remove_inside(left, inside=models)
        locks.share_lock(lock)
        temporary = Path(tempfile.mkdtemp(dir=folder, prefix="tmp"))
        try:
            yield temporary
        finally:
            remove_inside(temporary, inside=models)


def link_or_copy(source: str, destination: str) -> None:
    """Link a published file to the run's, since neither ever changes; copy it across file systems."""
    try:
        os.link(source, destination)
    except OSError:
        shutil.copy2(source, destination)
