"""SHARED: The fields that schemas of files are made of: names, hashes, paths and counts, each checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, FiniteFloat
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from factory.core.names import NAME_WORDS, is_name, is_target, is_version

LARGEST = 2**63  # of whole numbers: bytes, rows, parameters


def rule(accepts: Callable[[Any], bool], words: str) -> AfterValidator:
    """Return a pydantic validator with the words for what it takes."""

    def check(value: Any) -> Any:
        """Return a value unchanged if the rule accepts it."""
        if not accepts(value):
            raise PydanticCustomError("takes", "{words}", {"words": words})
        return value

    return AfterValidator(check)


Name = Annotated[str, rule(is_name, NAME_WORDS)]
TargetName = Annotated[str, rule(is_target, "the name of a target")]
VersionNumber = Annotated[int, rule(is_version, "the number of a version, at least 1")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
PathText = Annotated[str, rule(lambda path: bool(path) and "\0" not in path, "a path")]
Count = Annotated[int, Field(ge=0, le=LARGEST)]
Size = Annotated[int, Field(ge=1, le=LARGEST)] | None
Seconds = Annotated[FiniteFloat, Field(ge=0, le=1e12)]


def earlier_names(**names: str) -> BeforeValidator:
    """Return a pydantic validator that takes fields by the names they had in files of version 0.1.0.

    Args:
        names: earlier name → name of today.
    """

    def rename(fields: Any) -> Any:
        """Return an object with the names of today; one that has both names keeps them as they are."""
        if not isinstance(fields, dict):
            return fields
        return {names[key] if names.get(key) not in (None, *fields) else key: value for key, value in fields.items()}

    return BeforeValidator(rename)


class Document(TypedDict):
    """A JSON object with known fields; any further ones are left as they are."""

    __pydantic_config__ = ConfigDict(extra="allow", strict=True)  # type: ignore[misc]  # as pydantic has it
