"""A document that stays small, however long the run was and whatever it said."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TypeVar

from pytest_canary.reporting.document import Check, Found, Report
from pytest_canary.reporting.figures import Point, Replicas, Traffic

# More bins than this are no longer told apart in a picture 900 pixels wide.
BINS = 300
# Steps of all Deployments' replicas; a pod that flaps for half an hour makes more.
STEPS = 1000
# Lines of a list that a person reads, or a program counts.
ITEMS = 500
# Jobs of one pipeline; a matrix may make thousands.
JOBS = 100
# Characters of one message or piece of evidence; its files have the rest.
TEXT = 20_000

_Item = TypeVar("_Item")


def with_bounds(report: Report) -> Report:
    """The document with no list and no text longer than anyone reads.

    What goes is counted in `left_out`, or said where a text was cut. Bins of traffic become wider
    instead; replicas lose the steps in which nothing changed, first.
    """
    left: dict[str, int] = dict(report.left_out)

    def first(name: str, items: Sequence[_Item], most: int = ITEMS) -> tuple[_Item, ...]:
        if len(items) > most:
            left[name] = left.get(name, 0) + len(items) - most
        return tuple(items[:most])

    changes: dict[str, object] = {
        "stages": tuple(
            stage.model_copy(
                update={
                    "checks": tuple(_check(each) for each in stage.checks),
                    "spent": first("stages.spent", stage.spent),
                }
            )
            for stage in report.stages
        ),
        "pipelines": tuple(
            each.model_copy(update={"jobs": first("pipelines.jobs", each.jobs, JOBS)})
            for each in report.pipelines
        ),
        "transitions": first("transitions", report.transitions),
        "findings": tuple(_shorten_found(each) for each in first("findings", report.findings, 100)),
        "replicas": steps(report.replicas, report.seconds),
    }
    if report.traffic:
        changes["traffic"] = wider(report.traffic).model_copy(
            update={
                name: first(f"traffic.{name}", getattr(report.traffic, name))
                for name in ("losses", "lost_writes", "doubled_writes")
            }
        )
    if report.database:
        changes["database"] = report.database.model_copy(
            update={
                name: first(f"database.{name}", getattr(report.database, name))
                for name in ("changes", "locks", "not_undone")
            }
        )
    return report.model_copy(update=changes | {"left_out": left})


def wider(traffic: Traffic, most: int = BINS) -> Traffic:
    """The traffic with at most so many bins: as many neighbours as it takes become one.

    Their requests and errors add up. A percentile of the whole can't be had from those of its
    parts, so a wider bin has the worst of them.
    """
    if not traffic.series:
        return traffic
    first, last = (pick(point.at for point in traffic.series) for pick in (min, max))
    # Rounded, as what was added to the bins' starts must not push one into its neighbour.
    count = math.floor(round((last - first) / traffic.bin, 6)) + 1
    together = math.ceil(count / most)
    if together == 1:
        return traffic
    width = traffic.bin * together
    bins: dict[tuple[int, str], list[Point]] = {}
    for point in traffic.series:
        number = math.floor(round((point.at - first) / width, 6))
        bins.setdefault((number, point.version), []).append(point)
    merged = (
        _merge(first + number * width, version, bins[number, version])
        for number, version in sorted(bins)
    )
    return traffic.model_copy(update={"bin": width, "series": tuple(merged)})


def _merge(at: float, version: str, points: Sequence[Point]) -> Point:
    def worst(values: Iterable[float | None]) -> float | None:
        return max((value for value in values if value is not None), default=None)

    return Point(
        at=at,
        version=version,
        requests=sum(point.requests for point in points),
        errors=sum(point.errors for point in points),
        p50=worst(point.p50 for point in points),
        p95=worst(point.p95 for point in points),
        p99=worst(point.p99 for point in points),
    )


def steps(replicas: Sequence[Replicas], seconds: float, most: int = STEPS) -> tuple[Replicas, ...]:
    """The replicas without the rows that only repeat the one before, and at most so many.

    Where there are more, each Deployment and version keeps the last one of every span of time.
    """
    last: dict[tuple[str, str], Replicas] = {}
    changed: list[Replicas] = []
    for row in sorted(replicas, key=lambda row: row.at):
        key = (row.deployment, row.version)
        before = last.get(key)
        if before is None or before != row.model_copy(update={"at": before.at}):
            changed.append(row)
        last[key] = row
    if len(changed) <= most:
        return tuple(changed)
    spans = max(1, most // len(last))
    width = max(seconds, changed[-1].at) / spans or 1
    kept = {(row.deployment, row.version, int(row.at // width)): row for row in changed}
    return tuple(sorted(kept.values(), key=lambda row: row.at))


def shorten(text: str, most: int = TEXT) -> str:
    """A text's head and tail, with what lies between counted; the tail has the more of it.

    A log's end says more of a failure than its beginning.
    """
    if len(text) <= most:
        return text
    head, tail = text[: most // 4], text[-(most - most // 4) :]
    cut = text[len(head) : -len(tail)]
    return f"{head}\n… {len(cut):,} characters left out …\n{tail}"


def _check(check: Check) -> Check:
    texts = {name: shorten(getattr(check, name)) for name in ("message", "evidence")}
    return check.model_copy(update=texts)


def _shorten_found(found: Found) -> Found:
    return found.model_copy(
        update={
            name: shorten(getattr(found, name)) for name in ("sentence", "seen", "evidence", "why")
        }
    )
