"""PARENT: Provenance in run.json: where a run took place and what came out of it."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Mapping
from typing import Any

from factory.core.installed import all_versions
from factory.core.process import cores
from factory.core.rundir import RunDir
from factory.registry.publish import MODEL


def surroundings() -> dict[str, Any]:
    """Return the revision of the working folder, the versions of all installed packages, and the machine."""
    return {
        "git": git_revision(),
        "versions": all_versions(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": cores(),
    }


def git_revision() -> str | None:
    """Return ``git describe`` of the working folder, with ``-dirty`` where files differ; None outside a repository."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--match="]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None


def of_version(run: RunDir, trained: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the record of a published version says of its origin; ``trained`` is train/report.json.

    Versions go to servers and to other people: the run is named by its folder, without the path on this machine.
    """
    return {
        "run": "/".join(run.path.resolve().parts[-2:]),
        MODEL: trained["sha256"][run.model.name],
        "signature": trained["signature"],
        **({"raw": trained["raw"]} if "raw" in trained else {}),
        "labels": {output["name"]: output["labels"] for output in trained["data"]["outputs"]},
        **{name: trained[name] for name in ("metrics", "test_metrics") if name in trained},
    }


def timings_of_commands(summary: Mapping[str, Any]) -> list[list[dict[str, Any]]]:
    """Return the timings of each command that worked on a run, in order; a killed command has left none."""
    return [timings for timings in (*summary.get("earlier_timings", ()), summary.get("timings")) if timings]


def target_summary(report: Mapping[str, Any], settings: Mapping[str, Any], published: str | None) -> dict[str, Any]:
    """Return the part of a target's report that tables show; ``settings`` is the target's node of the config."""
    shown = ("status", "backend", "bytes", "difference", "metric", "latency", "error", "broke", "attempts")
    raw = {name: report[name] for name in ("encoded", "latency_encoded") if name in report}
    return {**{name: report.get(name) for name in shown}, **raw, "published": published, "serve": settings.get("serve")}


def of_artifacts(targets: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return target → what the record of its version says of it alone; ``targets`` are their reports or summaries."""
    return {name: {"encoded": report["encoded"]} for name, report in targets.items() if "encoded" in report}
