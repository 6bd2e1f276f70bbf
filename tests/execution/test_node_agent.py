"""What a node must have to work for a parent."""

from __future__ import annotations

from pathlib import Path

import pytest

from factory.core.installed import version
from factory.core.version import __version__
from factory.execution.environment import Environment
from factory.execution.ray.node_agent import NodeAgent
from factory.execution.requirements import NodeRequirements

JAX = Environment("jax", False, 1)


def refusal(requirements: NodeRequirements) -> str:
    """What a agent that starts no worker says."""
    agent = NodeAgent(JAX, (), {}, requirements)
    (event,) = agent.after(0)
    assert agent.worker is None and event["event"] == "gone" and event["broken"]
    return str(event["message"])


def test_node_with_another_version_is_refused(tmp_path: Path) -> None:
    found = {"factory": __version__, "numpy": version("numpy"), "torch": "0.1"}  # torch is no business of jax
    said = refusal(NodeRequirements(tmp_path, tmp_path, None, {**found, "keras": "2.0"}))
    assert said.endswith(
        f": has keras {version('keras')}, and the sweep was planned with 2.0; install the same on every node"
    )


@pytest.mark.parametrize("storage", [None, "memory://bucket"])
def test_node_without_our_folders_is_refused_unless_runs_travel(tmp_path: Path, storage: str | None) -> None:
    requirements = NodeRequirements(tmp_path, tmp_path / "sweep", storage, {})
    if storage is None:
        assert f": has no folder {tmp_path}/sweep; share it with every node" in refusal(requirements)
    else:
        agent = NodeAgent(JAX, (), {}, requirements)
        assert agent.worker is not None
        agent.close()
        assert not agent.scratch.exists()


def test_events_are_kept_until_they_were_seen(tmp_path: Path) -> None:
    agent = NodeAgent(JAX, (), {}, NodeRequirements(tmp_path, tmp_path / "none", None, {}))
    first = agent.after(0)
    assert agent.after(0) == first
    agent.keep({"event": "later"})
    assert agent.after(1) == [{"event": "later"}]
