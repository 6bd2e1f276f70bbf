"""PARENT: the layout of a layered graph: inputs on top, each node below all nodes that feed it.

After Sugiyama, Tagawa and Toda (1981): ranks by the longest path from an input, a bend wherever an edge passes a rank,
ranks ordered by the mean position of their neighbours, boxes moved towards their neighbours as far as there is room.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

WIDTH, HEIGHT, GAP, RISE, BEND = 216, 50, 22, 34, 14  # pixels: box, space between boxes and ranks, width of a bend
SWEEPS = 6


@dataclass(frozen=True)
class Box:
    """A node and the position of its box's upper left corner, in pixels."""

    node: Mapping[str, Any]
    x: float
    y: float


@dataclass(frozen=True)
class Drawing:
    """A drawn graph, in pixels; ``lines`` are SVG path data, ``box`` is the width and height of every box."""

    width: float
    height: float
    boxes: list[Box]
    lines: list[str]
    box: tuple[int, int] = (WIDTH, HEIGHT)


@dataclass
class Spot:
    """A box, or a bend of an edge that passes a rank, with the names of its neighbours above and below."""

    rank: int
    width: float
    above: list[str]
    below: list[str]
    x: float = 0.0  # pixels, of its middle


def draw(nodes: Sequence[Mapping[str, Any]]) -> Drawing:
    """Lay out a graph.

    Args:
        nodes: each with ``name`` and ``from``, the names of the nodes that feed it and come before it; at least one.
    """
    spots, ways = spots_of(nodes)
    ranks: dict[int, list[str]] = {}
    for name, spot in spots.items():
        ranks.setdefault(spot.rank, []).append(name)
    for sweep in range(SWEEPS):
        downward = sweep % 2 == 0
        for rank in sorted(ranks, reverse=not downward):
            arrange(ranks[rank], spots, above=downward, keep_order=sweep >= SWEEPS - 2)
    left = min(spot.x - spot.width / 2 for spot in spots.values())
    for spot in spots.values():
        spot.x += GAP / 2 - left
    boxes = [Box(node, spots[node["name"]].x - WIDTH / 2, top(spots[node["name"]])) for node in nodes]
    width = max(spot.x + spot.width / 2 for spot in spots.values()) + GAP / 2
    return Drawing(
        width, len(ranks) * (HEIGHT + RISE) - RISE + 4, boxes, [line([spots[n] for n in way]) for way in ways]
    )


def spots_of(nodes: Sequence[Mapping[str, Any]]) -> tuple[dict[str, Spot], list[list[str]]]:
    """Return every box and bend by name, and each edge as the names that it passes."""
    spots: dict[str, Spot] = {}
    ways = []
    for node in nodes:
        rank = 1 + max((spots[name].rank for name in node["from"]), default=-1)
        spots[node["name"]] = Spot(rank, WIDTH, [], [])
        for source in node["from"]:
            bends = [f"{source} → {node['name']} {between}" for between in range(spots[source].rank + 1, rank)]
            spots.update({bend: Spot(spots[source].rank + 1 + i, BEND, [], []) for i, bend in enumerate(bends)})
            ways.append([source, *bends, node["name"]])
            for upper, lower in pairwise(ways[-1]):
                spots[upper].below.append(lower)
                spots[lower].above.append(upper)
    return spots, ways


def arrange(rank: list[str], spots: Mapping[str, Spot], *, above: bool, keep_order: bool) -> None:
    """Move the boxes and bends of a rank towards the middle of their neighbours, in an order with few crossings."""

    def wanted(name: str) -> float:
        neighbours = spots[name].above if above else spots[name].below
        return sum(spots[n].x for n in neighbours) / len(neighbours) if neighbours else spots[name].x

    wishes = {name: wanted(name) for name in rank}
    if not keep_order:
        rank.sort(key=wishes.__getitem__)
    edge = float("-inf")
    for name in rank:
        spot = spots[name]
        spot.x = max(wishes[name], edge + GAP + spot.width / 2)
        edge = spot.x + spot.width / 2
    pushed = sum(spots[name].x - wishes[name] for name in rank) / len(rank)
    for name in rank:
        spots[name].x -= pushed


def top(spot: Spot) -> float:
    """Return the y of a rank's upper edge, in pixels."""
    return spot.rank * (HEIGHT + RISE) + 2


def line(way: Sequence[Spot]) -> str:
    """Return an edge as SVG path data, from the bottom of the first box to the top of the last."""
    path = f"M{way[0].x:.1f} {top(way[0]) + HEIGHT:.1f}"
    for previous, spot in pairwise(way):
        head = top(spot)
        half = head - RISE / 2
        path += f"C{previous.x:.1f} {half:.1f} {spot.x:.1f} {half:.1f} {spot.x:.1f} {head:.1f}"
        if spot is not way[-1]:
            path += f"V{head + HEIGHT:.1f}"
    return path
