"""PARENT: Synchronization of a sweep's run folders: sent before a stage, fetched after events that speak of files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from fsspec.core import url_to_fs

from factory.core import foreign_errors, messages
from factory.core.errors import ConfigError, FactoryError
from factory.core.files import read_json, write_json
from factory.core.rundir import RunDir
from factory.execution.ray.node_agent import TELLING
from factory.execution.ray.sync import FolderSync
from factory.execution.requirements import STORAGE, NodeRequirements


class RunFolders:
    """The run folders of a sweep and their copies behind a URL.

    Where nodes share the sweep's folder nothing is sent; paths are merely made absolute.

    Args:
        requirements: what every node has in common with the parent.
    """

    def __init__(self, requirements: NodeRequirements) -> None:
        self.requirements = requirements
        self.syncs: dict[str, FolderSync] = {}
        self.jobs: dict[int, FolderSync] = {}

    def sent(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Send the files of a stage's run and return the request as a node takes it.

        Raises:
            FactoryError: the URL cannot be reached.
        """
        run, log = (Path(request[name]).resolve() for name in ("run", "log"))
        if self.requirements.storage:
            name = run.relative_to(self.requirements.root).as_posix()
            left = RunDir(run).checkpoint.relative_to(run).as_posix()  # large, and of no use here
            sync = self.syncs.setdefault(name, FolderSync(run, f"{self.requirements.storage}/{name}", left))
            self.jobs[request["id"]] = sync
            sync.send()
        return {**request, "run": str(run), "log": str(log)}

    def fetched(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Fetch the files that an event is about and return the event, or a failed one where they cannot be had."""
        job = event.get("id")
        if event["event"] not in TELLING or job not in self.jobs:
            return dict(event)
        try:
            self.jobs[job].fetch()
        except FactoryError as error:
            code = event.get("code") or error.exit_code
            return {**event, "event": "exit", "code": code, "cause": f"left no files: {error}"}
        return dict(event)


def url_of(root: Path, storage: str) -> str:
    """Return the URL of a sweep's own folder in the storage: the same each time, and no other sweep's.

    Raises:
        ConfigError: fsspec does not open such a URL.
    """
    try:
        url_to_fs(storage)
    except (ImportError, ValueError) as error:
        takes = f"a URL that fsspec opens; {foreign_errors.first_line(error)}"
        raise ConfigError(messages.wrong("launcher.storage", storage, takes)) from error
    earlier = read_json(root / STORAGE) or {}
    if earlier.get("storage") != storage:
        earlier = {"storage": storage, "url": f"{storage.rstrip('/')}/{root.name}-{uuid4().hex[:8]}"}
        write_json(root / STORAGE, earlier)
    return str(earlier["url"])
