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

from pytest_canary.analysis import comparison, memory
from pytest_canary.analysis.comparison import Answer, Comparison, Observed, Rule, shown
from pytest_canary.analysis.statistics import quantile
from pytest_canary.core.findings import Finding

if TYPE_CHECKING:
    from pytest_canary.config import settings

# Gross faults show in the first tenth of the window, and ten parts cost little: Bonferroni's z is
# 3.0 then, where a single look at a single metric has 1.6.
LOOKS = 10

# A go can be said twice: as soon as there is enough, and at the end.
GO_LOOKS = 2

# Metrics that are statistics: errors, latency, slow answers, and all counters together.
FAMILIES = 4

# However few errors might do: latencies take as many.
LEAST_REQUESTS = 100


@dataclass(frozen=True)
class Verdict:
    """What the two versions' figures say.

    Attributes:
        answer: "go", "no-go" or "inconclusive".
        final: whether it will not change: a go, a no-go, or the last look.
        sentence: for a go the figures ("errors 0.0 % and 0.0 %, p95 12 ms and 12 ms", the canary's
            first); else what is wrong or lacking.
        comparisons: of each metric, in an order of their own; the first that is wrong is told.
        omitted: what was not compared as neither version has it, in words.
        looks: how many, this one included.
        requests: the baseline's and the canary's.
        percentiles: of the answers' latencies in seconds, by name ("p50", "p95", "p99"), the
            baseline's and the canary's; empty where one of them answered nothing.
    """

    answer: Answer
    final: bool
    sentence: str
    comparisons: tuple[Comparison, ...]
    omitted: tuple[str, ...]
    looks: int
    requests: tuple[int, int]
    percentiles: dict[str, tuple[float, float]]

    @property
    def text(self) -> str:
        """The stage's note: "go: errors 0.0 % and 0.0 %, p95 12 ms and 12 ms"."""
        return f"{self.answer}: {self.sentence}"

    @property
    def lines(self) -> list[str]:
        """Every comparison in words, with its answer, then what was left out: a line each."""
        told = [f"{each.answer:<14}{each.sentence}" for each in self.comparisons]
        return told + [f"{'not compared':<14}{each}" for each in self.omitted]

    @property
    def finding(self) -> Finding | None:
        """What is wrong, where the answer is no go; None for a go."""
        if self.answer == "go":
            return None
        proven = self.answer == "no-go"
        wrong = next((each for each in self.comparisons if each.answer == self.answer), None)
        return Finding(
            code="CanaryWorse" if proven else "CanaryUnproven",
            sentence=self.sentence,
            seen=f"{self.requests[1]:,} requests to the canary and {self.requests[0]:,} to the "
            f"baseline, at the same time; look {self.looks} of {LOOKS}",
            evidence="\n".join(self.lines),
            next=_next(wrong if wrong and wrong.sentence == self.sentence else None),
            doomed=proven,
        )


def _next(wrong: Comparison | None) -> str:
    if wrong is None or (wrong.answer == "inconclusive" and wrong.p is not None):
        return "raise verdict.seconds or traffic.rate, or say in verdict.* that less matters"
    if wrong.answer == "inconclusive":
        return "see why it is so, or was not measured; what nobody knows is no go"
    if wrong.metric in ("latency", "slow answers"):
        return "look at what the canary does for a request that the baseline does not"
    if wrong.metric in ("memory", "memory growth"):
        return "look at what the canary keeps from request to request"
    return "look at the canary's log, and at its previous one where it restarted"


def needed(limits: settings.VerdictSettings) -> int:
    """The fewest requests to the canary that can prove a go, where none of them fails.

    None of n failing leaves a rate of up to z2 / (n + z2) possible (Wilson): 253 of them prove that
    less than 1.5 % fail.
    """
    z2 = NormalDist().inv_cdf(1 - (1 - limits.confidence) / GO_LOOKS) ** 2
    return max(LEAST_REQUESTS, math.floor(z2 * (1 - limits.errors) / limits.errors) + 1)


def schedule(limits: settings.VerdictSettings) -> list[float]:
    """When to look, in seconds from the window's start; the last one is its end."""
    return [limits.seconds * look / LOOKS for look in range(1, LOOKS + 1)]


class Judge:
    """Looks at growing samples of one window, and stops as soon as the answer is proven.

    It is to be asked at each time of the `schedule`, until a verdict is final.
    """

    def __init__(self, limits: settings.VerdictSettings) -> None:
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
        compared = self._compared(baseline, canary)
        lack = self._lack(baseline, canary)
        answer: Answer = "inconclusive"
        if any(each.answer == "no-go" for each in compared):
            answer = "no-go"
        elif not lack and self._may_go(compared, final):
            answer = "go" if all(each.answer == "go" for each in compared) else "inconclusive"
        return Verdict(
            answer,
            final or answer != "inconclusive",
            _sentence(answer, compared, lack, baseline, canary),
            compared,
            tuple(_omitted(baseline, canary)),
            self._looks,
            (baseline.requests, canary.requests),
            _percentiles(baseline, canary),
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

    def _compared(self, baseline: Observed, canary: Observed) -> tuple[Comparison, ...]:
        limits = self._limits
        risk = 1 - limits.confidence
        level = risk / (FAMILIES * LOOKS)
        rule = Rule(1 - 2 * risk / GO_LOOKS, level)
        slow = min(comparison.SLOW_WEIGHT * limits.errors, 1.0)
        compared = [
            comparison.restarts(baseline, canary),
            comparison.errors(baseline, canary, rule, limits.errors),
            comparison.latency(baseline, canary, rule, limits.latency),
            comparison.slow_answers(baseline, canary, rule, slow),
        ]
        if baseline.memory is not None or canary.memory is not None:
            compared += memory.compare(baseline, canary, limits.memory, limits.seconds)
        names = sorted({*(canary.counters or {}), *(baseline.counters or {})})
        rule = Rule(rule.confidence, level / max(len(names), 1))
        if canary.counters is None and baseline.counters is not None:
            told = "the canary has no page of metrics, which the baseline has"
            compared.append(comparison.lacking("metrics", "a request", told))
        elif canary.counters is not None:
            compared += [
                comparison.counter(name, baseline, canary, rule, limits.errors) for name in names
            ]
        return tuple(compared)


def _omitted(baseline: Observed, canary: Observed) -> list[str]:
    """What neither version has, in words."""
    omitted = []
    if baseline.memory is None and canary.memory is None:
        omitted.append("memory: this cluster doesn't tell what pods hold")
    if baseline.counters is None and canary.counters is None:
        omitted.append("the app's own counters: neither version has a page of metrics")
    elif not canary.counters and not baseline.counters:
        omitted.append("the app's own counters: none counts errors")
    return omitted


def _sentence(
    answer: Answer,
    compared: tuple[Comparison, ...],
    lack: str,
    baseline: Observed,
    canary: Observed,
) -> str:
    if answer == "go":
        return _figures(baseline, canary)
    if answer == "inconclusive" and lack:
        return lack
    worst = next((each for each in compared if each.answer == answer), None)
    if worst:
        return worst.sentence
    # This look may not say go, though every metric is fine.
    return f"nothing is wrong so far: {_figures(baseline, canary)}"


def _figures(baseline: Observed, canary: Observed) -> str:
    rates = [shown(each.errors / each.requests, "share") for each in (canary, baseline)]
    p95 = [shown(quantile(each.latencies, 0.95), "seconds") for each in (canary, baseline)]
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
