"""PARENT: YAML from anybody, within bounds that no parser hangs or crashes on; read by libyaml where it is there."""

from __future__ import annotations

from typing import Any

import yaml

SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's is ten times as fast as Python's


class NotReadable(Exception):
    """A text that is refused; the message says why, in words that follow the name of its file."""


def load_bounded(text: str, loader_class: Any, most: int, deepest: int) -> Any:
    """Return the content of a YAML text, None where there is nothing in it.

    Args:
        text: in YAML.
        loader_class: a safe loader of PyYAML, which decides what words mean.
        most: values that it may hold, with every alias written out.
        deepest: levels of mappings and lists inside each other that it may have.

    Raises:
        NotReadable: it is not YAML, or larger than that.
    """
    try:
        _check_depth(text, deepest)
        loader = loader_class(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _weigh(node, 0, {}, most, deepest)
            return loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise NotReadable(f"{where}{error.problem or error.context}; takes YAML") from error
    except (yaml.YAMLError, UnicodeError) as error:  # a character that YAML does not have
        raise NotReadable(f"{' '.join(str(error).split())}; takes YAML") from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise NotReadable(
            "got a value that its type does not fit, or a number of more digits than Python reads; takes YAML"
        ) from error


def _check_depth(text: str, deepest: int) -> None:
    """Refuse a text nested too deeply before libyaml builds anything: it recurses for each level, without end."""
    depth = 0
    for event in yaml.parse(text, Loader=SafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > deepest:
                raise NotReadable(f"takes at most {deepest} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _weigh(node: yaml.Node, depth: int, known: dict[int, tuple[int, int]], most: int, deepest: int) -> tuple[int, int]:
    """Return the numbers of values and of levels in a node; an alias counts for all that it stands for.

    Args:
        known: id of a node → its numbers, for nodes that were weighed before; grows.
    """
    if isinstance(node, yaml.ScalarNode):
        node.value.encode()  # raises for half a surrogate pair, which cannot be printed
        return 1, 0
    if id(node) not in known:
        if depth > deepest:
            raise NotReadable(f"line {node.start_mark.line + 1}: an alias holds itself, or more than {deepest} levels")
        parts = [part for pair in node.value for part in (pair if isinstance(pair, tuple) else (pair,))]
        weights = [_weigh(part, depth + 1, known, most, deepest) for part in parts]
        known[id(node)] = (1 + sum(w for w, _ in weights), 1 + max((h for _, h in weights), default=0))
    weight, height = known[id(node)]
    if weight > most or depth + height > deepest:
        raise NotReadable(
            f"line {node.start_mark.line + 1}: takes at most {most:,} values and {deepest} levels, aliases written out"
        )
    return weight, height
