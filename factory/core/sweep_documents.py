"""PARENT: The schemas of a sweep's files, as `factory.core.documents` has those of a run."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import ConfigDict, Field
from typing_extensions import TypedDict

from factory.core.document_fields import Count, Document, PathText


class Aim(TypedDict):
    """A metric that a sweep is ranked by, and its direction."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)  # type: ignore[misc]  # as pydantic has it
    metric: str
    mode: Literal["auto", "max", "min"]


class Sweep(Document):
    """sweep.json: the settings and the state of a sweep."""

    status: Literal["running", "done", "stopped", "interrupted"]
    command: list[str]
    aims: Annotated[list[Aim], Field(min_length=1)]
    threads: NotRequired[Annotated[int, Field(ge=1, le=100_000)]]
    config_dir: NotRequired[PathText | None]


class Job(TypedDict):
    """A line of plan.jsonl: one job of a sweep, with the number of the job whose config is the same."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)  # type: ignore[misc]  # as pydantic has it
    number: Count
    overrides: list[str]
    folder: PathText
    train_key: str
    same_as: Count | None
    fault: str | None
