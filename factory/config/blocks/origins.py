"""PARENT: Where each node of an expanded model was declared, so that an error names the line that a user wrote."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

NODE = re.compile(r"model\.nodes\.([\w\-]+)((?:[.\[][^:\s.\[]+)*)(?=:)")
"""Start of an error of one node: its name, and the place in it (``.Conv2D.filters``)."""


@dataclass(frozen=True)
class Origin:
    """The declaration of one node of an expanded model.

    Args:
        path: config path of the node that declares it, such as ``model.blocks.residual.nodes.conv1``.
        uses: config paths of the nodes that use the blocks around it, the outermost first.
        values: place in the node (``Conv2D.filters``) → config path of the value that a parameter put there.
    """

    path: str
    uses: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)

    def at(self, place: str) -> str:
        """Return the config path of a place in the node: the argument of a use where a parameter brought the value."""
        for end in (len(place), *(match.start() for match in reversed([*re.finditer(r"[.\[]", place)]))):
            if place[:end] in self.values:
                return self.values[place[:end]] + place[end:]
        return self.values.get("", self.path) + (f".{place}" if place and place[0] != "[" else place)


Origins = Mapping[str, Origin]
"""Name of a node of the expanded model → its origin."""


def located(problems: Iterable[str], origins: Origins) -> Iterator[str]:
    """Yield problems of an expanded model at the lines that declare it, each once, with the nodes that have it."""
    nodes: dict[str, list[str]] = {}
    for problem in problems:
        match = NODE.match(problem)
        origin = origins.get(match[1]) if match else None
        if match is None or origin is None:
            nodes.setdefault(problem, [])
            continue
        line = origin.at(match[2].removeprefix(".")) + problem[match.end() :]
        nodes.setdefault(line, []).extend([match[1]] if origin.uses or "-" in match[1] else [])
    for line, names in nodes.items():
        distinct = [*dict.fromkeys(names)]
        more = f" and {len(distinct) - 1} more" if len(distinct) > 1 else ""
        yield f"{line} (in {distinct[0]}{more})" if distinct else line
