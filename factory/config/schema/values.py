"""PARENT: The kinds of value that the config holds, as pydantic types, each with one clear sentence for its error.

A ``Kind`` is put into an ``Annotated`` type. It looks at the shape of a value first, so that a value which fits no
branch of a union is one fault in plain words and not one fault for each branch. Facts of the data that are known only
later (``<data.classes>``) pass wherever the value that will stand there would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, GetCoreSchemaHandler, Tag, TypeAdapter, ValidationError
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from factory.config.declaration import FACTS
from factory.core.messages import listed

BRANCH = "|"
"""First character of a union's branch in pydantic's error locations; no key of a config begins with it."""

_SHAPES: dict[type, str] = {bool: "bool", int: "int", float: "float", str: "str", list: "list", dict: "dict"}


def shape(value: Any) -> str:
    """Return the name of a value's type, such as ``int``; for a fact of the data, that of what will replace it."""
    if isinstance(value, str):
        return _SHAPES[FACTS.get(value, str)]
    return "none" if value is None else _SHAPES.get(type(value), "")


def problem(takes: str, among: tuple[str, ...] = ()) -> PydanticCustomError:
    """Return the error of a wrong value, to be raised in a validator; pydantic adds the location and the value."""
    return PydanticCustomError("wrong", "{takes}", {"takes": takes, "among": among})


@dataclass(frozen=True)
class Kind:
    """A kind of value: the types it may have, what it must satisfy, and the words for it.

    Args:
        words: the kind in plain words, for errors: "an integer", "one of a, b".
        shapes: the types that a value may have, as `shape` names them.
        among: the words that a wrong string may have meant.
        accepts: tells whether a value of one of these types is valid; None takes all.
        name: what a schema for editors refers to it by, such as a space of the catalog; the words are for people alone.
        least: the smallest integer, where that is all there is to say.
    """

    words: str
    shapes: frozenset[str]
    among: tuple[str, ...] = ()
    accepts: Callable[[Any], bool] | None = None
    name: str = ""
    least: int | None = None

    def check(self, value: Any, inner: Callable[[Any], Any]) -> Any:
        """Return a value as ``inner`` validates it, if it is of this kind.

        Raises:
            PydanticCustomError: it is not.
        """
        placeholder = isinstance(value, str) and value.startswith("<")
        among = tuple(fact for fact in FACTS if fact != value) if placeholder else self.among
        if shape(value) not in self.shapes:
            raise problem(self.words, among)
        if isinstance(value, str) and value in FACTS:
            return value
        if self.accepts and not self.accepts(value):
            raise problem(self.words, among)
        return inner(value)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(self.check, handler(source))


def kind_of(annotation: Any) -> Kind:
    """Return the Kind inside an annotation made by this module."""
    for extra in getattr(annotation, "__metadata__", ()):
        if isinstance(extra, Kind):
            return extra
    raise TypeError(f"{annotation} has no Kind")


def _plain(type_: Any, words: str, *shapes: str) -> Any:
    """Return the annotation of a type whose values have one of these shapes."""
    return Annotated[type_, Kind(words, frozenset(shapes))]


Int = _plain(int, "an integer", "int")
Float = _plain(float, "a number", "int", "float")
Bool = _plain(bool, "true or false", "bool")
Str = _plain(str, "a string", "str")
Null = _plain(None, "null", "none")
Any_ = _plain(Any, "anything", "none", "bool", "int", "float", "str", "list", "dict")
Table = _plain(dict[str, Any], "a mapping", "dict")


def integer(least: int) -> Any:
    """Return the type of an integer of at least ``least``."""
    kind = Kind(
        f"an integer of at least {least}", frozenset({"int"}), accepts=lambda value: value >= least, least=least
    )
    return Annotated[int, kind]


def whole(words: str, accepts: Callable[[int], bool]) -> Any:
    """Return the type of an integer that satisfies ``accepts``, as ``words`` say."""
    return Annotated[int, Kind(words, frozenset({"int"}), accepts=accepts)]


def number(words: str, accepts: Callable[[float], bool]) -> Any:
    """Return the type of a number that satisfies ``accepts``, as ``words`` say."""
    return Annotated[float, Kind(words, frozenset({"int", "float"}), accepts=accepts)]


def text(words: str, accepts: Callable[[str], Any]) -> Any:
    """Return the type of a string that satisfies ``accepts``, as ``words`` say."""
    return Annotated[str, Kind(words, frozenset({"str"}), accepts=accepts)]


def nested(words: str, inner: frozenset[str]) -> Any:
    """Return the type of a list of values of these shapes, or of such lists; it has one problem as a whole."""

    def accepts(value: Any) -> bool:
        return all(accepts(part) if isinstance(part, list) else shape(part) in inner for part in value)

    return Annotated[list[Any], Kind(words, frozenset({"list"}), accepts=accepts)]


def choice(*words: str | int | float | bool) -> Any:
    """Return the type of one of these words."""
    strings = tuple(word for word in words if isinstance(word, str))
    shapes = frozenset(shape(word) for word in words)
    takes = listed([str(word) for word in words])
    literal: Any = Literal[words] if words else None
    return Annotated[literal, Kind(takes, shapes, strings, words.__contains__)]


def name_among(space: str, what: str, names: tuple[str, ...]) -> Any:
    """Return the type of one of very many names, which the error does not list."""
    return Annotated[str, Kind(what, frozenset({"str"}), names, names.__contains__, space)]


def list_of(item: Any) -> Any:
    """Return the type of a list; each wrong item is a problem of its own."""
    return Annotated[list[item], Kind(f"a list, each {kind_of(item).words}", frozenset({"list"}))]


def dict_of(item: Any) -> Any:
    """Return the type of a mapping with free keys; each wrong value is a problem of its own."""
    return Annotated[dict[Any, item], Kind(f"a mapping, each value {kind_of(item).words}", frozenset({"dict"}))]


def union(*branches: Any) -> Any:
    """Return the type of one of several kinds, told apart by the shape of the value."""
    if len(branches) == 1:
        return branches[0]
    by_shape: dict[str, list[Any]] = {}
    for branch in branches:
        for form in kind_of(branch).shapes:
            by_shape.setdefault(form, []).append(branch)
    if len(by_shape) == 1:
        return _first_fit(list(branches))
    whole = _joined(branches)
    # Errors inside lists and mappings have locations of their own, so they keep their own words.
    said = {form: None if form in ("list", "dict") else whole for form in by_shape}
    tagged = (Annotated[_first_fit(fits, said[form]), Tag(BRANCH + form)] for form, fits in by_shape.items())
    told_apart: Any = Annotated[reduce(or_, tagged), Discriminator(lambda value: BRANCH + shape(value))]
    return Annotated[told_apart, whole]


def _first_fit(branches: list[Any], said: Kind | None = None) -> Any:
    """Return the type of one of several branches of one shape, such as two sorts of string.

    Args:
        said: the kind whose words refuse a value that fits no branch; where its name is valid and its arguments are
            not, the branch's own error stays.
    """
    if len(branches) == 1 and said is None:
        return branches[0]
    adapters, joined = [TypeAdapter(branch) for branch in branches], said or _joined(branches)

    def fit(value: Any) -> Any:
        for adapter in adapters:
            try:
                return adapter.validate_python(value)
            except ValidationError:
                if len(adapters) == 1 and value in joined.among:
                    raise
        raise problem(joined.words, joined.among)

    return Annotated[Any, AfterValidator(fit), joined]


def _joined(branches: Iterable[Any]) -> Kind:
    """Return several kinds as one, with the words and shapes of all."""
    kinds = [kind_of(branch) for branch in branches]
    return Kind(
        words=" or ".join(dict.fromkeys(kind.words for kind in kinds)),
        shapes=frozenset().union(*(kind.shapes for kind in kinds)),
        among=tuple(word for kind in kinds for word in kind.among),
    )
