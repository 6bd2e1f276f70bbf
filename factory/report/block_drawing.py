"""PARENT: The drawing of a large model by its blocks: each is one box, and has a drawing of its own that it opens.

The names of expanded nodes say which block they are of: ``stage2-block3-conv1`` is in ``stage2-block3``, in ``stage2``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from factory.config.topology import SEPARATOR, joined
from factory.report.graph_layout import Drawing, draw

FEW = 24
"""Nodes of a model that is drawn whole, whatever its blocks."""

MOST_BOXES = 3000
"""Boxes of all drawings of a page; a block beyond them is a box that opens nothing."""

Node = Mapping[str, Any]


@dataclass(frozen=True)
class View:
    """One drawing: of the whole model, or of one block.

    Args:
        name: of the block, empty for the model.
        drawing: its boxes; one that stands for a block has ``layers``, how many it holds.
        views: of the blocks in it.
    """

    name: str
    drawing: Drawing
    views: list[View] = field(default_factory=list)

    @property
    def opens(self) -> set[str]:
        """The names of the boxes that open a drawing."""
        return {view.name for view in self.views}


def folded(nodes: Sequence[Node]) -> View | None:
    """Return the drawing of a model by its blocks; of a small model, and of one without blocks, whole.

    Args:
        nodes: as architecture.json holds them, each after those that feed it; None is returned where there are none.
    """
    if not nodes:
        return None
    if len(nodes) <= FEW:
        return View("", draw(nodes))
    return _view("", nodes, nodes, _Budget(MOST_BOXES))


@dataclass
class _Budget:
    """How many boxes may still be drawn."""

    left: int


def _view(name: str, nodes: Sequence[Node], inside: Sequence[Node], budget: _Budget) -> View:
    """Return the drawing of one block and of the blocks in it.

    Args:
        name: of the block.
        nodes: of the whole model.
        inside: those of the block.
        budget: of boxes, which shrinks.
    """
    parts: dict[str, list[Node]] = {}
    for node in inside:
        parts.setdefault(_part(name, node["name"]), []).append(node)
    part_of = {node["name"]: part for part, members in parts.items() for node in members}
    boxes = [_box(part, members, part_of) for part, members in parts.items()]
    ordered = _in_order([*_outside(name, boxes, nodes), *boxes])
    if ordered is None:  # names of the user's own that only look like those of blocks
        return View(name, draw(inside if not name else [*_outside(name, inside, nodes), *inside]))
    budget.left -= len(ordered)
    made = View(name, draw(ordered))
    for part, members in parts.items():
        if len(members) > 1 and part != name and budget.left > 0:
            made.views.append(_view(part, nodes, members, budget))
    return made


def _part(block: str, node: str) -> str:
    """Return the name of the node, or of the block, inside a block that a node belongs to.

    >>> _part("stage2", "stage2-block3-conv1"), _part("", "stem (2)")
    ('stage2-block3', 'stem (2)')
    """
    rest = node.removeprefix(block + SEPARATOR) if block else node
    first, separator, _ = rest.partition(SEPARATOR)
    return joined(block, first) if separator else node


def _box(part: str, members: Sequence[Node], part_of: Mapping[str, str]) -> dict[str, Any]:
    """Return the box of a node, or of a block with all its nodes, fed by what lies around it."""
    sources = (part_of.get(source, source) for node in members for source in node["from"])
    box = dict(members[-1], **{"from": list(dict.fromkeys(source for source in sources if source != part))})
    if len(members) == 1:
        return box
    sums = {key: sum(node[key] for node in members) for key in ("parameters", "trainable")}
    return {**box, **sums, "name": part, "kind": f"{len(members)} layers", "inside": 0, "layers": len(members)}


def _outside(name: str, boxes: Sequence[Node], nodes: Sequence[Node]) -> Iterator[dict[str, Any]]:
    """Yield a box for each node outside of a block that feeds it."""
    own = {box["name"] for box in boxes}
    wanted = {source for box in boxes for source in box["from"]} - own
    for node in nodes if name else ():
        if node["name"] in wanted:
            yield {**node, "from": [], "parameters": 0, "trainable": 0, "outside": True}


def _in_order(boxes: Sequence[dict[str, Any]]) -> list[dict[str, Any]] | None:
    """Return boxes, each after those that feed it; None where two feed each other."""
    waiting = {box["name"]: box for box in boxes}
    ready: list[dict[str, Any]] = []
    while waiting:
        free = [name for name, box in waiting.items() if not any(source in waiting for source in box["from"])]
        if not free:
            return None
        ready += [waiting.pop(name) for name in free]
    return ready
