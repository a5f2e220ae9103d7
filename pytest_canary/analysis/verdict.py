"""Canary against baseline: go, no-go or inconclusive; pure.

How sure an answer is. It holds with `verdict.confidence` (0.95), all looks and metrics together:

- *no-go* has to be proven: a p below the level, and an effect of at least what matters. Of releases
  that differ in nothing at most 5 % are stopped, as the 5 % are parted evenly (Bonferroni) among
  the metrics that are statistics and the looks at them. With an error rate of 0 they are far fewer.
- *go* has to be proven too: each metric's confidence interval must end below what matters, which
  makes it a test of non-inferiority. Of releases that are worse by as much as matters, in any one
  metric, at most 5 % pass. All metrics must pass, so nothing is parted among them (Berger,
  Technometrics 24, 1982: an intersection-union test); but it is parted among the two looks at
  which go can be said: the first with enough requests, and the last.
- Everything else is *inconclusive*: too few requests, nobody to compare with, a metric missing.

An odd look more would be a chance more to be wrong, so a Judge takes LOOKS of them and no other.
`benchmarks/verdict.py` shows by simulation that this holds, and what it finds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

from pytest_canary.analysis.comparison import Answer, Comparison, Observed, Rule, format_value
from pytest_canary.analysis.metrics.counters import COUNTERS
from pytest_canary.analysis.metrics.errors import ERRORS
from pytest_canary.analysis.metrics.latency import LATENCY
from pytest_canary.analysis.metrics.memory import MEMORY
from pytest_canary.analysis.metrics.metric import Metric
from pytest_canary.analysis.metrics.restarts import RESTARTS
from pytest_canary.analysis.metrics.slow_answers import SLOW_ANSWERS
from pytest_canary.analysis.statistics import quantile
from pytest_canary.core.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_canary.config.settings import VerdictSettings as Limits

# Gross faults show in the first tenth of the window, and ten parts cost little: Bonferroni's z is
# 3.0 then, where a single look at a single metric has 1.6.
LOOKS = 10

# A go can be said twice: as soon as there is enough, and at the end.
GO_LOOKS = 2

# In the order in which they are told: the first that is wrong is the verdict's sentence.
METRICS: tuple[Metric, ...] = (RESTARTS, ERRORS, LATENCY, SLOW_ANSWERS, MEMORY, COUNTERS)

# Those that are statistics: errors, latency, slow answers, and all counters together.
FAMILIES = sum(metric.statistic for metric in METRICS)

# However few errors might do: latencies take as many.
LEAST_REQUESTS = 100

# The advice where nothing is proven.
MEASURE_MORE = "raise verdict.seconds or traffic.rate, or say in verdict.* that less matters"

_Compared = tuple[Metric, Comparison]


@dataclass(frozen=True)
class Verdict:
    """What the two versions' figures say.

    Attributes:
        answer: "go", "no-go" or "inconclusive".
        final: whether it will not change: a go, a no-go, or the last look.
        sentence: for a go the figures ("errors 0.0 % and 0.0 %, p95 12 ms and 12 ms", the canary's
            first); else what is wrong or lacking.
        comparisons: of each metric, in the order of METRICS; the first that is wrong is told.
        omitted: what was not compared as neither version has it, in words.
        looks: how many, this one included.
        requests: the baseline's and the canary's.
        percentiles: of the answers' latencies in seconds, by name ("p50", "p95", "p99"), the
            baseline's and the canary's; empty where one of them answered nothing.
        worst: the comparison that the sentence is of, with its metric; None for a go, and where
            it is for a lack of requests or of another look.
    """

    answer: Answer
    final: bool
    sentence: str
    comparisons: tuple[Comparison, ...]
    omitted: tuple[str, ...]
    looks: int
    requests: tuple[int, int]
    percentiles: dict[str, tuple[float, float]]
    worst: _Compared | None

    @property
    def text(self) -> str:
        """The stage's note: "go: errors 0.0 % and 0.0 %, p95 12 ms and 12 ms"."""
        return f"{self.answer}: {self.sentence}"

    @property
    def lines(self) -> list[str]:
        """Every comparison in words, with its answer, then what was left out: a line each."""
        compared = [f"{each.answer:<14}{each.sentence}" for each in self.comparisons]
        return compared + [f"{'not compared':<14}{each}" for each in self.omitted]

    @property
    def finding(self) -> Finding | None:
        """What is wrong, where the answer is no go; None for a go."""
        if self.answer == "go":
            return None
        proven = self.answer == "no-go"
        return Finding(
            code="CanaryWorse" if proven else "CanaryUnproven",
            sentence=self.sentence,
            seen=f"{self.requests[1]:,} requests to the canary and {self.requests[0]:,} to the "
            f"baseline, at the same time; look {self.looks} of {LOOKS}",
            evidence="\n".join(self.lines),
            next=_advice(self.answer, self.worst),
            doomed=proven,
        )


def _advice(answer: Answer, worst: _Compared | None) -> str:
    """What to do about an answer that is no go."""
    if worst is None:
        return MEASURE_MORE
    metric, comparison = worst
    if answer == "no-go":
        return metric.advice
    if comparison.p is not None:
        return MEASURE_MORE
    return "see why it is so, or was not measured; what nobody knows is no go"


def needed(limits: Limits) -> int:
    """The fewest requests to the canary that can prove a go, where none of them fails.

    None of n failing leaves a rate of up to z2 / (n + z2) possible (Wilson): 253 of them prove that
    less than 1.5 % fail.
    """
    z2 = NormalDist().inv_cdf(1 - (1 - limits.confidence) / GO_LOOKS) ** 2
    return max(LEAST_REQUESTS, math.floor(z2 * (1 - limits.errors) / limits.errors) + 1)


def schedule(limits: Limits) -> list[float]:
    """When to look, in seconds from the window's start; the last one is its end."""
    return [limits.seconds * look / LOOKS for look in range(1, LOOKS + 1)]


class Judge:
    """Looks at growing samples of one window, and stops as soon as the answer is proven.

    It is to be asked at each time of the `schedule`, until a verdict is final.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._looks = 0
        self._go_looks = 0

    def look(self, baseline: Observed, canary: Observed, *, final: bool = False) -> Verdict:
        """The verdict on everything seen since the window's start.

        Args:
            baseline: the version that is live, in the window so far.
            canary: the candidate, in the same window.
            final: whether there will be no other look; the last of LOOKS is final anyway.

        Raises:
            ValueError: the judge has looked LOOKS times, and more would void its confidence.
        """
        if self._looks >= LOOKS:
            raise ValueError(f"a judge looks {LOOKS} times; start another one with new samples")
        self._looks += 1
        final = final or self._looks == LOOKS
        found = self._compare(baseline, canary)
        compared = tuple(comparison for _, comparison in found)
        lack = self._lack(baseline, canary)
        answer: Answer = "inconclusive"
        if any(each.answer == "no-go" for each in compared):
            answer = "no-go"
        elif not lack and self._may_go(compared, final):
            answer = "go" if all(each.answer == "go" for each in compared) else "inconclusive"
        # A lack of requests is why nothing is proven, whatever a metric says of so few.
        worst = None if answer == "inconclusive" and lack else _worst(answer, found)
        return Verdict(
            answer,
            final or answer != "inconclusive",
            _sentence(answer, worst, lack, baseline, canary),
            compared,
            tuple(text for metric in METRICS if (text := metric.omitted(baseline, canary))),
            self._looks,
            (baseline.requests, canary.requests),
            _percentiles(baseline, canary),
            worst,
        )

    def _lack(self, baseline: Observed, canary: Observed) -> str:
        """Who has too few requests for a go, in words; empty where nobody has."""
        least = needed(self._limits)
        for who, count, enough in (
            ("canary", canary.requests, least),
            ("baseline", baseline.requests, LEAST_REQUESTS),
        ):
            if count < enough:
                return f"{count:,} requests of the {who}, at least {enough:,} are needed"
        return ""

    def _may_go(self, compared: tuple[Comparison, ...], final: bool) -> bool:
        """Whether this is one of the looks at which go can be said.

        The first one waits for what is no statistic, such as the third measurement of memory. It
        depends on nothing that is tested, so that no test is favoured by it.
        """
        if final:
            return True
        plain = all(each.answer == "go" for each in compared if each.p is None)
        if self._go_looks or not plain:
            return False
        self._go_looks += 1
        return True

    def _compare(self, baseline: Observed, canary: Observed) -> list[_Compared]:
        risk = 1 - self._limits.confidence
        rule = Rule(1 - 2 * risk / GO_LOOKS, risk / (FAMILIES * LOOKS))
        return [
            (metric, comparison)
            for metric in METRICS
            for comparison in metric.compare(baseline, canary, self._limits, rule)
        ]


def _worst(answer: Answer, found: Sequence[_Compared]) -> _Compared | None:
    """The first comparison that makes the answer no go, with its metric; None where none does."""
    if answer == "go":
        return None
    return next((each for each in found if each[1].answer == answer), None)


def _sentence(
    answer: Answer, worst: _Compared | None, lack: str, baseline: Observed, canary: Observed
) -> str:
    if answer == "go":
        return _figures(baseline, canary)
    if worst:
        return worst[1].sentence
    # Where nothing lacks, this look may not say go, though every metric is fine.
    return lack or f"nothing is wrong so far: {_figures(baseline, canary)}"


def _figures(baseline: Observed, canary: Observed) -> str:
    rates = [format_value(each.errors / each.requests, "share") for each in (canary, baseline)]
    p95 = [format_value(quantile(each.latencies, 0.95), "seconds") for each in (canary, baseline)]
    return f"errors {rates[0]} and {rates[1]}, p95 {p95[0]} and {p95[1]}"


def _percentiles(baseline: Observed, canary: Observed) -> dict[str, tuple[float, float]]:
    if not (baseline.latencies and canary.latencies):
        return {}
    return {
        f"p{percent}": (
            quantile(baseline.latencies, percent / 100),
            quantile(canary.latencies, percent / 100),
        )
        for percent in (50, 95, 99)
    }
