"""PARENT: what the JSON files of a run, a published version and a sweep must hold, checked whenever one is read.

Anybody may have edited such a file, or another tool may have written one of the same name. What is read here is what
it is said to be, down to the names that become paths; what is not is one line that names the file. Fields beyond
these are left as they are: a later release may write more.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired, cast

import yaml
from pydantic import AfterValidator, ConfigDict, Field, FiniteFloat, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError
from typing_extensions import TypedDict

from factory.core.errors import ConfigError
from factory.core.files import read_json
from factory.core.messages import missing, wrong
from factory.core.names import NAME_WORDS, is_name, is_target, is_version
from factory.core.reading import read_text
from factory.core.rundir import RunDir

LARGEST = 2**63  # of whole numbers: bytes, rows, parameters
MOST_VALUES, DEEPEST = 200_000, 60  # of a YAML file once its aliases are followed
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's: 3 ms for Hydra's file, where Python's takes 20


def rule(accepts: Callable[[Any], bool], words: str) -> AfterValidator:
    """A rule with the words that say what it takes."""

    def check(value: Any) -> Any:
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


class Document(TypedDict):
    """A mapping whose further fields are left as they are."""

    __pydantic_config__ = ConfigDict(extra="allow", strict=True)  # type: ignore[misc]


class Timing(Document):
    name: str
    start: Seconds
    seconds: Seconds


class Tensor(Document):
    name: str
    dtype: str
    shape: list[Size]


class Scale(Document):
    mean: list[float]
    deviation: list[float]


class Output(Document):
    name: str
    task: Literal["classification", "regression"]
    labels: list[Any] | None
    scale: NotRequired[Scale | None]


class Signature(Document):
    inputs: list[Tensor]
    outputs: list[Tensor]


class Data(Document):
    fingerprint: str
    inputs: Annotated[list[Tensor], Field(min_length=1)]
    outputs: Annotated[list[Output], Field(min_length=1)]


class Rows(Document):
    train: Count
    validation: Count


Hashes = TypedDict("Hashes", {"model.keras": Digest, "reference.npz": Digest})
Hashes.__pydantic_config__ = ConfigDict(extra="forbid", strict=True)  # type: ignore[attr-defined]  # paths are made of these


class Scores(Document):
    model: float | None
    baseline: float | None


class Baseline(Document):
    """The trivial answer beside the model, on one output."""

    answer: str
    scores: dict[str, Scores]
    metric: str
    better: bool


def is_judged(found: Baseline) -> bool:
    """Whether the metric that decides is among the scores."""
    scores = found["scores"].get(found["metric"])
    return scores is not None and None not in (scores["model"], scores["baseline"])


class Training(Document):
    """train/report.json."""

    status: Literal["done"]
    key: Digest
    backend: Literal["jax", "tensorflow", "torch"]
    parameters: Count
    epochs: Count
    metrics: dict[str, float]
    rows: Rows
    data: Data
    signature: Signature
    baseline: NotRequired[dict[str, Annotated[Baseline, rule(is_judged, "a metric with its scores")]]]
    scaled_losses: NotRequired[list[str]]
    sha256: Hashes
    laps: list[Timing]


class Difference(Document):
    absolute: float
    used: NotRequired[float]


class Metric(Document):
    name: str
    before: float
    after: float


class Attempt(Document):
    route: str
    error: str | None


class TargetSummary(Document):
    """What run.json says of a target."""

    status: Literal["passed", "refused", "failed"]
    route: str | None
    error: str | None
    bytes: NotRequired[Count | None]
    difference: NotRequired[Difference | None]
    metric: NotRequired[Metric | None]
    latency: NotRequired[dict[str, Seconds] | None]
    attempts: NotRequired[list[Attempt] | None]
    published: PathText | None
    serve: NotRequired[str | None]


class Summary(Document):
    """run.json."""

    status: Literal["running", "trained", "published", "refused", "failed", "pruned", "interrupted"]
    name: Name
    exit_code: NotRequired[Annotated[int, Field(ge=0, le=255)]]
    error: NotRequired[str | None]
    train_key: NotRequired[str]
    overrides: NotRequired[list[str]]
    train: NotRequired[Training | None]
    targets: NotRequired[dict[TargetName, TargetSummary] | None]
    laps: NotRequired[list[Timing]]
    earlier_laps: NotRequired[list[list[Timing]]]
    git: NotRequired[str | None]
    versions: NotRequired[dict[str, str]]


class OutputDifference(Document):
    output: str
    rows: Count
    max_absolute: float
    used: float
    flips: int
    within: bool


class Hop(Document):
    name: str
    differences: list[OutputDifference]


class Tolerance(Document):
    dtype: str
    absolute: float
    relative: float


class TargetReport(Document):
    """deploy/<target>/report.json."""

    status: Literal["passed", "refused", "failed"]
    route: str
    error: str | None
    key: NotRequired[Digest]
    sha256: NotRequired[Digest]
    laps: NotRequired[list[Timing]]
    difference: NotRequired[Difference | None]
    metric: NotRequired[Metric | None]
    attempts: NotRequired[list[Attempt] | None]
    broke: NotRequired[str | None]
    bytes: NotRequired[Count | None]
    latency: NotRequired[dict[str, Seconds] | None]
    hops: NotRequired[list[Hop]]
    tolerance: NotRequired[Tolerance]


class Record(Document):
    """factory.json of a published version."""

    name: Name
    version: VersionNumber
    target: TargetName
    run: NotRequired[str]
    signature: NotRequired[Signature]
    labels: NotRequired[dict[str, list[Any] | None]]
    metrics: NotRequired[dict[str, float]]


class Claim(Document):
    """version.json of a run and claim.json among the published versions: whose a version's number is."""

    name: Name
    version: VersionNumber
    claim: NotRequired[str]  # runs of earlier releases have a number only, which counts for nothing
    contents: NotRequired[dict[str, Digest]]
    run: NotRequired[PathText]


class Aim(TypedDict):
    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)  # type: ignore[misc]
    metric: str
    mode: Literal["auto", "max", "min"]


class Sweep(Document):
    """sweep.json."""

    status: Literal["running", "done", "stopped", "interrupted"]
    command: list[str]
    aims: Annotated[list[Aim], Field(min_length=1)]
    threads: NotRequired[Annotated[int, Field(ge=1, le=100_000)]]
    config_dir: NotRequired[PathText | None]


class Job(TypedDict):
    """A line of plan.jsonl."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)  # type: ignore[misc]
    number: Count
    overrides: list[str]
    folder: PathText
    train_key: str
    same_as: Count | None
    fault: str | None


class Origin(Document):
    """train/origin.json: the run whose training this is."""

    run: PathText


def stays_below(place: str | list[str] | None) -> bool:
    """Whether an option of a config group is a file below the group's folder."""
    places = [place] if isinstance(place, str) else place or []
    return all(not Path(part).is_absolute() and ".." not in Path(part).parts and "\0" not in part for part in places)


Option = Annotated[str | list[str] | None, rule(stays_below, "the name of an option")]


class Source(Document):
    path: str
    schema: str


class Runtime(Document):
    choices: NotRequired[dict[Annotated[str, rule(stays_below, "the name of a group")], Option]]
    config_sources: NotRequired[list[Source]]


class HydraNode(Document):
    runtime: NotRequired[Runtime]


class HydraFile(Document):
    """.hydra/hydra.yaml."""

    hydra: NotRequired[HydraNode]


def read_document(path: Path, kind: Any) -> dict[str, Any] | None:
    """Return what a file holds, None where there is none.

    Args:
        path: of the file.
        kind: what it must hold, one of this module's.

    Raises:
        ConfigError: it is anything else; one line.
    """
    found = read_json(path)
    return None if found is None else check(found, kind, str(path))


def check(found: dict[str, Any], kind: Any, where: str) -> dict[str, Any]:
    """Return what was read, if it is what it must be.

    Raises:
        ConfigError: it is not; names the file and the first field that is at fault.
    """
    try:
        return cast(dict[str, Any], adapter(kind).validate_python(found))
    except ValidationError as error:
        lines = error.errors(include_url=False)
        more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
        raise ConfigError(worded(lines[0], where) + more) from error


@functools.cache
def adapter(kind: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast(Any, kind))


def worded(line: ErrorDetails, where: str) -> str:
    """One fault of a file in our words."""
    field = ".".join(str(part) for part in line["loc"])[:100]
    place = f"{where}: {field}" if field else where
    if line["type"] == "missing":
        return missing(place, "a value")
    if line["type"] == "extra_forbidden":
        return f"{place}: unknown field"
    return wrong(place, line["input"], line["msg"].removeprefix("Input should be "))


def read_summary(run: RunDir) -> dict[str, Any] | None:
    """Return run.json, None where there is none yet."""
    return read_document(run.summary, Summary)


def read_training(run: RunDir) -> dict[str, Any] | None:
    """Return train/report.json, None where training has not ended."""
    return read_document(run.train / "report.json", Training)


def read_target(folder: Path) -> dict[str, Any] | None:
    """Return the report in a target's folder, None where there is none."""
    return read_document(folder / "report.json", TargetReport)


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file; an empty one where there is no file, or nothing in it.

    Raises:
        ConfigError: it holds anything else.
    """
    found = load_yaml(path)
    if not isinstance(found, dict | None):
        raise ConfigError(wrong(str(path), found, "a mapping"))
    return found or {}


def load_yaml(path: Path) -> Any:
    """Return what a YAML file holds, None where there is no file.

    Raises:
        ConfigError: it is no YAML, or holds aliases of aliases that no memory would hold.
    """
    text = read_text(path)
    try:
        found = yaml.load(text or "", Loader=Loader)
        values, depth = extent(found, {})
    except RecursionError as error:
        raise ConfigError(f"{path}: nested too deeply") from error
    except (yaml.YAMLError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]  # what PyYAML raises for a tag that its value does not fit
        raise ConfigError(f"{path}: is no YAML: {reason}") from error
    if values > MOST_VALUES or depth > DEEPEST:
        raise ConfigError(f"{path}: unfolds to more than {MOST_VALUES:,} values or {DEEPEST} levels")
    return found


def extent(node: Any, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """Values below a node and its depth, aliases followed; each node is looked at once.

    Args:
        known: id of a node → its extent; one that is being looked at has too much, since it holds itself.
    """
    if isinstance(node, str):
        node.encode()  # half a character is nothing that could be printed
    if not isinstance(node, list | dict):
        return 1, 0
    if id(node) not in known:
        known[id(node)] = MOST_VALUES + 1, DEEPEST + 1
        parts = [*node.keys(), *node.values()] if isinstance(node, dict) else node
        found = [extent(part, known) for part in parts]
        known[id(node)] = 1 + sum(values for values, _ in found), 1 + max((depth for _, depth in found), default=0)
    return known[id(node)]


def read_hydra(run: RunDir) -> dict[str, Any]:
    """Return Hydra's own half of a run's config; an empty one where there is none."""
    path = run.config.with_name("hydra.yaml")
    return dict(check(read_yaml(path), HydraFile, str(path)).get("hydra", {}))


def read_overrides(run: RunDir) -> tuple[str, ...]:
    """Return the overrides that a run was started with, as they were typed.

    Raises:
        ConfigError: the file is no list of words.
    """
    path = run.config.with_name("overrides.yaml")
    found = load_yaml(path) or []
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        raise ConfigError(wrong(str(path), found, "a list of overrides"))
    return tuple(found)
