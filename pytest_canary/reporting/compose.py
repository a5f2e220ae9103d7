"""From a journal to the report's document: nothing is decided here, only told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import metadata
from typing import TYPE_CHECKING, Literal

from pytest_canary.context.outcomes import (
    CanaryOutcome,
    ClusterOutcome,
    MigrationOutcome,
    RollbackOutcome,
    VerdictOutcome,
)
from pytest_canary.core.errors import FoundError, TrafficError
from pytest_canary.release.migration import Migrated
from pytest_canary.reporting import document, figures, records
from pytest_canary.reporting.pipelines import pipelines
from pytest_canary.reporting.replicas import availability, replicas
from pytest_canary.reporting.time_spent import time_spent

if TYPE_CHECKING:
    from pytest_canary.config.promotion import Promotion
    from pytest_canary.context.journal import Journal

Result = Literal["passed", "failed", "stopped"]


def compose(
    journal: Journal, result: Result, promotion: Promotion | None = None, stopped_by: str = ""
) -> document.Report:
    """The document of a rehearsal that has ended, however it did.

    Args:
        journal: what happened; the cluster may be gone.
        result: how its checks ended, all of them together.
        promotion: whether the real one would be allowed.
        stopped_by: what ended the run before its time.
    """
    told = _compose(journal, result, promotion, stopped_by)
    # An app's answer, or a test's own words, may hold what nobody is to read.
    return told.without_secrets(journal.redactor.redact)


def _compose(
    journal: Journal, result: Result, promotion: Promotion | None, stopped_by: str
) -> document.Report:
    plan, settings = journal.plan, journal.plan.settings
    outcome = journal.find(VerdictOutcome)
    verdict = outcome.verdict if outcome else None
    findings = tuple(_findings(journal))
    return document.Report(
        tool=document.Tool(version=metadata.version("pytest-canary")),
        run=journal.run,
        name=settings.name,
        scenario="upgrade" if plan.upgrade else "first release",
        started=journal.timeline.started,
        seconds=journal.timeline.now(),
        result=result,
        stopped_by=stopped_by,
        versions=_versions(journal),
        verdict=records.verdict_of(verdict, settings.verdict.confidence) if verdict else None,
        promotion=_promotion(promotion),
        failures=_failures(journal),
        environment=document.Environment(**journal.environment),
        stages=tuple(_stages(journal)),
        pipelines=tuple(pipelines(journal)),
        transitions=tuple(
            document.Transition(
                name=each.name, stage=each.stage, began=each.began, ended=each.ended
            )
            for each in journal.timeline.transitions
        ),
        findings=findings,
        levels=tuple(
            document.RuleLevel(
                rule=rule,
                level=found.level,
                why=found.why,
                found=sum(each.code == rule for each in findings),
            )
            for rule, found in settings.findings.items()
        ),
        replicas=tuple(replicas(journal)),
        availability=tuple(availability(journal)),
        share=_share(journal),
        traffic=_traffic(journal),
        database=_database(journal),
    )


def _versions(journal: Journal) -> document.Versions:
    plan, cluster = journal.plan, journal.find(ClusterOutcome)
    images = cluster.images if cluster else {}
    origins = {
        "baseline": plan.baseline.text if plan.upgrade else "",
        "candidate": plan.options.image or f"built {_describe_build(journal)}",
    }

    def version(title: str) -> document.Version:
        return document.Version(
            version=journal.versions.get(title, ""),
            image=images.get(title, ""),
            origin=origins[title],
        )

    baseline = version("baseline") if plan.upgrade else None
    return document.Versions(baseline=baseline, candidate=version("candidate"))


def _describe_build(journal: Journal) -> str:
    roles = journal.plan.roles
    if roles:
        return f"by {roles.file('build')}"
    return f"from {journal.plan.settings.files.dockerfile.name}"


def _promotion(found: Promotion | None) -> document.Promotion | None:
    if found is None:
        return None
    return document.Promotion(
        allowed=found.allowed,
        sentence=found.sentence,
        branch=found.revision.branch,
        tag=next(iter(found.revision.tags), None),
        source=found.revision.origin,
    )


def _stages(journal: Journal) -> Iterator[document.Stage]:
    by_stage: dict[str, list[document.Check]] = {stage: [] for stage in journal.plan.stages}
    began: dict[str, float] = {}
    for each in journal.checks:
        by_stage.setdefault(each.stage, []).append(
            document.Check(
                sentence=each.sentence,
                result=each.result,
                seconds=each.seconds,
                message=each.message,
                evidence=each.evidence,
            )
        )
        if each.result != "skipped":
            began.setdefault(each.stage, max(each.ended - each.seconds, 0))
    spent = time_spent(journal.checks, journal.timeline.activities)
    for stage, checks in by_stage.items():
        results = {check.result for check in checks}
        entered = stage in began
        result: document.Result = "passed" if entered else "skipped"
        if "failed" in results:
            result = "failed"
        yield document.Stage(
            name=stage,
            result=result,
            began=began.get(stage),
            seconds=sum(check.seconds for check in checks),
            notes=tuple(journal.line(stage)),
            checks=tuple(checks),
            spent=spent.get(stage, ()),
        )


def _failures(journal: Journal) -> document.Failures:
    failed = [each for each in journal.checks if each.result == "failed"]
    first = next((each for each in failed if not each.automatic), None)
    second = next((each for each in failed if each.automatic), None)
    automatic = [each for each in journal.checks if each.automatic]
    return document.Failures(
        first=_failure(first.stage, first.sentence, first.message) if first else None,
        second=_failure(second.stage, second.sentence, second.message) if second else None,
        rolled_back=(second is None) if automatic else None,
        rollback="; ".join(journal.notes.get("rollback", [])).removeprefix("rolled back: ")
        if automatic
        else "",
    )


def _failure(stage: str, check: str, message: str) -> document.Failure:
    return document.Failure(sentence=message, stage=stage, check=check)


def _findings(journal: Journal) -> Iterator[document.Found]:
    for failure in journal.failures:
        after = failure.error.after if isinstance(failure.error, FoundError) else None
        for finding in failure.findings:
            yield document.Found.of(finding, failure.stage, after, failure.paths)
        for finding in failure.also:
            yield document.Found.of(finding, failure.stage, None, failure.paths)
    for told in journal.told:
        yield document.Found.of(told.finding, told.stage)


def _share(journal: Journal) -> figures.Share | None:
    outcome = journal.find(CanaryOutcome)
    if outcome is None or outcome.share is None:
        return None
    wanted = journal.plan.settings.replicas
    expected = wanted.canary / (wanted.canary + wanted.stable_during_canary)
    return records.share_of(outcome.share, expected, outcome.connections)


def _traffic(journal: Journal) -> figures.Traffic | None:
    traffic = journal.traffic
    if traffic is None or traffic.began is None:
        return None
    began = max(traffic.began - journal.timeline.zero, 0)
    try:
        return records.traffic_of(traffic, began, began + traffic.now(), journal.read_back)
    except TrafficError:
        return figures.Traffic(rate=traffic.settings.rate, sent=traffic.sent)


def _database(journal: Journal) -> figures.Database | None:
    done = journal.migrations.get("candidate")
    if done is None:
        return None
    rollback = journal.find(RollbackOutcome)
    return figures.Database(
        backup=_backup(journal),
        schema_before=_revisions(done.noted_before),
        schema_after=_revisions(done.noted_after),
        changes=tuple(done.changes),
        locks=tuple(_locks(done, journal.plan.settings.database.lock_limit)),
        not_undone=tuple(rollback.not_undone if rollback else ()),
    )


def _backup(journal: Journal) -> figures.Backup | None:
    outcome = journal.find(MigrationOutcome)
    found = outcome.backup if outcome else None
    if found is None:
        return None
    if isinstance(found, Exception):
        return figures.Backup(restored=False)
    return figures.Backup(
        size=found.size,
        seconds=found.dumping + found.restoring,
        restored=not found.lost,
    )


def _revisions(noted: Sequence[tuple[str, ...]]) -> str:
    """What migration tools call the schema, such as Alembic's revision."""
    return ", ".join(entry[-1] for entry in noted)


def _locks(done: Migrated, limit: float) -> Iterator[figures.Lock]:
    for block in done.locks.blocks.values() if done.locks else ():
        waiting = block.longest.line.waiting
        yield figures.Lock(
            seconds=block.seconds,
            blocked=waiting.statement if waiting else "",
            statement=done.locks.culprit(block)[0] if done.locks else "",
            limit=limit,
        )
