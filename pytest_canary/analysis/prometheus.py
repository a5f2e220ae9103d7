"""What an app tells of itself at /metrics, in Prometheus' text format: from text to figures."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pytest_canary.core.errors import ApiError
from pytest_canary.core.wording import cut

# A counter of things gone wrong, by the naming of prometheus.io/docs/practices/naming.
WRONG = re.compile(r"(^|_)(errors?|failures?|failed|exceptions?|panics?)_total$")

# The labels that hold an HTTP status: client libraries, OpenTelemetry, Micrometer, Envoy.
STATUS = (
    "status",
    "code",
    "status_code",
    "http_status",
    "http_status_code",
    "http_response_status_code",
    "response_code",
)
SERVER_ERROR = re.compile(r"5(\d\d|xx|XX)$")

# Prometheus' own name for what a process holds in memory.
RESIDENT = "process_resident_memory_bytes"

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
        """The memory that the process holds, in bytes, where its client library tells it."""
        return self.gauge(RESIDENT)


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


def errors_counted(before: Metrics, after: Metrics) -> dict[str, float]:
    """By how much one pod's counters of things gone wrong grew from one page to the next.

    Those are counters whose names say so, as `jobs_failed_total`, and of counters with an HTTP
    status the part with 5.., as `http_requests_total{status=~"5.."}`, which is 0 where all is well.
    Labels are added up: one comparison for each counter, however many series it has. A counter that
    is lower than before was started anew with its process, and counts from 0, as in Prometheus.
    A counter that is no number is left out.
    """
    grown = {name: 0.0 for name in after.declared if WRONG.search(name)}
    for series, value in after.counters.items():
        key, counts = _wrong(series)
        if key:
            old = before.counters.get(series, 0.0)
            growth = value if value < old else value - old
            grown[key] = grown.get(key, 0.0) + (growth if counts else 0.0)
    # What is not a number stays so in a sum, and is known by it.
    return {key: value for key, value in grown.items() if math.isfinite(value)}


def _wrong(series: Series) -> tuple[str | None, bool]:
    """The counter of things gone wrong that a series belongs to, and whether it counts one."""
    name, labels = series
    if WRONG.search(name):
        return name, True
    for label, value in labels:
        if label in STATUS and re.match(r"[1-5](\d\d|xx|XX)$", value):
            return f'{name}{{{label}=~"5.."}}', bool(SERVER_ERROR.match(value))
    return None, False


def together(pods: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """What several pods of one version counted, added up."""
    sums: dict[str, float] = {}
    for counted in pods:
        for key, value in counted.items():
            sums[key] = sums.get(key, 0.0) + value
    return sums
