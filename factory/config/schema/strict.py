"""PARENT: Nodes of the config as pydantic models that refuse unknown keys, and their problems as lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    create_model,
    model_validator,
)
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from factory.config.schema.values import BRANCH, Kind, problem, shape
from factory.core import messages

MISSING = "???"
"""What OmegaConf holds where a required value was not given."""


Fields = Mapping[str, tuple[Any, ...]]
"""Key → (annotation, default) or (annotation, default, description with its unit)."""


class Strict(BaseModel):
    """A pydantic model of a mapping with known keys."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=(), defer_build=True)

    @model_validator(mode="wrap")
    @classmethod
    def _in_our_words(cls, value: Any, handler: ModelWrapValidatorHandler[Any]) -> Any:
        """Validate a mapping; put our words in the place of pydantic's."""
        if shape(value) != "dict":
            raise problem(f"a mapping with {messages.listed(keys(cls))}" if keys(cls) else "no arguments")
        given = {str(key): part for key, part in value.items() if part != MISSING}
        left_out = [str(key) for key, part in value.items() if part == MISSING and str(key) in optional(cls)]
        try:
            validated = handler(given)
        except ValidationError as error:
            lines = [_worded(cls, line) for line in error.errors(include_url=False)]
            raise refusal(cls.__name__, [*lines, *(_left_out(cls, key) for key in left_out)]) from None
        if left_out:  # a key with a default that says ??? is as missing as one that must be given
            raise refusal(cls.__name__, [_left_out(cls, key) for key in left_out])
        return validated


def optional(model: type[BaseModel]) -> list[str]:
    """Return the keys of a node that have a default, as they are written in YAML."""
    return [field.alias or name for name, field in model.model_fields.items() if not field.is_required()]


def keys(model: type[BaseModel]) -> list[str]:
    """Return the keys of a node as they are written in YAML."""
    return [field.alias or name for name, field in model.model_fields.items()]


def strict_model(name: str, fields: Fields) -> type[Strict]:
    """Return a model made at run time; its keys may be any words, also those that pydantic uses itself.

    Args:
        name: its title in JSON schemas.
        fields: key → (annotation, default, description); ``...`` as default makes it required.
    """
    made = {}
    for index, (key, (annotation, default, *text)) in enumerate(fields.items()):
        made[f"field_{index}"] = (annotation, Field(default, alias=key, description=text[0] if text else None))
    return create_model(name, __base__=Strict, **made)  # type: ignore[call-overload, no-any-return]  # its stub knows no fields that are made at run time


def refusal(title: str, lines: list[InitErrorDetails]) -> ValidationError:
    """Return a ValidationError of our own; raised inside a validator, its lines join those of the whole."""
    return ValidationError.from_exception_data(title, lines)


def again(line: ErrorDetails, *before: str | int) -> InitErrorDetails:
    """Return a line of a ValidationError, to be raised once more with ``before`` in front of its location."""
    custom = PydanticCustomError(line["type"], "{takes}", line.get("ctx", {"takes": line["msg"]}))
    return InitErrorDetails(type=custom, loc=(*before, *line["loc"]), input=line["input"])


def lines(validate: Callable[[Any], Any], value: Any, *before: str | int) -> list[InitErrorDetails]:
    """Return the errors of ``validate``, with ``before`` in front of each location."""
    try:
        validate(value)
    except ValidationError as error:
        return [again(line, *before) for line in error.errors(include_url=False)]
    return []


def _worded(model: type[BaseModel], line: ErrorDetails) -> InitErrorDetails:
    """Return an error that says what is allowed, where pydantic says only "extra" or "missing"."""
    key = line["loc"][0] if len(line["loc"]) == 1 else None
    if key is not None and line["type"] == "extra_forbidden":
        line["type"], line["ctx"] = "unknown", {"takes": keys(model)}
    elif key is not None and line["type"] == "missing":
        line["ctx"] = {"takes": _words(model, str(key))}
    return again(line)


def _left_out(model: type[BaseModel], key: str) -> InitErrorDetails:
    """Return the error of a key with a default that is given as ``???``."""
    missing = PydanticCustomError("missing", "{takes}", {"takes": _words(model, key)})
    return InitErrorDetails(type=missing, loc=(key,), input=MISSING)


def _words(model: type[BaseModel], key: str) -> str:
    """Return the words for what a key takes."""
    for name, field in model.model_fields.items():
        if (field.alias or name) == key:
            return next((extra.words for extra in field.metadata if isinstance(extra, Kind)), "a mapping")
    return "a value"


def refused(model: type[BaseModel], value: Any, path: str = "") -> Iterator[str]:
    """Yield a line for each problem of one node.

    Args:
        path: of the node in the config.
    """
    try:
        model.model_validate(value)
    except ValidationError as error:
        for line in error.errors(include_url=False):
            yield _line(line, path)


def _line(line: ErrorDetails, path: str) -> str:
    """Return an error of pydantic as our line."""
    where = dotted(path, *line["loc"])
    context: dict[str, Any] = line.get("ctx", {})
    if line["type"] == "unknown":
        return messages.unknown(where, str(line["loc"][-1]), context["takes"])
    if line["type"] == "missing":
        return messages.missing(where, context["takes"])
    takes = context.get("takes", line["msg"])
    return messages.wrong(where, context.get("got", line["input"]), takes, context.get("among", ()))


def dotted(path: str, *steps: str | int) -> str:
    """Return a config path from its parts, such as ``model.nodes.mixed.from[1]``."""
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        elif not step.startswith(BRANCH):
            path += f".{step}" if path else step
    return path
