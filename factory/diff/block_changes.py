"""PARENT: What a change of a block, or of a use of one, means: the changes of the expanded graph that it brings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from factory.config.blocks.origins import Origins
from factory.diff.tree_changes import Change

NODES = "model.nodes."
MOST_NAMED = 2


def explained(declared: Sequence[Change], expanded: Sequence[Change], sides: Sequence[Origins]) -> Iterator[Change]:
    """Yield the changes of a model with blocks, each with what it means.

    Args:
        declared: the changes as they are written.
        expanded: the changes of the graphs that both sides expand to.
        sides: the origins of the nodes of both graphs.
    """
    found: dict[str, list[Change]] = {change.path: [] for change in declared}
    for change in expanded:
        name, rest = node_of(change)
        origins = [side[name] for side in sides if name in side]
        written = [origin.at(rest) for origin in origins]
        uses = [path for origin in origins for path in (*origin.uses, origin.path)]
        causes = _related(found, written) or _related(found, uses)
        for path in causes:
            found[path].append(change)
    for change in declared:
        means = tuple(found[change.path])
        yield replace(change, means=means if means or not expanded else None)


def node_of(change: Change) -> tuple[str, str]:
    """Return the expanded node that a change is in, and the place in the node."""
    name, _, rest = change.path.removeprefix(NODES).partition(".")
    return name, rest


def _related(causes: Iterable[str], paths: Iterable[str]) -> list[str]:
    """Return the causes that hold one of these config paths, or lie in one."""
    among = dict.fromkeys(paths)
    return [cause for cause in causes if any(_within(cause, path) or _within(path, cause) for path in among)]


def _within(path: str, other: str) -> bool:
    """Return whether a config path is another one or lies in it."""
    return path.startswith(other) and path[len(other) : len(other) + 1] in ("", ".", "[")


def named(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    distinct = [*dict.fromkeys(names)]
    rest = len(distinct) - MOST_NAMED
    return ", ".join(distinct[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")
