"""PARENT: The schemas of the JSON and YAML files of a run, a published version and a sweep, checked on each read.

Anybody may have edited such a file, or another tool may have written one of the same name. So every field that the
package uses is checked, down to names that become paths, and a wrong one is one line that names the file. Further
fields are left as they are: a later release may write more.
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


class Document(TypedDict):
    """A JSON object with known fields; any further ones are left as they are."""

    __pydantic_config__ = ConfigDict(extra="allow", strict=True)  # type: ignore[misc]


class Timing(Document):
    """The duration of one step in seconds, and its start in seconds since 1970."""

    name: str
    start: Seconds
    seconds: Seconds


class Tensor(Document):
    """An input or output of a signature: name, dtype, and shape without the batch axis."""

    name: str
    dtype: str
    shape: list[Size]


class Scale(Document):
    """The mean and standard deviation by which training standardizes a regression target, for each column."""

    mean: list[float]
    deviation: list[float]


class Output(Document):
    """An output of the data: its task, the labels of its classes, the scale of a regression target."""

    name: str
    task: Literal["classification", "regression"]
    labels: list[Any] | None
    scale: NotRequired[Scale | None]


class Signature(Document):
    """The inputs and outputs of a model, in order."""

    inputs: list[Tensor]
    outputs: list[Tensor]


class Data(Document):
    """The facts of the data that a model was trained on, with the fingerprint of its contents."""

    fingerprint: str
    inputs: Annotated[list[Tensor], Field(min_length=1)]
    outputs: Annotated[list[Output], Field(min_length=1)]


class Rows(Document):
    """The numbers of rows that a model was trained and judged on."""

    train: Count
    validation: Count


Hashes = TypedDict("Hashes", {"model.keras": Digest, "reference.npz": Digest})
Hashes.__pydantic_config__ = ConfigDict(extra="forbid", strict=True)  # type: ignore[attr-defined]  # paths are made of these


class Scores(Document):
    """The values of one metric for the model and for the trivial baseline, None where it was not computed."""

    model: float | None
    baseline: float | None


class Baseline(Document):
    """The trivial answer to one output, such as its most frequent class, compared with the model."""

    answer: str
    scores: dict[str, Scores]
    metric: str
    better: bool


def is_judged(baseline: Baseline) -> bool:
    """Return whether a baseline has both scores of its deciding metric."""
    scores = baseline["scores"].get(baseline["metric"])
    return scores is not None and None not in (scores["model"], scores["baseline"])


class Training(Document):
    """train/report.json: the outcome of a training, and the hashes of the files it left."""

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
    """The largest difference between an artifact and the trained model, absolute and as a share of the tolerance."""

    absolute: float
    used: NotRequired[float]


class Metric(Document):
    """A metric of the trained model (``before``) and of the artifact (``after``)."""

    name: str
    before: float
    after: float


class Attempt(Document):
    """One try to make a target by an export backend, with its error if it failed."""

    route: str
    error: str | None


class TargetSummary(Document):
    """The outcome of one target in run.json."""

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
    """run.json: the outcome of a run."""

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
    """The difference that one hop makes on one output, over all compared rows."""

    output: str
    rows: Count
    max_absolute: float
    used: float
    flips: int
    within: bool


class Hop(Document):
    """One step from the trained model to the artifact, with the differences that it makes."""

    name: str
    differences: list[OutputDifference]


class Tolerance(Document):
    """The largest difference that counts as equal, for one dtype."""

    dtype: str
    absolute: float
    relative: float


class TargetReport(Document):
    """deploy/<target>/report.json: the outcome of one export and its gate."""

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
    """factory.json of a published version: what it is and which run made it."""

    name: Name
    version: VersionNumber
    target: TargetName
    run: NotRequired[str]
    signature: NotRequired[Signature]
    labels: NotRequired[dict[str, list[Any] | None]]
    metrics: NotRequired[dict[str, float]]


class Claim(Document):
    """version.json of a run and claim.json among the published versions: which run a version's number belongs to."""

    name: Name
    version: VersionNumber
    claim: NotRequired[str]  # runs of earlier releases have a number only, which counts for nothing
    contents: NotRequired[dict[str, Digest]]
    run: NotRequired[PathText]


class Aim(TypedDict):
    """A metric that a sweep is ranked by, and its direction."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)  # type: ignore[misc]
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

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)  # type: ignore[misc]
    number: Count
    overrides: list[str]
    folder: PathText
    train_key: str
    same_as: Count | None
    fault: str | None


class Origin(Document):
    """train/origin.json: the run that a training was taken over from."""

    run: PathText


def stays_below(option: str | list[str] | None) -> bool:
    """Return whether an option of a config group is a file below the group's folder."""
    names = [option] if isinstance(option, str) else option or []
    return all(not Path(name).is_absolute() and ".." not in Path(name).parts and "\0" not in name for name in names)


Option = Annotated[str | list[str] | None, rule(stays_below, "the name of an option")]


class Source(Document):
    """A folder or scheme that Hydra composed a config from."""

    path: str
    schema: str


class Runtime(Document):
    """What Hydra knows of a composition: the chosen options by group."""

    choices: NotRequired[dict[Annotated[str, rule(stays_below, "the name of a group")], Option]]
    config_sources: NotRequired[list[Source]]


class HydraNode(Document):
    """The node ``hydra`` of a config."""

    runtime: NotRequired[Runtime]


class HydraFile(Document):
    """.hydra/hydra.yaml: Hydra's own half of a config."""

    hydra: NotRequired[HydraNode]


def read_document(path: Path, kind: Any) -> dict[str, Any] | None:
    """Return the checked content of a JSON file, None where there is no file.

    Args:
        path: of the file.
        kind: its schema, one of this module's classes.

    Raises:
        ConfigError: it does not fit the schema; names the file and the first wrong field.
    """
    fields = read_json(path)
    return None if fields is None else check_document(fields, kind, str(path))


def check_document(fields: dict[str, Any], kind: Any, where: str) -> dict[str, Any]:
    """Return the content of a file unchanged if it fits its schema.

    Args:
        fields: the content.
        kind: its schema, one of this module's classes.
        where: the path of the file, for the error.

    Raises:
        ConfigError: it does not fit; names the file and the first wrong field.
    """
    try:
        return cast(dict[str, Any], adapter(kind).validate_python(fields))
    except ValidationError as error:
        lines = error.errors(include_url=False)
        more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
        raise ConfigError(worded(lines[0], where) + more) from error


@functools.cache
def adapter(kind: Hashable) -> TypeAdapter[Any]:
    """Return the pydantic validator of a type, made once."""
    return TypeAdapter(cast(Any, kind))


def worded(line: ErrorDetails, where: str) -> str:
    """Return the first problem of a file as our line."""
    field = ".".join(str(part) for part in line["loc"])[:100]
    path = f"{where}: {field}" if field else where
    if line["type"] == "missing":
        return missing(path, "a value")
    if line["type"] == "extra_forbidden":
        return f"{path}: unknown field"
    return wrong(path, line["input"], line["msg"].removeprefix("Input should be "))


def read_summary(run: RunDir) -> dict[str, Any] | None:
    """Return the content of run.json, None where there is none yet."""
    return read_document(run.summary, Summary)


def read_training(run: RunDir) -> dict[str, Any] | None:
    """Return the content of train/report.json, None where training has not ended."""
    return read_document(run.train / "report.json", Training)


def read_target(folder: Path) -> dict[str, Any] | None:
    """Return the report in a target's folder, None where there is none."""
    return read_document(folder / "report.json", TargetReport)


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping in a YAML file; an empty one where there is no file, or nothing in it.

    Raises:
        ConfigError: it holds something other than a mapping.
    """
    content = load_yaml(path)
    if not isinstance(content, dict | None):
        raise ConfigError(wrong(str(path), content, "a mapping"))
    return content or {}


def load_yaml(path: Path) -> Any:
    """Return the content of a YAML file, None where there is no file.

    Raises:
        ConfigError: it is not YAML, or its aliases unfold to more than memory could hold.
    """
    text = read_text(path)
    try:
        content = yaml.load(text or "", Loader=Loader)
        values, depth = extent(content, {})
    except RecursionError as error:
        raise ConfigError(f"{path}: nested too deeply") from error
    except (yaml.YAMLError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]  # what PyYAML raises for a tag that its value does not fit
        raise ConfigError(f"{path}: is no YAML: {reason}") from error
    if values > MOST_VALUES or depth > DEEPEST:
        raise ConfigError(f"{path}: unfolds to more than {MOST_VALUES:,} values or {DEEPEST} levels")
    return content


def extent(node: Any, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """Return the number of values below a node and its depth, aliases followed; look at each node once.

    Args:
        known: id of a node → its extent, grows; a node in progress counts as too large: meeting it again, it holds
            itself.
    """
    if isinstance(node, str):
        node.encode()  # raises for half a surrogate pair, which cannot be printed
    if not isinstance(node, list | dict):
        return 1, 0
    if id(node) not in known:
        known[id(node)] = MOST_VALUES + 1, DEEPEST + 1
        parts = [*node.keys(), *node.values()] if isinstance(node, dict) else node
        extents = [extent(part, known) for part in parts]
        known[id(node)] = 1 + sum(values for values, _ in extents), 1 + max((depth for _, depth in extents), default=0)
    return known[id(node)]


def read_hydra(run: RunDir) -> dict[str, Any]:
    """Return Hydra's own half of a run's config; an empty one where there is none."""
    path = run.config.with_name("hydra.yaml")
    return dict(check_document(read_yaml(path), HydraFile, str(path)).get("hydra", {}))


def read_overrides(run: RunDir) -> tuple[str, ...]:
    """Return the overrides that a run was started with, as they were typed.

    Raises:
        ConfigError: the file is no list of words.
    """
    path = run.config.with_name("overrides.yaml")
    overrides = load_yaml(path) or []
    if not isinstance(overrides, list) or not all(isinstance(override, str) for override in overrides):
        raise ConfigError(wrong(str(path), overrides, "a list of overrides"))
    return tuple(overrides)
