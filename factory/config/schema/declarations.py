"""PARENT: Keras declarations (``{Dense: {units: 3}}``) as pydantic types, made from the catalog for names in use."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import AfterValidator, TypeAdapter
from pydantic_core import PydanticCustomError

from factory.config.catalog.catalog import Argument, Entry, load_catalog
from factory.config.plugins import CLASS_KINDS, Plugin, Root, plugins_of, roots, syntax
from factory.config.schema import values as kinds
from factory.config.schema.signatures import keyword_fields
from factory.config.schema.strict import Strict, lines, refusal, strict_model
from factory.config.schema.values import Kind, problem
from factory.core.errors import ConfigError

WORDS = {
    "layers": "a layer of keras.layers",
    "optimizers": "an optimizer of keras.optimizers",
    "schedules": "a schedule of keras.optimizers.schedules",
    "losses": "a loss of keras.losses",
    "metrics": "a metric of keras.metrics",
    "callbacks": "a callback",
    "activations": "an activation of keras.activations",
    "initializers": "an initializer of keras.initializers",
    "regularizers": "a regularizer of keras.regularizers",
    "constraints": "a constraint of keras.constraints",
    "applications": "a model of keras.applications",
}
MORE_NAMES = {"metrics": ("accuracy", "mae", "mse"), "initializers": ("uniform", "normal")}
"""Names that Keras understands in these namespaces without a class or function of that name."""

DTYPES = (
    "float16",
    "float32",
    "float64",
    "bfloat16",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "bool",
    "string",
    "mixed_float16",
    "mixed_bfloat16",
)

EVERY_LAYER = {"trainable": (kinds.Bool, True), "dtype": (kinds.union(kinds.choice(*DTYPES), kinds.Null), None)}


def names(space: str) -> tuple[str, ...]:
    """Return every name that may be declared in a space: Keras' own, those of plug-ins, and short words.

    Raises:
        ConfigError: a plug-in has the name of a class of Keras.
    """
    own = own_classes(space)
    return _names(space, tuple(own.values()))


@functools.cache
def _names(space: str, own: tuple[Plugin, ...]) -> tuple[str, ...]:
    theirs = load_catalog().names(space)
    for plugin in own:
        if plugin.name in theirs:
            raise ConfigError(f"{plugin.path}: keras.{space} has a {plugin.name} already; give yours another name")
    return (*theirs, *(plugin.name for plugin in own), *MORE_NAMES.get(space, ()))


def own_classes(space: str) -> Mapping[str, Plugin]:
    """Return the plug-ins of a space: ``layers/position_embedding.py`` offers ``PositionEmbedding``."""
    return plugins_of(space) if space in CLASS_KINDS else {}


@functools.cache
def named(space: str) -> Any:
    """Return the type of a name alone, without arguments, as for activations and applications."""
    return kinds.name_among(space, WORDS[space], names(space))


def declaration(space: str) -> Any:
    """Return the type of a name, or of a name with its arguments, which are checked as well."""
    return _declaration(space, names(space))


@functools.cache
def _declaration(space: str, among: tuple[str, ...]) -> Any:
    check = functools.partial(_check, space)
    return Annotated[Any, AfterValidator(check), Kind(WORDS[space], frozenset({"str", "dict"}), among, name=space)]


def _check(space: str, value: Any) -> Any:
    """Return a declaration unchanged; raise pydantic's errors where it is not valid."""
    if isinstance(value, Mapping) and len(value) != 1:
        more = f"; an override adds to what is there, ~<key>.{next(iter(value))} takes away" if value else ""
        raise problem(f"{WORDS[space]}, one alone{more}")
    name, arguments = next(iter(value.items())) if isinstance(value, Mapping) else (value, {})
    if name not in names(space):
        among = names(space)
        raise PydanticCustomError("wrong", "{takes}", {"takes": WORDS[space], "among": among, "got": name})
    if name not in MORE_NAMES.get(space, ()):
        model = arguments_of(space, name)
        within = (name,) if isinstance(value, Mapping) else ()
        errors = lines(model.model_validate, {} if arguments is None else arguments, *within)
        if errors:
            raise refusal(name, errors)
    return value


def loss() -> Any:
    """Return the type of ``train.loss``: ``auto``, a loss, or output → one of these.

    A mapping whose only key is written like a class is one loss.
    """
    alone = kinds.union(kinds.choice("auto"), declaration("losses"))
    single, mapping = TypeAdapter(alone), TypeAdapter(kinds.dict_of(alone))

    def check(value: Any) -> Any:
        return (mapping if by_output(value) else single).validate_python(value)

    what = kinds.kind_of(alone)
    return Annotated[Any, AfterValidator(check), replace(what, words=f"{what.words} or a mapping from output to loss")]


def metrics() -> Any:
    """Return the type of ``train.metrics``: ``auto``, a list of metrics, or output → one of these."""
    alone = kinds.union(kinds.choice("auto"), kinds.list_of(declaration("metrics")))
    words = f"{kinds.kind_of(alone).words} or a mapping from output to such a list"
    both = kinds.union(alone, kinds.dict_of(alone))
    return Annotated[both, replace(kinds.kind_of(both), words=words)]


def by_output(value: Any) -> bool:
    """Return whether a loss is a mapping from outputs, and not one loss with its arguments."""
    return isinstance(value, Mapping) and not (len(value) == 1 and str(next(iter(value)))[:1].isupper())


def arguments_of(space: str, name: str) -> type[Strict]:
    """Return the model that validates the arguments of one class."""
    return _arguments_of(space, name, own_classes(space).get(name), roots())


@functools.cache
def _arguments_of(space: str, name: str, own: Plugin | None, among: tuple[Root, ...]) -> type[Strict]:
    if own:
        return strict_model(name, _own_arguments(space, own))
    entry = load_catalog().entry(space, name) or Entry({})
    fields = {
        key: (_annotation(argument), ... if argument.required else argument.default)
        for key, argument in entry.args.items()
    }
    return strict_model(name, fields)


def _own_arguments(space: str, plugin: Plugin) -> dict[str, tuple[Any, Any]]:
    """Return the keyword-only arguments of a plug-in's class, with those that every layer takes."""
    declared = next(part for part in syntax(plugin.path).body if getattr(part, "name", None) == plugin.name)
    functions = [part for part in getattr(declared, "body", ()) if isinstance(part, ast.FunctionDef)]
    constructor = next((function for function in functions if function.name == "__init__"), None)
    own = {} if constructor is None else keyword_fields(constructor, type_words(), str(plugin.path))
    return {**own, **(EVERY_LAYER if space == "layers" else {})}


def type_words() -> dict[str, Any]:
    """Return the types that the words of factory/config/declaration.py stand for in annotations of plug-ins."""
    return {
        "Layer": declaration("layers"),
        "Activation": named("activations"),
        "Application": named("applications"),
        "Arguments": kinds.Table,
    }


def _annotation(argument: Argument) -> Any:
    """Return the type of an argument of the catalog."""
    takes = set(argument.takes)
    if "float" in takes:
        takes.discard("int")
    if "floats" in takes:
        takes.discard("ints")
    in_order = sorted(argument.takes, key=lambda kind: kind == "none")
    return kinds.union(*(_KINDS[kind](argument) for kind in in_order if kind in takes))


def _number(type_: Any, words: str) -> Callable[[Argument], Any]:
    """Return a function that makes the type of an argument's number, within the argument's bounds."""

    def make(argument: Argument) -> Any:
        if argument.least is None:
            return type_
        least, below = argument.least, argument.below
        said = f"{words} of at least {least}" + (f" and below {below}" if below is not None else "")
        shapes = kinds.kind_of(type_).shapes
        bound = int(least) if shapes == {"int"} and below is None else None
        kind = Kind(said, shapes, accepts=lambda v: v >= least and (below is None or v < below), least=bound)
        return Annotated[Any, kind]

    return make


_INTS = frozenset({"int", "none"})
_KINDS: dict[str, Callable[[Argument], Any]] = {
    "any": lambda _: kinds.Any_,
    "none": lambda _: kinds.Null,
    "bool": lambda _: kinds.Bool,
    "int": _number(kinds.Int, "an integer"),
    "float": _number(kinds.Float, "a number"),
    "str": lambda _: kinds.Str,
    "dict": lambda _: kinds.Table,
    "list": lambda _: kinds.nested("a list", frozenset({"none", "bool", "int", "float", "str", "dict"})),
    "ints": lambda _: kinds.nested("a list of integers", _INTS),
    "floats": lambda _: kinds.nested("a list of numbers", _INTS | {"float"}),
    "strs": lambda _: kinds.nested("a list of strings", frozenset({"str"})),
    "choice": lambda argument: kinds.choice(*argument.choices),
    "dtype": lambda _: kinds.choice(*DTYPES),
    **{space: functools.partial(lambda space, _: declaration(space), space) for space in WORDS},
}
_KINDS["many layers"] = lambda _: kinds.list_of(declaration("layers"))
_KINDS["activations"] = lambda _: named("activations")
