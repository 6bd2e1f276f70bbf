"""PARENT: What a sweep gives to servers: its best training, in every format that its jobs made of it, under one
version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory.core import contract
from factory.core.documents import read_summary, read_training
from factory.core.rundir import RunDir
from factory.pipeline import provenance
from factory.registry.publish import publish
from factory.sweep.outcome import Outcome


@dataclass(frozen=True)
class Release:
    """The best job's artifacts, and those that other jobs made of the same training in other formats.

    A server shows the newest version: a sweep that published each job as it ended would leave it with the last one.

    Args:
        best_first: the jobs' outcomes.
        tree: config of the best job.
    """

    best_first: Sequence[Outcome]
    tree: Mapping[str, Any]

    def publish(self) -> dict[str, dict[str, Any]]:
        """Give them one version number.

        Returns:
            For each target what run.json says of it, with its new version; the same one when it is done again.

        Raises:
            PublishError: the folder cannot be written.
        """
        run = RunDir(Path(self.best_first[0].job.folder))
        trained, made = read_training(run), self.made()
        if not made or trained is None:
            return {}
        models, name, facts = Path(self.tree["models"]), self.tree["name"], provenance.of_version(run, trained)
        artifacts = {target: folder for target, (folder, _) in made.items()}
        free = contract.may_change(self.tree)
        versions = publish(models, name, artifacts, facts, claim=run.path / "release.json", may_change=free)
        return {target: {**summary, "published": str(versions[target])} for target, (_, summary) in made.items()}

    def made(self) -> dict[str, tuple[Path, dict[str, Any]]]:
        """Artifact and summary of each target, from the best job that has it."""
        found: dict[str, tuple[Path, dict[str, Any]]] = {}
        for outcome in self.best_first:
            if outcome.status == "published" and outcome.job.train_key == self.best_first[0].job.train_key:
                run = RunDir(Path(outcome.job.folder))
                for target, summary in ((read_summary(run) or {}).get("targets") or {}).items():
                    found.setdefault(target, (run.artifact(target), summary))
        return found
