"""CHILD: Optuna's samplers and pruners, made from declared names and arguments that their signatures check."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import optuna

from factory.core import foreign_errors, messages
from factory.core.errors import ConfigError
from factory.core.files import key_of

SCALARS: dict[str, tuple[type, ...]] = {
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "str": (str,),
    "None": (type(None),),
}


@dataclass(frozen=True)
class Kind:
    """A kind of Optuna object that a config may name: samplers or pruners.

    Args:
        module: Optuna's module of them.
        base: their abstract class.
    """

    module: ModuleType
    base: type

    def offered(self) -> dict[str, type]:
        """Return name → class of all concrete ones."""
        found = {name: getattr(self.module, name) for name in self.module.__all__}
        return {
            name: kind
            for name, kind in found.items()
            if inspect.isclass(kind) and issubclass(kind, self.base) and not inspect.isabstract(kind)
        }


KINDS = {
    "BaseSampler": Kind(optuna.samplers, optuna.samplers.BaseSampler),
    "BasePruner": Kind(optuna.pruners, optuna.pruners.BasePruner),
}


def sampler(declared: Any, seed: int | None) -> Callable[[int], optuna.samplers.BaseSampler]:
    """Return a function from a trial's number to its sampler.

    With ``seed`` each trial has a sampler with a seed of its own, so that a resumed search need not know what was
    drawn before. A seed among the sampler's own arguments is Optuna's: one sampler for all trials.

    Args:
        declared: as in ``search.sampler``.
        seed: of the search, None for random draws.

    Raises:
        ConfigError: there is no such sampler, or it refuses its arguments.
    """
    make, arguments = checked("search.sampler", declared, KINDS["BaseSampler"])
    if seed is None or "seed" in arguments or "seed" not in inspect.signature(make).parameters:
        only = built("search.sampler", make, arguments)
        return lambda number: only
    return lambda number: built(
        "search.sampler", make, {**arguments, "seed": int(key_of(seed, number)[:8], 16) % (1 << 31)}
    )


def pruner(declared: Any) -> optuna.pruners.BasePruner:
    """Return the pruner that ``search.pruner`` declares.

    Raises:
        ConfigError: there is no such pruner, or it refuses its arguments.
    """
    found: optuna.pruners.BasePruner = built("search.pruner", *checked("search.pruner", declared, KINDS["BasePruner"]))
    return found


def built(path: str, make: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """Make an Optuna object of its arguments.

    Raises:
        ConfigError: Optuna refuses them, or lacks a package.
    """
    try:
        with warnings.catch_warnings():  # whoever names an experimental sampler knows that it is one
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return make(**arguments)
    except ModuleNotFoundError as error:
        raise ConfigError(f"{path}: needs {error.name}; pip install {error.name}") from error
    except (TypeError, ValueError, ImportError) as error:
        raise ConfigError(f"{path}: {foreign_errors.first_line(error)}") from error


def checked(path: str, declared: Any, kind: Kind) -> tuple[Callable[..., Any], dict[str, Any]]:
    """Return the class and the arguments that ``Name`` or ``{Name: {argument: value}}`` declares.

    Raises:
        ConfigError: there is no such name or argument, or a value has another type.
    """
    offered = kind.offered()
    entry = declared if isinstance(declared, Mapping) else {str(declared): None}
    name, arguments = next(iter(entry.items())) if len(entry) == 1 else (str(declared), None)
    if name in offered and not isinstance(arguments or {}, Mapping):
        raise ConfigError(messages.wrong(f"{path}.{name}", arguments, "its arguments, name → value"))
    if name not in offered:
        raise ConfigError(messages.wrong(path, name, messages.listed(list(offered)), offered))
    here, parameters = f"{path}.{name}", inspect.signature(offered[name]).parameters
    given = dict(arguments or {})
    wrong = [messages.unknown(f"{here}.{key}", key, list(parameters)) for key in given if key not in parameters]
    wrong += [
        messages.missing(f"{here}.{key}", words_of(parameter))
        for key, parameter in parameters.items()
        if parameter.default is parameter.empty and key not in given
    ]
    for key in given.keys() & parameters.keys():
        try:
            given[key] = argument(f"{here}.{key}", given[key], parameters[key])
        except ConfigError as error:
            wrong += error.problems
    if wrong:
        raise ConfigError(wrong)
    return offered[name], given


def argument(path: str, value: Any, parameter: inspect.Parameter) -> Any:
    """Return an argument, checked by its annotation; a nested sampler or pruner is declared as the outer one is.

    Raises:
        ConfigError: the value has another type.
    """
    words = words_of(parameter)
    inner = next((kind for base, kind in KINDS.items() if base in words), None)
    if inner is not None and value is not None:
        return built(path, *checked(path, value, inner))
    kinds = re.split(r"\s*\|\s*", words)
    if not set(kinds) <= set(SCALARS):
        return value
    right = tuple(kind for word in kinds for kind in SCALARS[word])
    if not isinstance(value, right) or (isinstance(value, bool) and bool not in right):
        raise ConfigError(messages.wrong(path, value, words.replace(" | ", " or ").replace("None", "null")))
    return value


def words_of(parameter: inspect.Parameter) -> str:
    """Return a parameter's annotation as it is written in the source."""
    written = parameter.annotation
    return written if isinstance(written, str) else getattr(written, "__name__", str(written))
