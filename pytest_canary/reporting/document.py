"""The report's document: everything that a run tells, as report.json has it.

The models are the published schema: `python -m pytest_canary.reporting schema` prints it. Times
are seconds since the run's start, shares are fractions of 1. What a run does not have stays out:
every part but the run's own name, start, length and result is optional.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from pytest_canary.core.findings import Finding, Level
from pytest_canary.reporting.figures import Availability, Database, Replicas, Share, Traffic
from pytest_canary.reporting.part import Count, Part, Seconds, Share01, Text, Texts
from pytest_canary.reporting.pipelines import Pipeline

# Raised when a document is no longer what a reader of an older one would take it for.
FORMAT: Literal[1] = 1

Result = Literal["passed", "failed", "stopped", "skipped"]
Answer = Literal["go", "no-go", "inconclusive"]


class Tool(Part):
    """What wrote the report."""

    name: str = "pytest-canary"
    version: str = ""


class Version(Part):
    """One of the two versions.

    Attributes:
        version: what it calls itself in its answers; empty where it doesn't say.
        image: the image's name.
        origin: where it came from: a git revision, an option, a settings file.
    """

    version: Text = ""
    image: str = ""
    origin: str = ""


class Versions(Part):
    """The version live today and the one that is to be; a first release has no baseline."""

    baseline: Version | None = None
    candidate: Version | None = None


class Comparison(Part):
    """Canary against baseline in one metric.

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


class Percentiles(Part):
    """A percentile of both versions' latencies in the same window, in seconds."""

    baseline: Seconds
    canary: Seconds


class Verdict(Part):
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
    samples: dict[str, Count] = {}  # noqa: RUF012 (pydantic copies it)
    percentiles: dict[str, Percentiles] = {}  # noqa: RUF012 (pydantic copies it)
    confidence: Share01 | None = None


class Promotion(Part):
    """Whether the real promotion would be allowed, and what says so."""

    allowed: bool
    sentence: Text = ""
    branch: str | None = None
    tag: str | None = None
    source: str | None = None


class Environment(Part):
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


class Check(Part):
    """One sentence that was to hold; message and evidence where it did not."""

    sentence: str
    result: Result
    seconds: Seconds = 0
    message: Text = ""
    evidence: Text = ""


class Spent(Part):
    """What some of a stage's seconds went into.

    Attributes:
        kind: a wait; a command, on this machine or in a pod; a step of ours; the rest of a check,
            its requests among it; or what pytest does beside the checks.
        name: what was awaited, ran or was done, or what the check says.
    """

    kind: Literal["wait", "command", "step", "check", "pytest"]
    name: Text
    seconds: Seconds


class Stage(Part):
    """One stage of the walk; began is None where it was never entered.

    Attributes:
        seconds: of its checks.
        spent: where they went, and those between its checks, the most first.
    """

    name: str
    result: Result
    began: Seconds | None = None
    seconds: Seconds = 0
    notes: Texts = ()
    checks: tuple[Check, ...] = ()
    spent: tuple[Spent, ...] = ()


class Transition(Part):
    """One change of the cluster, from its first command to when it was seen to be done."""

    name: str
    stage: str = ""
    began: Seconds
    ended: Seconds


class Found(Part):
    """A finding, where the walk stood, and the files that hold more of its evidence.

    Attributes:
        level: an error has failed a check; a warning was told, and fails nothing; what is off is
            told here alone.
        why: why the settings have that level; empty where they have none, or don't say.
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
    level: Level = "error"
    why: Text = ""
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
        return cls(
            code=finding.code,
            sentence=finding.sentence,
            where=finding.where,
            seen=finding.seen,
            evidence=finding.evidence,
            likely=finding.likely,
            next=finding.next,
            doomed=finding.doomed,
            level=finding.level,
            why=finding.why,
            stage=stage,
            after_apply=after_apply,
            files=tuple(files),
        )


class RuleLevel(Part):
    """A level that the settings set.

    Attributes:
        rule: whose findings have it.
        why: as the settings say; empty where they don't.
        found: how many findings there were.
    """

    rule: str
    level: Level
    why: Text = ""
    found: Count = 0


class Failure(Part):
    """What failed: the check, in which stage, and why."""

    sentence: Text
    stage: str = ""
    check: str = ""


class Failures(Part):
    """What failed first, what failed while that was rolled back, and how the rollback went."""

    first: Failure | None = None
    second: Failure | None = None
    rolled_back: bool | None = None
    rollback: Text = ""


class Report(Part):
    """One run.

    Attributes:
        run: its six hexadecimal digits.
        started: in UTC.
        name: the app's.
        pipelines: the project's own that have made the transitions, where they have.
        findings: errors first, as they were raised; then what failed nothing.
        levels: what the settings have made of rules.
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
    pipelines: tuple[Pipeline, ...] = ()
    transitions: tuple[Transition, ...] = ()
    findings: tuple[Found, ...] = ()
    levels: tuple[RuleLevel, ...] = ()
    replicas: tuple[Replicas, ...] = ()
    availability: tuple[Availability, ...] = ()
    share: Share | None = None
    traffic: Traffic | None = None
    database: Database | None = None
    left_out: dict[str, Count] = {}  # noqa: RUF012 (pydantic copies it)

    def of_level(self, level: Level) -> tuple[Found, ...]:
        """The findings of a level."""
        return tuple(each for each in self.findings if each.level == level)

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
