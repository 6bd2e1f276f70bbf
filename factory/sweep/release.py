"""PARENT: the release of a sweep: its best training, published once in every format that its jobs exported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory.core import contract
from factory.core.read_documents import read_summary, read_training
from factory.core.rundir import RunDir
from factory.pipeline import provenance
from factory.pipeline.requirements import require_scores
from factory.registry.publish import publish
from factory.sweep.outcome import Outcome


@dataclass(frozen=True)
class Release:
    """The artifacts of the best job, and those that other jobs exported from the same training.

    A server loads the newest version: if a sweep published each job as it ended, the last job would be served.

    Args:
        best_first: outcomes of the jobs, the best first.
        tree: config of the best job.
    """

    best_first: Sequence[Outcome]
    tree: Mapping[str, Any]

    def publish(self) -> dict[str, dict[str, Any]]:
        """Publish all artifacts under one version number.

        Returns:
            Target → its part of run.json, with the folder of the new version; a repeated call gives the same version.

        Raises:
            RequirementError: the best training does not reach what its config requires.
            PublishError: the folder of versions cannot be written.
        """
        run = RunDir(Path(self.best_first[0].job.folder))
        trained, made = read_training(run), self.made()
        if not made or trained is None:
            return {}
        require_scores(self.tree, trained, Path(self.tree["models"]), deployed=True)
        models, name, facts = Path(self.tree["models"]), self.tree["name"], provenance.of_version(run, trained)
        artifacts = {target: folder for target, (folder, _) in made.items()}
        free = contract.may_change(self.tree)
        alone = provenance.of_artifacts({target: summary for target, (_, summary) in made.items()})
        claim = run.path / "release.json"
        versions = publish(models, name, artifacts, facts, alone, claim=claim, may_change=free)
        return {target: {**summary, "published": str(versions[target])} for target, (_, summary) in made.items()}

    def made(self) -> dict[str, tuple[Path, dict[str, Any]]]:
        """Return target → artifact folder and summary, from the best job that has the target."""
        found: dict[str, tuple[Path, dict[str, Any]]] = {}
        for outcome in self.best_first:
            if outcome.status == "published" and outcome.job.train_key == self.best_first[0].job.train_key:
                run = RunDir(Path(outcome.job.folder))
                for target, summary in ((read_summary(run) or {}).get("targets") or {}).items():
                    found.setdefault(target, (run.artifact(target), summary))
        return found
