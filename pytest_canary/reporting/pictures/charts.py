"""The release as pictures: replicas, requests, errors and latency by version over time."""

from __future__ import annotations

from pytest_canary.reporting import words
from pytest_canary.reporting.document import Report
from pytest_canary.reporting.figures import Traffic
from pytest_canary.reporting.pictures.frame import (
    FRAMES,
    Frame,
    Picture,
    Rows,
    Spec,
    length,
    moment,
    panel,
)
from pytest_canary.reporting.pictures.levels import (
    Named,
    rates,
    ready,
    role,
    roles_in_order,
    runs,
    stack,
    wanted_replicas,
)
from pytest_canary.reporting.pictures.marks import (
    areas,
    bands,
    bars,
    crosses,
    dotted_line,
    y_axis,
)
from pytest_canary.reporting.pictures.stages import timeline

# With more bins than this their points would run into one another.
POINTS = 70


def pictures(report: Report) -> list[Picture]:
    """Every picture that the run has data for, in their order."""
    found = [timeline(report)] if report.stages else []
    if report.replicas:
        found.append(replicas(report))
    if report.traffic and report.traffic.series:
        found += [
            requests(report, report.traffic),
            errors(report, report.traffic),
            latencies(report, report.traffic),
        ]
    return found


def version_text(version: str) -> str:
    """A version in words, that of an unanswered request included."""
    if version in ("baseline", "candidate"):
        return f"the {version}"
    return f"version {version}" if version else "no version told"


def replicas(report: Report) -> Picture:
    """Ready pods over time, and how many were wanted."""
    named, end = ready(report), length(report)
    rows = stack(named, end)
    asked = [{"x": at, "y": count} for at, count in wanted_replicas(report.replicas)]
    asked.append({"x": end, "y": asked[-1]["y"]})
    top = max(row["y"] for row in [*rows, *asked])

    def spec(frame: Frame) -> Spec:
        y = y_axis(top, integer=True)
        return panel(report, frame, 96, [*areas(rows, y), dotted_line(asked, y)])

    of = "version" if all(row.version for row in report.replicas) else "Deployment"
    return Picture(
        key="replicas",
        title=f"Ready pods by {of}",
        caption="The dotted line is how many were wanted.",
        description=f"{_ranges(named, 'ready')}; wanted were up to {max(r['y'] for r in asked)}.",
        specs={frame.name: spec(frame) for frame in FRAMES},
        head=("from", "Deployment", "version", "wanted", "ready", "available"),
        rows=[
            (
                moment(row.at),
                row.deployment,
                row.version or words.NONE,
                str(row.wanted),
                str(row.ready),
                str(row.available),
            )
            for row in report.replicas
        ],
    )


def requests(report: Report, traffic: Traffic) -> Picture:
    """Requests a second over time, by who answered."""
    named = rates(report, traffic)
    ended = max(point.at for point in traffic.series) + traffic.bin
    rows = stack(named, ended)
    top = max((row["y"] for row in rows), default=0)
    return Picture(
        key="requests",
        title="Requests a second by version",
        caption="Each on a connection of its own, so that the Service shares them out anew.",
        description=f"{words.count(traffic.sent)} requests; {_ranges(named, 'a second')}.",
        specs={frame.name: panel(report, frame, 96, areas(rows, y_axis(top))) for frame in FRAMES},
        head=("from", "version", "requests", "lost", "p50", "p95", "p99"),
        rows=[
            (
                moment(point.at),
                point.version or words.NONE,
                words.count(point.requests),
                words.count(point.errors),
                words.latency(point.p50),
                words.latency(point.p95),
                words.latency(point.p99),
            )
            for point in traffic.series
        ],
    )


def errors(report: Report, traffic: Traffic) -> Picture:
    """Lost requests over time, by who answered; a cross for each bar."""
    roles = roles_in_order(report, {point.version for point in traffic.series})
    below: dict[float, float] = {}
    rows: Rows = []
    for version in roles:
        for point in traffic.series:
            if point.version == version and point.errors:
                low = below.get(point.at, 0.0)
                below[point.at] = high = low + point.errors
                rows.append(
                    {
                        "x": point.at,
                        "x2": point.at + traffic.bin,
                        "y0": low,
                        "y": high,
                        "role": role(report, version),
                    }
                )
    lost = sum(point.errors for point in traffic.series)
    tops = [{"x": at + traffic.bin / 2, "y": high} for at, high in below.items()]
    by = ", ".join(
        f"{words.count(number)} of {version_text(version)}"
        for version in roles
        if (number := sum(p.errors for p in traffic.series if p.version == version))
    )
    unit = "a second" if traffic.bin == 1 else f"in {traffic.bin:g} s"

    def spec(frame: Frame) -> Spec:
        y = y_axis(max(below.values(), default=1) * 1.25, integer=True)
        return panel(report, frame, 72, [bars(rows, y), crosses(tops, y)])

    return Picture(
        key="errors",
        title=f"Requests lost {unit}",
        caption="A cross marks where any was lost."
        if lost
        else f"None: all {words.count(traffic.sent)} were answered as promised.",
        description=f"{words.count(lost)} requests were lost: {by}." if lost else "None was lost.",
        specs={frame.name: spec(frame) for frame in FRAMES} if lost else {},
    )


def latencies(report: Report, traffic: Traffic) -> Picture:
    """Latency percentiles over time by version: a line for p95, a band from p50 to p99."""
    rows: Rows = []
    part = 0
    told = []
    few = len({point.at for point in traffic.series}) <= POINTS
    for version in roles_in_order(report, {point.version for point in traffic.series}):
        mine = [point for point in traffic.series if point.version == version]
        for run in runs(mine, traffic.bin):
            part += 1
            rows += [
                {
                    "x": point.at + traffic.bin / 2,
                    "p50": (point.p50 or point.p95 or 0) * 1000,
                    "y": (point.p95 or 0) * 1000,
                    "p99": (point.p99 or point.p95 or 0) * 1000,
                    "role": role(report, version),
                    "part": part,
                    # A line of one point is none.
                    "point": few or len(run) == 1,
                }
                for point in run
            ]
        shown = [point.p95 for point in mine if point.p95 is not None]
        if shown:
            low, high = words.latency(min(shown)), words.latency(max(shown))
            told.append(f"{version_text(version)} between {low} and {high}")
    return Picture(
        key="latency",
        title="Latency by version, in ms",
        caption="The line is p95; the band behind it reaches from p50 to p99.",
        description=f"p95: {', '.join(told)}." if told else "Nothing was answered.",
        specs={frame.name: panel(report, frame, 120, bands(rows)) for frame in FRAMES}
        if rows
        else {},
    )


def _ranges(named: Named, noun: str) -> str:
    """Between what each name lay: "version 1 between 0 and 3 ready"."""
    told = []
    for name in named.roles:
        heights = [step.heights[name] for step in named.steps]
        told.append(f"{version_text(name)} between {min(heights):g} and {max(heights):g} {noun}")
    return ", ".join(told)
