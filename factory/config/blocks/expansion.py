"""PARENT: The work of an expansion: every use of a block becomes the nodes of the block, named after the use.

The parts of a name are joined by ``-``: Keras 3.15 refuses ``/``, its torch backend ``.`` (torch 2.13: in the name of a
parameter), TensorFlow 2.21 ``:``; and no name that a user gives holds a ``-``, so that two never meet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from factory.config import topology
from factory.config.blocks.declared import Block
from factory.config.blocks.origins import Origin
from factory.config.blocks.parameters import Bound, scope_of
from factory.config.blocks.places import Around, Place
from factory.config.blocks.uses import Use, read_use
from factory.config.blocks.wiring import Outputs, expanded_node, expanded_source, first_name, inputs_of, next_source
from factory.config.schema.declarations import names as declared_names
from factory.config.schema.strict import refused
from factory.core.errors import ConfigError

MOST_NODES = 10_000
MOST_VALUES = 1_000_000  # in the arguments of all nodes and uses
DEEPEST = 20  # blocks inside each other

Arguments = Mapping[str, Bound]


@dataclass
class Expansion:
    """An expansion in progress.

    Args:
        blocks: by name.
        found: takes the line of each problem, once.
        nodes: the expanded nodes so far.
        origins: name of each of them → where it was declared.
        weight: how many values the arguments so far hold.
    """

    blocks: Mapping[str, Block]
    found: dict[str, None]
    nodes: dict[str, dict[str, Any]] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)
    weight: int = 0

    def __post_init__(self) -> None:
        self.known = dict.fromkeys((*self.blocks, *declared_names("layers")))

    def report(self, line: str) -> None:
        """Add a problem; the same one in another use of a block is the same."""
        self.found.setdefault(line)

    def outputs_of(self, around: Around, inputs: Mapping[str, str]) -> Outputs:
        """Expand all nodes of a graph and return its outputs.

        Args:
            around: the graph.
            inputs: name of a block's input → the expanded node behind it.
        """
        made: dict[str, Outputs] = {name: {"": node} for name, node in inputs.items()}
        for name in around.graph.order:
            node, origin = around.source(name)
            use = read_use(node, origin.path, self.known, self.report)
            given = expanded_source(around.graph.sources[name], origin.path, made, self.report)
            twin = None if around.twin is None else topology.joined(around.twin, name)
            place = Place(topology.joined(around.name, name), origin, around, twin)
            made[name] = {"": place.name} if use is None else self.used(use, place, given)
        path = f"{around.graph.path.rpartition('.')[0]}.outputs"
        return {output: expanded_node(name, path, made, self.report) for output, name in around.graph.outputs.items()}

    # ---- uses

    def used(self, use: Use, place: Place, given: topology.Names) -> Outputs:
        """Expand one node: its repetitions, one after the other."""
        outputs: Outputs = {}
        inputs = self.blocks[use.name].inputs if use.name in self.blocks else ()
        if isinstance(given, Mapping) and given.keys() == {*inputs}:
            given = [given[name] for name in inputs]
        for number, (arguments, places) in enumerate(use.repetitions(), 1):
            at = {argument: places.get(argument, f"{use.name}.{argument}") for argument in arguments}
            bound = {argument: Bound(value, place.origin.at(at[argument])) for argument, value in arguments.items()}
            here = place if use.repeat is None else place.below(f"{self.word(use, place)}{number}")
            outputs = self.added(use, here, bound, given)
            given = next_source(given, outputs, inputs)
        return outputs

    def word(self, use: Use, place: Place) -> str:
        """Return what the repetitions of a use are called, before their number."""
        node: Any = place.around.graph.nodes[use.name] if use.again else use.name
        names = {node} if isinstance(node, str) else {*node}
        return "layer" if names.isdisjoint(self.blocks) else "block"

    def added(self, use: Use, place: Place, arguments: Arguments, given: topology.Names) -> Outputs:
        """Expand one repetition, and the way around it."""
        outputs = self.called(use, place, arguments, given)
        if use.skip is False:
            return outputs
        way = first_name(given)
        if use.skip is not True:
            path = place.origin.at("skip")
            shortcut = read_use(use.skip, path, self.known, self.report)
            if shortcut is None:
                return outputs
            beside = replace(place.below("skip"), origin=Origin(path, place.within))
            way = expanded_node("skip", path, {"skip": self.used(shortcut, beside, way)}, self.report)
        end = expanded_node(use.name, f"{place.origin.path}.skip", {use.name: outputs}, self.report)
        return self.add(replace(place.below("sum"), twin=None), {"Add": {}}, [end, way])

    def called(self, use: Use, place: Place, arguments: Arguments, given: topology.Names) -> Outputs:
        """Expand a layer, a block, or another node that is called again."""
        if use.again:
            return self.called_again(use.name, place, given)
        self.weigh([bound.value for bound in arguments.values()], place)
        if use.name in self.blocks:
            return self.block(self.blocks[use.name], use.name, place, arguments, given)
        own = f"{place.origin.path}.{use.name}"
        inner = {at: path for at, path in place.origin.values.items() if not at or at.startswith(f"{use.name}.")}
        moved = {f"{use.name}.{key}": bound.path for key, bound in arguments.items() if bound.path != f"{own}.{key}"}
        here = replace(place, origin=replace(place.origin, values={**inner, **moved}))
        return self.add(here, {use.name: {key: bound.value for key, bound in arguments.items()}}, given)

    def called_again(self, name: str, place: Place, given: topology.Names) -> Outputs:
        """Expand a node that calls another node's layers on other inputs."""
        node, origin = place.around.source(name)
        use = read_use(node, origin.path, self.known, self.report)
        if use is None:
            return {"": place.name}
        twin = topology.joined(place.around.name, name)
        return self.used(use, replace(place, origin=replace(origin, uses=place.within), twin=twin), given)

    def block(self, block: Block, name: str, place: Place, arguments: Arguments, given: topology.Names) -> Outputs:
        """Expand the nodes of a block.

        Raises:
            ConfigError: there are too many blocks inside each other, as where one holds itself; at once.
        """
        chain = (*place.around.chain, name)
        if len(chain) > DEEPEST:
            cycle = chain[-2 - chain[-2::-1].index(name) :] if name in chain[:-1] else chain
            takes = f"at most {DEEPEST} blocks inside each other"
            raise ConfigError(f"{block.path}: got {' → '.join(cycle)}; takes {takes}, none in itself")
        sound = self.judge(block, name, place, arguments)
        inputs = inputs_of(block, place.origin.path, given, self.report)
        if not sound or inputs is None or block.graph is None:
            return {"": place.name}
        scope = scope_of(block.parameters, block.path, arguments)
        around = Around(block.graph, place.name, scope, place.within, chain, place.twin)
        return self.outputs_of(around, inputs)

    def judge(self, block: Block, name: str, place: Place, arguments: Arguments) -> bool:
        """Return whether the arguments of a block are those that it takes; report each that is not."""
        sound = True
        for line in refused(block.arguments, {key: bound.value for key, bound in arguments.items()}):
            key = line.partition(":")[0].partition(".")[0].partition("[")[0]
            path = arguments[key].path if key in arguments else place.origin.at(f"{name}.{key}")
            self.report(path + line[len(key) :])
            sound = False
        return sound

    # ---- nodes

    def add(self, place: Place, layer: dict[str, Any], given: topology.Names) -> Outputs:
        """Add one expanded node.

        Raises:
            ConfigError: there are more than a model may have; at once.
        """
        if len(self.nodes) >= MOST_NODES:
            outermost = place.within[0]
            raise ConfigError(f"{outermost}: got more than {MOST_NODES:,} layers; takes fewer repetitions or blocks")
        if place.name in self.nodes:
            self.report(f"{place.origin.path}: expands to {place.name}, as another node does; takes another name")
        self.nodes[place.name] = {**(layer if place.twin is None else {"same_as": place.twin}), "from": given}
        self.origins[place.name] = place.origin
        return {"": place.name}

    def weigh(self, value: Any, place: Place) -> None:
        """Count the values in arguments, which parameters inside each other can make very many.

        Raises:
            ConfigError: there are more than a model may have; at once.
        """
        todo = [value]
        while todo:
            self.weight += 1
            if self.weight > MOST_VALUES:
                raise ConfigError(f"{place.origin.path}: got more than {MOST_VALUES:,} values; takes fewer")
            part = todo.pop()
            todo += part.values() if isinstance(part, Mapping) else part if isinstance(part, list) else ()
