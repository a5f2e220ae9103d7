"""What an app tells of itself at /metrics, in Prometheus' text format: from text to figures."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pytest_canary.core.errors import ApiError
from pytest_canary.core.wording import cut

# A counter of things gone wrong, by the naming of prometheus.io/docs/practices/naming.
WRONG = re.compile(r"(^|_)(errors?|failures?|failed|exceptions?|panics?)_total$")


@dataclass(frozen=True)
class OutcomeLabel:
    """How a label tells what of its counter went wrong.

    Attributes:
        labels: what it may be called.
        known: its values, whatever their case and without underscores; others mean something else.
        wrong: those of them that tell of things gone wrong, as the counter is then named.
    """

    labels: Sequence[str]
    known: str
    wrong: str

    def of(self, label: str, value: str) -> bool | None:
        """Whether something went wrong; None where the label doesn't tell."""
        value = value.replace("_", "")
        if label not in self.labels or not re.fullmatch(self.known, value, re.IGNORECASE):
            return None
        return bool(re.fullmatch(self.wrong, value, re.IGNORECASE))


OUTCOMES = (
    # An HTTP status: client libraries, OpenTelemetry, Micrometer, Envoy.
    OutcomeLabel(
        (
            "status",
            "code",
            "status_code",
            "http_status",
            "http_status_code",
            "http_response_status_code",
            "response_code",
        ),
        known=r"[1-5](\d\d|xx)",
        wrong="5..",
    ),
    # gRPC's codes that are a server's fault, by OpenTelemetry's conventions; the others, such as
    # NotFound, are the client's. By name, as in go-grpc-prometheus, and by number.
    OutcomeLabel(
        ("grpc_code",),
        known="[a-z]+",
        wrong="Unknown|DeadlineExceeded|Unimplemented|Internal|Unavailable|DataLoss",
    ),
    OutcomeLabel(("rpc_grpc_status_code",), known=r"\d\d?", wrong="2|4|12|13|14|15"),
    # What was logged, as Micrometer counts it for Logback and Log4j.
    OutcomeLabel(
        ("level", "severity"),
        known="trace|debug|info|notice|warn|warning|error|critical|fatal|panic",
        wrong="error|critical|fatal|panic",
    ),
)

# Prometheus' own name for what a process holds in memory.
RESIDENT = "process_resident_memory_bytes"

# And for when it was started.
STARTED = "process_start_time_seconds"

Series = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class Metrics:
    """The counters and gauges of one pod at one time, by name and labels.

    Attributes:
        counters: what only grows, until the process starts anew; the counts of histograms and
            summaries too.
        gauges: what goes up and down.
        declared: the counters that are named, also those that nothing was counted in yet.
    """

    counters: Mapping[Series, float]
    gauges: Mapping[Series, float]
    declared: frozenset[str] = frozenset()

    def gauge(self, name: str) -> float | None:
        """A gauge, all its labels together; None where there is none, or it is no number."""
        values = [value for (each, _), value in self.gauges.items() if each == name]
        total = sum(values) if values else math.nan
        return total if math.isfinite(total) else None

    @property
    def resident(self) -> float | None:
        """The memory that the process holds, in bytes, where its client library tells it.

        One that can't tell shows -1.
        """
        held = self.gauge(RESIDENT)
        return None if held is None or held < 0 else held

    @property
    def started(self) -> float | None:
        """When the process was started, as Unix time, where its client library tells it."""
        return self.gauge(STARTED)


def read(text: str, where: str = "/metrics") -> Metrics:
    """The metrics that a page holds.

    Args:
        text: in Prometheus' text format, version 0.0.4: ask for `text/plain; version=0.0.4`.
        where: what an error calls the page.

    Raises:
        ApiError: the text is in no such format, or holds no metric.
    """
    from prometheus_client.parser import text_string_to_metric_families

    counters: dict[Series, float] = {}
    gauges: dict[Series, float] = {}
    declared = set()
    try:
        for family in text_string_to_metric_families(text):
            if family.type == "counter":
                declared.add(f"{family.name}_total")
            for sample in family.samples:
                series = (sample.name, tuple(sorted(sample.labels.items())))
                value = float(sample.value)
                if _counts(family.type, sample.name):
                    counters[series] = value
                elif family.type == "gauge":
                    gauges[series] = value
    except (ValueError, KeyError, IndexError, OverflowError) as error:
        raise ApiError(
            f"{where} is not in Prometheus' text format ({error}); "
            "set api.metrics to the path that is, or let it answer 404 where there is none",
            cut(text, 500),
        ) from error
    if not (counters or gauges or declared):
        raise ApiError(
            f"{where} holds no counter and no gauge; set api.metrics to the path that does",
            cut(text, 500),
        )
    return Metrics(counters, gauges, frozenset(declared))


def _counts(kind: str, name: str) -> bool:
    """Whether a sample is a counter, going by its name where the page doesn't tell its type."""
    if kind == "counter":
        return not name.endswith("_created")
    if kind in ("histogram", "summary"):
        return name.endswith("_count")
    return kind == "unknown" and name.endswith("_total")


def is_another_process(before: Metrics, after: Metrics) -> bool:
    """Whether another process answered for the second page than for the first.

    It was started at another time, or one of its counters is lower. It may have taken the other's
    place; or there are several, each with counters of its own, and any of them answers.
    """
    told = before.started is not None and after.started is not None
    if told and before.started != after.started:
        return True
    return any(after.counters.get(series, old) < old for series, old in before.counters.items())


def errors_counted(before: Metrics, after: Metrics) -> dict[str, float]:
    """By how much one pod's counters of things gone wrong grew from one page to the next.

    Those are counters whose names say so, as `jobs_failed_total`, and of counters with a label that
    tells it, such as an HTTP status, that part: `http_requests_total{status=~"5.."}`, which is 0
    where all is well.
    Labels are added up: one comparison for each counter, however many series it has. A counter that
    is lower than before was started anew with its process, and counts from 0, as in Prometheus.
    A counter that is no number, or a negative one, is left out.
    """
    grown = {name: 0.0 for name in after.declared if WRONG.search(name)}
    for series, value in after.counters.items():
        key, counts = _wrong(series)
        if key:
            old = before.counters.get(series, 0.0)
            growth = value if value < old else value - old
            if min(value, old) < 0:
                growth = math.nan
            grown[key] = grown.get(key, 0.0) + (growth if counts else 0.0)
    # What is not a number stays so in a sum, and is known by it.
    return {key: value for key, value in grown.items() if math.isfinite(value)}


def _wrong(series: Series) -> tuple[str | None, bool]:
    """The counter of things gone wrong that a series belongs to, and whether it counts one."""
    name, labels = series
    if WRONG.search(name):
        return name, True
    for label, value in labels:
        for outcome in OUTCOMES:
            wrong = outcome.of(label, value)
            if wrong is not None:
                return f'{name}{{{label}=~"{outcome.wrong}"}}', wrong
    return None, False


def together(pods: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """What several pods of one version counted, added up."""
    sums: dict[str, float] = {}
    for counted in pods:
        for key, value in counted.items():
            sums[key] = sums.get(key, 0.0) + value
    return sums
