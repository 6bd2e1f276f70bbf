"""PARENT: The schemas of the JSON files of a run and of a published version.

Anybody may have edited such a file, or another tool may have written one of the same name. So every field that the
package uses is checked, down to names that become paths, and a wrong one is one line that names the file. Further
fields are left as they are: a later release may write more.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import ConfigDict, Field
from typing_extensions import TypedDict

from factory.core.document_fields import (
    Count,
    Digest,
    Document,
    Name,
    PathText,
    Seconds,
    Size,
    TargetName,
    VersionNumber,
    earlier_names,
    rule,
)


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
    test: NotRequired[Count]


Hashes = TypedDict(
    "Hashes",
    {
        "model.keras": Digest,
        "reference.npz": Digest,
        "preprocessing.json": NotRequired[Digest],
        "raw_rows.npz": NotRequired[Digest],
    },
)
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


class TrainingFields(Document):
    """train/report.json: the outcome of a training, and the hashes of the files it left."""

    status: Literal["done"]
    key: Digest
    backend: Literal["jax", "tensorflow", "torch"]
    parameters: Count
    epochs: Count
    metrics: dict[str, float]  # on the validation rows
    test_metrics: NotRequired[dict[str, float]]
    warnings: NotRequired[list[str]]
    rows: Rows
    data: Data
    signature: Signature
    raw: NotRequired[Signature]
    baseline: NotRequired[dict[str, Annotated[Baseline, rule(is_judged, "a metric with its scores")]]]
    scaled_losses: NotRequired[list[str]]
    sha256: Hashes
    timings: list[Timing]


Training = Annotated[TrainingFields, earlier_names(laps="timings")]


class Difference(Document):
    """The largest difference between an artifact and the trained model, absolute and as a share of the tolerance."""

    absolute: float
    used: NotRequired[float]


class Metric(Document):
    """A metric of the trained model (``before``) and of the artifact (``after``)."""

    name: str
    before: float
    after: float


class AttemptFields(Document):
    """One try to make a target by an export backend, with its error if it failed."""

    backend: str
    error: str | None


Attempt = Annotated[AttemptFields, earlier_names(route="backend")]


class TargetSummaryFields(Document):
    """The outcome of one target in run.json."""

    status: Literal["passed", "refused", "failed"]
    backend: str | None
    error: str | None
    bytes: NotRequired[Count | None]
    difference: NotRequired[Difference | None]
    metric: NotRequired[Metric | None]
    latency: NotRequired[dict[str, Seconds] | None]
    latency_encoded: NotRequired[dict[str, Seconds]]
    encoded: NotRequired[bool]
    attempts: NotRequired[list[Attempt] | None]
    published: PathText | None
    serve: NotRequired[str | None]


TargetSummary = Annotated[TargetSummaryFields, earlier_names(route="backend")]


class SummaryFields(Document):
    """run.json: the outcome of a run."""

    status: Literal["running", "trained", "published", "refused", "failed", "pruned", "interrupted"]
    name: Name
    exit_code: NotRequired[Annotated[int, Field(ge=0, le=255)]]
    error: NotRequired[str | None]
    train_key: NotRequired[str]
    overrides: NotRequired[list[str]]
    train: NotRequired[Training | None]
    targets: NotRequired[dict[TargetName, TargetSummary] | None]
    timings: NotRequired[list[Timing]]
    earlier_timings: NotRequired[list[list[Timing]]]
    git: NotRequired[str | None]
    versions: NotRequired[dict[str, str]]


Summary = Annotated[SummaryFields, earlier_names(laps="timings", earlier_laps="earlier_timings")]


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
    faults: NotRequired[list[str]]


class Tolerance(Document):
    """The largest difference that counts as equal, for one dtype."""

    dtype: str
    absolute: float
    relative: float


class TargetReportFields(Document):
    """deploy/<target>/report.json: the outcome of one export and its gate."""

    status: Literal["passed", "refused", "failed"]
    backend: str
    error: str | None
    key: NotRequired[Digest]
    sha256: NotRequired[Digest]
    timings: NotRequired[list[Timing]]
    difference: NotRequired[Difference | None]
    metric: NotRequired[Metric | None]
    attempts: NotRequired[list[Attempt] | None]
    broke: NotRequired[str | None]
    bytes: NotRequired[Count | None]
    latency: NotRequired[dict[str, Seconds] | None]
    latency_encoded: NotRequired[dict[str, Seconds]]
    encoded: NotRequired[bool]
    hops: NotRequired[list[Hop]]
    tolerance: NotRequired[Tolerance]


TargetReport = Annotated[TargetReportFields, earlier_names(route="backend", laps="timings")]


class Record(Document):
    """factory.json of a published version: what it is and which run made it."""

    name: Name
    version: VersionNumber
    target: TargetName
    run: NotRequired[str]
    signature: NotRequired[Signature]
    raw: NotRequired[Signature]
    encoded: NotRequired[bool]
    labels: NotRequired[dict[str, list[Any] | None]]
    metrics: NotRequired[dict[str, float]]  # on the validation rows
    test_metrics: NotRequired[dict[str, float]]


class Claim(Document):
    """version.json of a run and claim.json among the published versions: which run a version's number belongs to."""

    name: Name
    version: VersionNumber
    claim: NotRequired[str]  # runs of earlier releases have a number only, which counts for nothing
    contents: NotRequired[dict[str, Digest]]
    run: NotRequired[PathText]


class Origin(Document):
    """train/origin.json: the run that a training was taken over from."""

    run: PathText
