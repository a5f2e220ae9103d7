"""What the pictures show of the document's rows: who was how high, from when to when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from pytest_canary.reporting.document import Report
from pytest_canary.reporting.figures import Point, Replicas, Traffic
from pytest_canary.reporting.pictures.frame import Rows

ROLES = ("baseline", "canary", "other")


@dataclass(frozen=True)
class Step:
    """Heights by name, from this moment until the next step's."""

    at: float
    heights: Mapping[str, float]


@dataclass(frozen=True)
class Named:
    """Steps, the names in them from the lowest up, and whose colour each name has."""

    steps: Sequence[Step]
    roles: Mapping[str, str]


def role(report: Report, version: str) -> str:
    """Whose colour a version has: the baseline's, the canary's, or that of what is neither.

    A version that has no name of its own goes by what it is in the walk.
    """
    versions = report.versions
    if versions.baseline and version == (versions.baseline.version or "baseline"):
        return "baseline"
    if versions.candidate and version == (versions.candidate.version or "candidate"):
        return "canary"
    return "other"


def roles_in_order(report: Report, versions: Iterable[str]) -> dict[str, str]:
    """Each version's role: the baseline first, what is neither last."""
    roles = {version: role(report, version) for version in versions}
    return dict(sorted(roles.items(), key=lambda item: (ROLES.index(item[1]), item[0])))


def ready(report: Report) -> Named:
    """Ready pods: by version where that is known of all of them, else by Deployment."""
    by_version = all(row.version for row in report.replicas)
    if by_version:
        roles = roles_in_order(report, (row.version for row in report.replicas))
    else:
        names = sorted({row.deployment for row in report.replicas})
        roles = {name: "canary" if name.endswith("-canary") else "other" for name in names}

    last: dict[tuple[str, str], Replicas] = {}
    steps: dict[float, Step] = {}
    for row in sorted(report.replicas, key=lambda row: row.at):
        last[row.deployment, row.version] = row
        heights = dict.fromkeys(roles, 0.0)
        for each in last.values():
            heights[each.version if by_version else each.deployment] += each.ready
        steps[row.at] = Step(row.at, heights)
    return Named(list(steps.values()), roles)


def wanted_replicas(replicas: Sequence[Replicas]) -> list[tuple[float, int]]:
    """Replicas asked for, of all Deployments together, from each moment on."""
    last: dict[str, int] = {}
    found: dict[float, int] = {}
    for row in sorted(replicas, key=lambda row: row.at):
        last[row.deployment] = row.wanted
        found[row.at] = sum(last.values())
    return list(found.items())


def rates(report: Report, traffic: Traffic) -> Named:
    """Requests a second by the version that answered, a step for each bin."""
    roles = roles_in_order(report, {point.version for point in traffic.series})
    bins: dict[float, dict[str, float]] = {}
    for point in traffic.series:
        heights = bins.setdefault(point.at, dict.fromkeys(roles, 0.0))
        heights[point.version] += point.requests / traffic.bin
    steps: list[Step] = []
    for at in sorted(bins):
        # Bins without a request may have no point: nothing was sent, so nothing is drawn.
        if steps and at > steps[-1].at + traffic.bin * 1.5:
            steps.append(Step(steps[-1].at + traffic.bin, dict.fromkeys(roles, 0.0)))
        steps.append(Step(at, bins[at]))
    return Named(steps, roles)


def stack(named: Named, end: float) -> Rows:
    """The steps one on top of the other, as rows of a picture.

    What is there without a break has one `part`, whose last row says where it ended.
    """
    rows: Rows = []
    part = 0
    moments = [*(step.at for step in named.steps), end]
    below = [0.0] * len(named.steps)
    for name, role in named.roles.items():
        heights = [step.heights.get(name, 0.0) for step in named.steps]
        there = [height > 0 for height in heights]
        for is_there, numbers in groupby(range(len(heights)), there.__getitem__):
            if not is_there:
                continue
            run = list(numbers)
            rows += [
                {
                    "role": role,
                    "part": part,
                    "x": moments[number],
                    "y0": below[number],
                    "y": below[number] + heights[number],
                }
                for number in run
            ]
            rows.append({**rows[-1], "x": moments[run[-1] + 1]})
            part += 1
        below = [low + height for low, height in zip(below, heights, strict=True)]
    return rows


def runs(points: Sequence[Point], bin_: float) -> list[list[Point]]:
    """One version's answered points, parted where a bin has none: no line is drawn across."""
    found: list[list[Point]] = []
    for point in sorted(points, key=lambda point: point.at):
        if point.p95 is None:
            continue
        if found and point.at - found[-1][-1].at <= bin_ * 1.5:
            found[-1].append(point)
        else:
            found.append([point])
    return found
