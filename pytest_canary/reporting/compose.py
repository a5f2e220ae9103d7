"""From a walk to its report's document: nothing is decided here, only told."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from importlib import metadata
from typing import TYPE_CHECKING, Any, Literal

from pytest_canary.context.evidence import Failure
from pytest_canary.core import processes
from pytest_canary.core.errors import FoundError, TrafficError
from pytest_canary.core.findings import Finding
from pytest_canary.release.migration import Migrated
from pytest_canary.reporting import document, records

if TYPE_CHECKING:
    from pytest_canary.config.promotion import Promotion
    from pytest_canary.k8s.observer import Moment
    from pytest_canary.rehearsal.rehearsal import Walk

Result = Literal["passed", "failed", "stopped"]


def compose(
    walk: Walk, result: Result, promotion: Promotion | None = None, stopped_by: str = ""
) -> document.Report:
    """The document of a walk that has ended, however it did.

    Args:
        walk: what was walked; its cluster may be gone.
        result: how its checks ended, all of them together.
        promotion: whether the real one would be allowed.
        stopped_by: what ended the run before its time.
    """
    told = _compose(walk, result, promotion, stopped_by)
    # An app's answer, or a test's own words, may hold what nobody is to read.
    return document.Report.model_validate(_masked(told.model_dump(), walk.secrets))


def _masked(value: Any, secrets: Sequence[str]) -> Any:
    """A document's values with the secrets taken out of every text."""
    if isinstance(value, str):
        return processes.masked(value, secrets)
    if isinstance(value, dict):
        return {key: _masked(each, secrets) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_masked(each, secrets) for each in value)
    return value


def _compose(
    walk: Walk, result: Result, promotion: Promotion | None, stopped_by: str
) -> document.Report:
    memory, settings = walk.memory, walk.settings
    judged = memory.verdict
    return document.Report(
        tool=document.Tool(version=metadata.version("pytest-canary")),
        run=walk.run.record.run,
        name=settings.name,
        scenario="upgrade" if walk.plan.upgrade else "first release",
        started=walk.timeline.started,
        seconds=walk.timeline.now(),
        result=result,
        stopped_by=stopped_by,
        versions=_versions(walk),
        verdict=records.judged(judged, settings.verdict.confidence) if judged else None,
        promotion=_promotion(promotion),
        failures=_failures(walk),
        environment=document.Environment(**memory.environment),
        stages=tuple(_stages(walk)),
        transitions=tuple(
            document.Transition(
                name=each.name, stage=each.stage, began=each.began, ended=each.ended
            )
            for each in walk.timeline.transitions
        ),
        findings=tuple(_findings(walk)),
        replicas=tuple(_replicas(walk)),
        availability=tuple(_availability(walk)),
        share=_share(walk),
        traffic=_traffic(walk),
        database=_database(walk),
    )


def _versions(walk: Walk) -> document.Versions:
    told, plan, up = walk.memory.versions, walk.plan, walk._provisioned
    origins = {
        "baseline": plan.baseline.text if plan.upgrade else "",
        "candidate": plan.options.image or f"built from {plan.settings.files.dockerfile.name}",
    }

    def version(title: str) -> document.Version:
        found = getattr(up, title) if up else None
        return document.Version(
            version=told.get(title, ""), image=found.image if found else "", origin=origins[title]
        )

    baseline = version("baseline") if plan.upgrade else None
    return document.Versions(baseline=baseline, candidate=version("candidate"))


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


def _stages(walk: Walk) -> Iterator[document.Stage]:
    by_stage: dict[str, list[document.Check]] = {stage: [] for stage in walk.plan.stages}
    began: dict[str, float] = {}
    for each in walk.memory.checked:
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
            notes=tuple(walk.notes.get(stage, [])),
            checks=tuple(checks),
        )


def _failures(walk: Walk) -> document.Failures:
    failed = [each for each in walk.memory.checked if each.result == "failed"]
    first = next((each for each in failed if not each.rescues), None)
    second = next((each for each in failed if each.rescues), None)
    rescued = [each for each in walk.memory.checked if each.rescues]

    return document.Failures(
        first=_failure(first.stage, first.sentence, first.message) if first else None,
        second=_failure(second.stage, second.sentence, second.message) if second else None,
        rolled_back=(second is None) if rescued else None,
        rollback="; ".join(walk.notes.get("rollback", [])).removeprefix("rolled back: ")
        if rescued
        else "",
    )


def _failure(stage: str, check: str, message: str) -> document.Failure:
    return document.Failure(sentence=message, stage=stage, check=check)


def _findings(walk: Walk) -> Iterator[document.Found]:
    for failure in walk.memory.failures:
        after = failure.error.after if isinstance(failure.error, FoundError) else None
        for finding in _found(failure):
            yield document.Found.of(finding, failure.stage, after, failure.paths)


def _found(failure: Failure) -> Sequence[Finding]:
    if isinstance(failure.error, FoundError):
        return failure.error.findings
    evidence = getattr(failure.error, "evidence", "")
    # Where the files are stands beside it already.
    lines = [line for line in evidence.splitlines() if line != failure.line]
    sentence = getattr(failure.error, "sentence", "") or str(failure.error).split("\n")[0]
    code = type(failure.error).__name__.removesuffix("Error")
    return [Finding(code, sentence or code, evidence="\n".join(lines))]


def _replicas(walk: Walk) -> Iterator[document.Replicas]:
    observer, up = walk._observer, walk._provisioned
    if not observer or not up:
        return
    names = {
        version.image: walk.memory.versions.get(version.title, "") or version.title
        for version in (up.baseline, up.candidate)
        if version
    }
    tracks = {walk.release.name(track) for track in ("canary", "stable")}
    offset = observer.began - walk.timeline.zero
    shown = itertools.groupby(
        sorted(observer.history, key=lambda each: each.rollout.name),
        key=lambda each: each.rollout.name,
    )
    for name, moments in shown:
        if name in tracks:
            yield from _steps(list(moments), names, offset)


def _steps(
    moments: Sequence[Moment], names: dict[str, str], offset: float
) -> Iterator[document.Replicas]:
    """Each version's pods of one Deployment: its template's, and those of the one before."""
    last = before = ""
    for each in moments:
        # A Deployment that is deleted leaves no image behind: nothing is left of what it had.
        version = names.get(each.image, "") if each.image else last
        if version != last:
            before, last = last, version
        found = each.rollout
        old = max(found.ready - found.fresh, 0)
        at = max(each.at + offset, 0)
        parts = [(version, found.fresh)] + ([(before, old)] if before else [])
        for title, ready in parts:
            yield document.Replicas(
                at=at,
                deployment=found.name,
                version=title,
                wanted=found.wanted,
                ready=ready,
                available=min(ready, found.available),
            )


def _availability(walk: Walk) -> Iterator[document.Availability]:
    rollouts = walk.memory.promotion
    if rollouts and walk.plan.upgrade:
        yield document.Availability(
            deployment=rollouts[-1].name,
            transition="promote",
            lowest=min(each.available for each in rollouts),
            allowed=rollouts[-1].least_available,
        )


def _share(walk: Walk) -> document.Share | None:
    found = walk.memory.share
    if found is None:
        return None
    replicas = walk.settings.replicas
    expected = replicas.canary / (replicas.canary + replicas.stable_during_canary)
    return records.shared(found, expected, walk.memory.connections)


def _traffic(walk: Walk) -> document.Traffic | None:
    traffic = walk._traffic
    if traffic is None or traffic.began is None:
        return None
    began = max(traffic.began - walk.timeline.zero, 0)
    try:
        return records.sent(traffic, began, began + traffic.now(), walk.memory.read_back)
    except TrafficError:
        return document.Traffic(rate=traffic.settings.rate, sent=traffic.sent)


def _database(walk: Walk) -> document.Database | None:
    done = walk.memory.migrations.get("candidate")
    if done is None:
        return None
    return document.Database(
        backup=_backup(walk),
        schema_before=_noted(done.noted_before),
        schema_after=_noted(done.noted_after),
        changes=tuple(done.changes),
        locks=tuple(_locks(done, walk.settings.database.lock_limit)),
        not_undone=tuple(walk.memory.not_undone),
    )


def _backup(walk: Walk) -> document.Backup | None:
    found = walk.memory.backup
    if found is None:
        return None
    if isinstance(found, Exception):
        return document.Backup(restored=False)
    return document.Backup(
        size=found.size,
        seconds=found.dumping + found.restoring,
        restored=not found.absent and found.live == found.restored,
    )


def _noted(noted: Sequence[tuple[str, ...]]) -> str:
    """What migration tools call the schema, such as Alembic's revision."""
    return ", ".join(entry[-1] for entry in noted)


def _locks(done: Migrated, limit: float) -> Iterator[document.Lock]:
    for block in done.locks.blocks.values() if done.locks else ():
        waiting = block.longest.line.waiting
        yield document.Lock(
            seconds=block.seconds,
            blocked=waiting.statement if waiting else "",
            statement=done.locks.culprit(block)[0] if done.locks else "",
            limit=limit,
        )
