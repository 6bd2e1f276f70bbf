"""PARENT: Where an expansion is: the graph that is expanded, and the place of one use in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from factory.config.blocks.declared import Graph
from factory.config.blocks.origins import Origin
from factory.config.blocks.parameters import Scope, substituted
from factory.config.topology import joined


@dataclass(frozen=True)
class Around:
    """A graph in one expansion.

    Args:
        graph: as declared.
        name: begins the names of its expanded nodes; empty for the model's own.
        scope: the parameters of its block; None for the model.
        uses: config paths of the nodes that use the blocks around it.
        chain: names of the blocks around it.
        twin: begins the names of the nodes whose layers it calls again; None where it has layers of its own.
    """

    graph: Graph
    name: str = ""
    scope: Scope | None = None
    uses: tuple[str, ...] = ()
    chain: tuple[str, ...] = ()
    twin: str | None = None

    def source(self, name: str) -> tuple[Any, Origin]:
        """Return a node with its parameters filled in, and where it was declared."""
        values: dict[str, str] = {}
        node = self.graph.nodes[name]
        filled = node if self.scope is None else substituted(node, self.scope, values)
        return filled, Origin(f"{self.graph.path}.{name}", self.uses, values)


@dataclass(frozen=True)
class Place:
    """A place that a use is expanded at.

    Args:
        name: of the expanded node, or what the names of its nodes begin with.
        origin: where it was declared.
        around: the graph it stands in.
        twin: name of the node whose layers it calls again; None where it has layers of its own.
    """

    name: str
    origin: Origin
    around: Around
    twin: str | None = None

    def below(self, step: str) -> Place:
        """Return the place of a part of this use."""
        twin = None if self.twin is None else joined(self.twin, step)
        return replace(self, name=joined(self.name, step), twin=twin)

    @property
    def within(self) -> tuple[str, ...]:
        """Config paths of the nodes that lead to what stands inside this use."""
        return (*self.origin.uses, self.origin.path)
