"""CHILD: Extract the catalog from the installed Keras: every public class that a declaration may name, its arguments.

Types come from an argument's name, its default and the text of the docstring. Where they say too little the argument
takes anything: Keras itself is the last judge, and a catalog that refuses what Keras accepts would be worse than one
that lets a fault through.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import keras

from factory.config.catalog.catalog import write_catalog
from factory.config.declaration import namespace

MODULES: dict[str, ModuleType] = {
    "layers": keras.layers,
    "optimizers": keras.optimizers,
    "schedules": keras.optimizers.schedules,
    "losses": keras.losses,
    "metrics": keras.metrics,
    "callbacks": keras.callbacks,
    "activations": keras.activations,
    "initializers": keras.initializers,
    "regularizers": keras.regularizers,
    "constraints": keras.constraints,
    "applications": keras.applications,
}

# A declaration comes from a stranger: nothing here may run code, read or write files, or talk to the network.
REFUSED = {
    "layers": {"Lambda", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "TFSMLayer", "Layer", "Wrapper"}
    | {"Input", "InputLayer", "InputSpec", "RandAugment", "AugMix", "MaxNumBoundingBoxes", "Pipeline"},
    "optimizers": {"Optimizer", "LossScaleOptimizer", "MultiOptimizer", "OptimizerMap"},
    "schedules": {"LearningRateSchedule"},
    "losses": {"Loss"},
    "metrics": {"Metric", "MeanMetricWrapper"},
    "initializers": {"Initializer"},
    "regularizers": {"Regularizer"},
    "constraints": {"Constraint"},
}
CALLBACKS = {"EarlyStopping", "ReduceLROnPlateau", "TerminateOnNaN", "SwapEMAWeights"}
NO_DECLARATION = {"get", "serialize", "deserialize"}

# Set by the factory itself, or meaningless in a file.
OWNED = {
    "layers": {"name", "autocast", "quantization_config", "gptq_unpacked_column_size", "bounding_box_format"},
    "optimizers": {"name"},
    "schedules": {"name"},
    "applications": {"name", "input_tensor", "input_shape", "weights", "include_top", "pooling", "classes"}
    | {"classifier_activation"},
}
LOOKUPS = ("IntegerLookup", "StringLookup", "TextVectorization")
# Where Keras takes more than its docstring says, or we less: a vocabulary is its words, never the path of a file.
UNTOLD: dict[tuple[str, str], dict[str, Any]] = {
    ("AUC", "curve"): {"takes": ["choice"], "choices": ["ROC", "PR", "PRGAIN"], "default": "ROC"},
    ("Hashing", "salt"): {"takes": ["int", "ints", "none"], "default": None},
    ("R2Score", "class_aggregation"): {"takes": ["none", "str"], "default": "uniform_average"},
    **{(name, "vocabulary"): {"takes": ["list", "none"], "default": None} for name in LOOKUPS},
    **{(name, "idf_weights"): {"takes": ["floats", "none"], "default": None} for name in LOOKUPS},
}
LAYER_ARGUMENTS = {"trainable": True, "dtype": None, "activity_regularizer": None}

WINDOWS = {"kernel_size", "pool_size"}
AT_LEAST_ONE = WINDOWS | {"units", "filters", "strides", "dilation_rate", "num_heads", "key_dim"}
DROPPED = {"rate", "dropout", "recurrent_dropout"}

_ARGUMENT = re.compile(r"\*{0,2}(\w+(?:, ?\w+)*) ?(?:\([^)]*\))?:(?: (.*))?$")
_QUOTED = re.compile(r"[\"'`]+([\w.]+)[\"'`]+")
_CHOICE = re.compile(
    r"(?:[Oo]ne of|either|(?:[Vv]alues can|[Cc]an|[Ss]hould) be(?: one of)?|[Aa]vailable methods are|"
    r"[Aa]cceptable values are|[Ss]upport(?:ed values|ed options|s)(?: are)?|[Ss]tring,|curve to be computed,)"
    r"[:\s{(`]*((?:(?:[\"'`]*[\w.]+[\"'`]+|None)(?: ?\((?:default|case-insensitive)\))?[\s,{}()`]*(?:or |and )?)+)"
)
_COUNT = re.compile(
    r"^(?:num|axis|verbose|k|top_k|class_id|seed|patience|groups|\w+_multiplier)$|_(?:steps|size|dim)$|^num_"
)


def harvest() -> dict[str, Any]:
    """Return the catalog of the installed Keras: ``{namespace: {class: {"args": {...}, "needs": ...}}}``."""
    catalog: dict[str, Any] = {"keras": keras.__version__}
    for space, module in MODULES.items():
        catalog[space] = {name: _entry(space, declared) for name, declared in _public(space, module)}
    return catalog


def _public(space: str, module: ModuleType) -> Iterator[tuple[str, Any]]:
    """Yield each public name of a namespace that a declaration may use and its object, in alphabetical order."""
    for name in sorted(vars(module)):
        declared = getattr(module, name)
        if name.startswith("_") or name in NO_DECLARATION | REFUSED.get(space, set()):
            continue
        if space == "callbacks" and name not in CALLBACKS:
            continue
        functions = space in ("activations", "applications", "losses", "metrics")
        if inspect.isclass(declared) or (functions and inspect.isfunction(declared)):
            yield name, declared


def _entry(space: str, declared: Any) -> dict[str, Any]:
    """Return the catalog entry of one class or function; plain functions (activations, ``mse``) take no arguments."""
    if not inspect.isclass(declared) and space != "applications":
        return {"args": {}}
    described = _descriptions(declared)
    arguments = {
        name: UNTOLD.get((declared.__name__, name)) or _argument(space, name, default, described.get(name, ""))
        for name, default in _parameters(space, declared).items()
        if name not in OWNED.get(space, set())
    }
    entry: dict[str, Any] = {"args": arguments}
    if "any backend other than TensorFlow" in " ".join((declared.__doc__ or "").split()):
        entry["needs"] = "tensorflow"
    return entry


def _parameters(space: str, declared: Any) -> dict[str, Any]:
    """Return constructor arguments and their defaults, ``inspect.Parameter.empty`` where there is none."""
    call = declared.__init__ if inspect.isclass(declared) else declared
    parameters = list(inspect.signature(call).parameters.values())
    named = {
        parameter.name: parameter.default
        for parameter in parameters
        if parameter.name != "self" and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    }
    passes_on = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    more = LAYER_ARGUMENTS if space == "layers" and passes_on else {}
    return named | {name: default for name, default in more.items() if name not in named}


def _descriptions(declared: Any) -> dict[str, str]:
    """Map each argument to its text in the ``Args:`` sections of the docstrings; a class goes before its bases."""
    classes = declared.__mro__ if inspect.isclass(declared) else (declared,)
    texts: dict[str, str] = {}
    for owner in reversed(classes):
        texts.update(_arguments_section(owner.__doc__ or ""))
    return texts


def _arguments_section(text: str) -> dict[str, str]:
    """Map each argument to its text in the ``Args:`` section of one docstring."""
    found: dict[str, str] = {}
    names: list[str] = []
    margin: int | None = None
    column = 0
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        if line.strip() in ("Args:", "Arguments:"):
            margin, names, column = indent, [], 0
        elif margin is None or not line.strip():
            continue
        elif indent <= margin:
            margin = None
        elif (match := _ARGUMENT.match(line.strip())) and indent <= (column or indent):
            column, names = indent, [name.strip() for name in match[1].split(",")]
            found.update(dict.fromkeys(names, match[2] or ""))
        else:
            found.update({name: f"{found[name]} {line.strip()}" for name in names})
    return found


def _argument(space: str, name: str, default: Any, text: str) -> dict[str, Any]:
    """Return the entry of one argument: ``takes`` (see catalog.py), ``choices``, ``default`` or ``required``."""
    required = default is inspect.Parameter.empty
    known = None if required else default
    takes, choices = _takes(name, known, text)
    if takes and not required and known is None:
        takes.add("none")
    argument: dict[str, Any] = {"takes": sorted(takes) if takes else ["any"]}
    if choices:
        argument["choices"] = choices
    if name in AT_LEAST_ONE and "int" in takes:
        argument["least"] = 1
    if space == "layers" and name in DROPPED and takes == {"float"}:
        argument |= {"least": 0, "below": 1}
    if required:
        argument["required"] = True
    elif isinstance(known, bool | int | float | str | list | tuple | None):
        argument["default"] = known
    return argument


def _takes(name: str, default: Any, text: str) -> tuple[set[str], list[str]]:
    """Return the kinds of value that an argument takes (none: anything) and the words it chooses from."""
    if name == "dtype" or name.endswith("_dtype"):
        return {"dtype", "none"}, []
    if space := namespace(name):
        more = {"schedules": {"float"}, "layers": {"many layers"} if name in ("cell", "cells") else set()}
        return {space} | more.get(space, set()), []
    choices = _choices(default, text)
    if choices:
        spoken = _spoken_types(text) - {"str", "strs"}
        return spoken | {"choice"} | ({"none"} if "None" in text else set()), choices
    takes = _types_of(default) | _spoken_types(text)
    if "callable" in text.split(". ")[0].lower() and "float" not in takes:
        return set(), []
    if _COUNT.search(name):
        takes = takes - {"float", "floats"} | {"int"} | ({"ints"} if name in WINDOWS | {"axis"} else set())
    # A whole number as default says little: label_smoothing=0 takes 0.1 too, value_range=(0, 255) takes (0, 1.5).
    elif not _spoken_types(text):
        takes = {{"int": "float", "ints": "floats"}.get(kind, kind) for kind in takes}
    if takes and re.search(r"\bNone\b|[Oo]ptional", text[:200]):
        takes.add("none")
    return takes, []


def _choices(default: Any, text: str) -> list[str]:
    """Return the quoted words of 'one of "valid" or "same"', where they are all there is to choose from."""
    longest: list[str] = []
    for match in _CHOICE.finditer(text):
        longest = max(longest, _QUOTED.findall(match[1]), key=len)
    words = [word for word in dict.fromkeys(longest) if word != "None"]
    if len(words) < 2 or any(word[0].isdigit() for word in words) or "allable" in text:
        return []
    return [] if isinstance(default, str) and default not in words else words


def _types_of(default: Any) -> set[str]:
    """Return the kinds of value that a default value shows."""
    if isinstance(default, list | tuple):
        parts = set().union(*(_types_of(part) for part in default)) if default else set()
        plain = {part.rstrip("s") for part in parts}
        return {"floats"} if "float" in plain else {"ints"} if plain == {"int"} else {"list"}
    kinds: dict[type, str] = {bool: "bool", int: "int", float: "float", str: "str", dict: "dict"}
    return {kinds[type(default)]} if type(default) in kinds else set()


def _spoken_types(text: str) -> set[str]:
    """Return the kinds of value that the first words of a description name."""
    head = re.split(r"\. (?=[A-Z])|\.$", text)[0][:200].lower()
    if re.search(r"\btensor\b|\barray\b", head) and not re.search(r"float value|\bscalar\b", head):
        return set()
    found: set[str] = set()
    several = re.search(r"\b(?:tuples?|lists?)\b", head)
    if re.search(r"\bint\b|\bints\b|\bintegers?\b", head):
        found |= {"int", "ints"} if several else {"int"}
    if re.search(r"\bfloats?\b|\bfloating[- ]point\b|\bnumbers?\b(?! of)|\bscalar\b|fraction of|\bprobability\b", head):
        found |= {"float", "floats"} if several else {"float"}
    if re.match(r"(?:the |desired |desired output |maximum |total |possible )*number of\b", head):
        found.add("int")
    if re.search(r"\bbool(?:ean)?\b|^(?:whether|if `?(?:true|false)`?,)", head):
        found.add("bool")
    if re.search(r"\bdict(?:ionary)?\b", head):
        found.add("dict")
    if re.search(r"\bstrings?\b", head) and found <= {"ints"}:
        found |= {"strs"} if several else {"str"}
    return found


if __name__ == "__main__":
    write_catalog(harvest(), Path(sys.argv[1]))
