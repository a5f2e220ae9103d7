"""The report's document: everything that a run tells, as report.json has it.

The models are the published schema: `python -m pytest_canary.reporting schema` prints it. Times
are seconds since the run's start, shares are fractions of 1. What a run does not have stays out:
every part but the run's own name, start, length and result is optional.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pytest_canary.core.findings import Finding
from pytest_canary.core.wording import encodable

# Raised when a document is no longer what a reader of an older one would take it for.
FORMAT: Literal[1] = 1

Result = Literal["passed", "failed", "stopped", "skipped"]
Answer = Literal["go", "no-go", "inconclusive"]
Seconds = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]
Share01 = Annotated[float, Field(ge=0, le=1)]


class _Free:
    """What an app, a program or a person has said, secrets perhaps among it."""


# All other texts are names and words of ours, whatever secret may be called the same.
Text = Annotated[str, _Free]
Texts = Annotated[tuple[str, ...], _Free]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _hold_in_a_file(cls, given: Any) -> Any:
        return changed(given, encodable)

    def redacted(self, redact: Callable[[str], str]) -> Self:
        """The same with the secrets taken out of what was said; names and words of ours stay."""
        changes = {}
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            free = _Free in field.metadata
            changes[name] = changed(value, redact) if free else _parts_redacted(value, redact)
        return self.model_copy(update=changes)


def changed(value: Any, change: Callable[[str], str]) -> Any:
    """A value with every text in it changed; parts stay as they are."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {changed(key, change): changed(each, change) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return tuple(changed(each, change) for each in value)
    return value


def _parts_redacted(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, _Part):
        return value.redacted(redact)
    if isinstance(value, tuple):
        return tuple(_parts_redacted(each, redact) for each in value)
    return value


class Tool(_Part):
    """What wrote the report."""

    name: str = "pytest-canary"
    version: str = ""


class Version(_Part):
    """One of the two versions.

    Attributes:
        version: what it calls itself in its answers; empty where it doesn't say.
        image: the image's name.
        origin: where it came from: a git revision, an option, a settings file.
    """

    version: Text = ""
    image: str = ""
    origin: str = ""


class Versions(_Part):
    """The version live today and the one that is to be; a first release has no baseline."""

    baseline: Version | None = None
    candidate: Version | None = None


class Comparison(_Part):
    """Canary against stable in one metric.

    Attributes:
        baseline, canary: the values as they are shown: "12 ms".
        effect: the difference that was found, canary less baseline.
        interval: its confidence interval.
        least: the least difference that matters, in the effect's unit.
        effect_text: the effect as it is shown: "+3 ms (-1 to +8)"; without it the number is.
        confidence: of the interval, two-sided.
        p: the test's p-value.
        level: the p below which the effect is proven, with all looks and metrics allowed for.
    """

    metric: str
    baseline: str = ""
    canary: str = ""
    effect: float | None = None
    interval: tuple[float, float] | None = None
    least: Annotated[float, Field(gt=0)] | None = None
    effect_text: str = ""
    confidence: Share01 | None = None
    p: Share01 | None = None
    level: Share01 | None = None
    answer: Answer | None = None
    sentence: Text = ""


class Percentiles(_Part):
    """A percentile of both versions' latencies in the same window, in seconds."""

    baseline: Seconds
    canary: Seconds


class Verdict(_Part):
    """The answer, what it rests on, and how often was looked until it was clear.

    Attributes:
        omitted: what was not compared, in words.
        samples: requests of "baseline" and "canary".
        percentiles: by name: "p50", "p95", "p99".
        confidence: of the answer, all looks together.
    """

    answer: Answer
    sentence: Text = ""
    comparisons: tuple[Comparison, ...] = ()
    omitted: Texts = ()
    looks: Count | None = None
    samples: dict[str, Count] = {}
    percentiles: dict[str, Percentiles] = {}
    confidence: Share01 | None = None


class Promotion(_Part):
    """Whether the real promotion would be allowed, and what says so."""

    allowed: bool
    sentence: Text = ""
    branch: str | None = None
    tag: str | None = None
    source: str | None = None


class Environment(_Part):
    """What the run ran on."""

    kubernetes: str | None = None
    node_image: str | None = None
    kind: str | None = None
    engine: str | None = None
    python: str | None = None
    pytest: str | None = None
    platform: str | None = None
    settings: str | None = None
    revision: str | None = None


class Check(_Part):
    """One sentence that was to hold; message and evidence where it did not."""

    sentence: str
    result: Result
    seconds: Seconds = 0
    message: Text = ""
    evidence: Text = ""


class Stage(_Part):
    """One stage of the walk; began is None where it was never entered."""

    name: str
    result: Result
    began: Seconds | None = None
    seconds: Seconds = 0
    notes: Texts = ()
    checks: tuple[Check, ...] = ()


class Transition(_Part):
    """One change of the cluster, from its first command to when it was seen to be done."""

    name: str
    stage: str = ""
    began: Seconds
    ended: Seconds


class Found(_Part):
    """A finding, where the walk stood, and the files that hold more of its evidence.

    Attributes:
        stage: the stage it was found in.
        after_apply: seconds after the transition's apply.
        files: their paths, relative to the report's folder.
    """

    code: str
    sentence: Text
    where: Text = ""
    seen: Text = ""
    evidence: Text = ""
    likely: Text = ""
    next: Text = ""
    doomed: bool = True
    stage: str = ""
    after_apply: Seconds | None = None
    files: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        finding: Finding,
        stage: str = "",
        after_apply: float | None = None,
        files: Sequence[str] = (),
    ) -> Found:
        """A finding as the report has it."""
        named = {name: getattr(finding, name) for name in Finding.__dataclass_fields__}
        return cls(**named, stage=stage, after_apply=after_apply, files=tuple(files))


class Failure(_Part):
    """What failed: the check, in which stage, and why."""

    sentence: Text
    stage: str = ""
    check: str = ""


class Failures(_Part):
    """What failed first, what failed while that was rolled back, and how the rollback went."""

    first: Failure | None = None
    second: Failure | None = None
    rolled_back: bool | None = None
    rollback: Text = ""


class Replicas(_Part):
    """A Deployment's pods of one version, from this moment until the next one of the two.

    Attributes:
        version: whose pods ready and available count; empty where that isn't known.
        wanted: replicas that the Deployment asks for, of whichever version.
    """

    at: Seconds
    deployment: str
    version: Text = ""
    wanted: Count
    ready: Count
    available: Count


class Availability(_Part):
    """The fewest available replicas in a transition, and how few its strategy allows."""

    deployment: str
    transition: str
    lowest: Count
    allowed: Count


class Share(_Part):
    """The canary's share of connections, with its interval, and what its replicas make."""

    value: Share01
    low: Share01
    high: Share01
    expected: Share01
    connections: Count


class Exchanges(_Part):
    """The requests of one transition, or of a stage's time without one; latencies in seconds.

    Attributes:
        name: the transition's; empty for none.
        retryable: of the lost, those that a client may safely send again.
        unsent: those that the generator's own bounds kept back; not among the sent.
    """

    name: str = ""
    stage: str = ""
    sent: Count
    lost: Count
    retryable: Count = 0
    slow: Count = 0
    unsent: Count = 0
    p50: Seconds | None = None
    p95: Seconds | None = None
    p99: Seconds | None = None


class Point(_Part):
    """The requests that were due in one bin of time and that one version answered.

    Attributes:
        at: the bin's start.
        version: which one answered; empty where none did, or none said.
        errors: those of the requests that were lost.
        p50, p95, p99: latencies of the answered ones, in seconds.
    """

    at: Seconds
    version: Text = ""
    requests: Count
    errors: Count = 0
    p50: Seconds | None = None
    p95: Seconds | None = None
    p99: Seconds | None = None


class Loss(_Part):
    """One lost request.

    Attributes:
        at: when it was due.
        request: method and path.
        kind: refused, reset, timeout, a status, a wrong answer.
        retryable: whether a real client would safely send it again.
    """

    at: Seconds
    stage: str = ""
    transition: str = ""
    request: Text
    kind: str
    retryable: bool = False
    pod: str = ""
    version: Text = ""
    detail: Text = ""


class Lag(_Part):
    """How late the generator itself sent its requests, in seconds."""

    p50: Seconds | None = None
    p99: Seconds | None = None
    max: Seconds | None = None


class Traffic(_Part):
    """The load.

    Attributes:
        rate: requests a second that were to be sent.
        unsent: requests that the generator's own bounds kept back; not among the sent.
        writes: the acknowledged ones.
        unacknowledged: writes that may have been done and may not.
        read_back: whether the acknowledged ones were looked for again.
        lost_writes, doubled_writes: those that were then not there once, as they are named.
        cost: CPU seconds that sending them took.
        bin: seconds that each point of the series stands for.
    """

    rate: Annotated[float, Field(ge=0)] | None = None
    sent: Count = 0
    lost: Count = 0
    slow: Count = 0
    unsent: Count = 0
    writes: Count = 0
    unacknowledged: Count = 0
    read_back: bool = False
    lost_writes: Texts = ()
    doubled_writes: Texts = ()
    lag: Lag | None = None
    cost: Seconds | None = None
    by_transition: tuple[Exchanges, ...] = ()
    bin: Annotated[float, Field(gt=0)] = 1
    series: tuple[Point, ...] = ()
    losses: tuple[Loss, ...] = ()


class Backup(_Part):
    """The backup before the migration: bytes, seconds, and whether it could be restored."""

    size: Count | None = None
    seconds: Seconds | None = None
    restored: bool | None = None


class Lock(_Part):
    """One wait for a lock that the migration held.

    Attributes:
        seconds: for how long.
        blocked: the statement that waited.
        statement: the one that held the lock.
        limit: seconds that would have been allowed.
    """

    seconds: Seconds
    blocked: Text
    statement: Text
    limit: Seconds | None = None


class Database(_Part):
    """What the migration did.

    Attributes:
        schema_before, schema_after: the schema's names: "0001".
        changes: its diff: "+ column person.search_name", "- …".
        not_undone: what rolling back the app left as it was, a sentence each.
    """

    backup: Backup | None = None
    schema_before: Text = ""
    schema_after: Text = ""
    changes: Texts = ()
    locks: tuple[Lock, ...] = ()
    not_undone: Texts = ()


class Report(_Part):
    """One run.

    Attributes:
        run: its six hexadecimal digits.
        started: in UTC.
        name: the app's.
        left_out: how many items each list lost so that the report stays small: "traffic.losses".
    """

    format: Literal[1] = FORMAT
    tool: Tool = Tool()
    run: str
    name: str
    scenario: Literal["upgrade", "first release"] = "upgrade"
    started: datetime
    seconds: Seconds
    result: Literal["passed", "failed", "stopped"]
    stopped_by: str = ""
    versions: Versions = Versions()
    verdict: Verdict | None = None
    promotion: Promotion | None = None
    failures: Failures = Failures()
    environment: Environment = Environment()
    stages: tuple[Stage, ...] = ()
    transitions: tuple[Transition, ...] = ()
    findings: tuple[Found, ...] = ()
    replicas: tuple[Replicas, ...] = ()
    availability: tuple[Availability, ...] = ()
    share: Share | None = None
    traffic: Traffic | None = None
    database: Database | None = None
    left_out: dict[str, Count] = {}

    @property
    def text(self) -> str:
        """As report.json has it."""
        return self.model_dump_json(indent=2, exclude_none=True) + "\n"


def schema() -> dict[str, Any]:
    """The JSON schema of report.json.

    It lets a part have more than is named, as a later version of the same format may add to it.
    """
    found = Report.model_json_schema(mode="serialization")
    for part in (found, *found["$defs"].values()):
        del part["additionalProperties"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:pytest-canary:report:{FORMAT}",
        **found,
        "title": "pytest-canary report",
    }


def schema_text() -> str:
    """The schema as its published file has it."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
