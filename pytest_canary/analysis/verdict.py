"""What canary and baseline came to, side by side, and how it is said; pure."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_canary.analysis.comparison import Answer, Comparison, Observed, format_value
from pytest_canary.analysis.metrics.metric import Metric
from pytest_canary.analysis.statistics import quantile
from pytest_canary.core.findings import Finding

# The advice where nothing is proven.
MEASURE_MORE = "raise verdict.seconds or traffic.rate, or say in verdict.* that less matters"

Compared = tuple[Metric, Comparison]
"""What a comparison says, and of which metric."""


@dataclass(frozen=True)
class Verdict:
    """What the two versions' figures say.

    The plugin's own: `worst`.

    Attributes:
        answer: "go", "no-go" or "inconclusive".
        final: whether it will not change: a go, a no-go, or the last look.
        sentence: for a go the figures ("errors 0.0 % and 0.0 %, p95 12 ms and 12 ms", the canary's
            first); else what is wrong or lacking, or that nothing is so far.
        comparisons: of each metric, in the order of `judge.METRICS`; the first that is wrong is
            told.
        omitted: what was not compared, as neither version has it or too little of it, in words.
        looks: how many were made, this one included.
        requests: the baseline's and the canary's.
        percentiles: of the answers' latencies in seconds, by name ("p50", "p95", "p99"), the
            baseline's and the canary's; empty where one of them answered nothing.
        worst: the comparison that the sentence is of, with its metric; None for a go, and where
            it is for a lack of requests, a machine that is held up or a look to come.
        in_turn: whether the two were asked one after the other.
    """

    answer: Answer
    final: bool
    sentence: str
    comparisons: tuple[Comparison, ...]
    omitted: tuple[str, ...]
    looks: int
    requests: tuple[int, int]
    percentiles: dict[str, tuple[float, float]]
    worst: Compared | None
    in_turn: bool = False

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
            seen=f"{self._asked}; look {self.looks}",
            evidence="\n".join(self.lines),
            next=_advice(self.answer, self.worst),
            doomed=proven,
        )

    @property
    def _asked(self) -> str:
        if self.in_turn:
            return (
                f"{self.requests[1]:,} requests to the candidate, and {self.requests[0]:,} to the "
                "baseline before it came"
            )
        return (
            f"{self.requests[1]:,} requests to the canary and {self.requests[0]:,} to the "
            "baseline, at the same time"
        )


def _advice(answer: Answer, worst: Compared | None) -> str:
    """What to do about an answer that is no go."""
    if worst is None:
        return MEASURE_MORE
    metric, comparison = worst
    if answer == "no-go":
        return metric.advice
    if comparison.p is not None:
        return MEASURE_MORE
    return "see why it is so, or was not measured; what nobody knows is no go"


def put_in_words(
    answer: Answer, worst: Compared | None, lack: str, baseline: Observed, canary: Observed
) -> str:
    """A verdict's sentence.

    Args:
        answer: what it is.
        worst: the comparison that makes it no go; None where none does.
        lack: what else keeps it from a go; empty where nothing does.
        baseline: the version that is live, in the window so far.
        canary: the candidate, in the same window.
    """
    if answer == "go":
        return _figures(baseline, canary)
    if worst:
        return worst[1].sentence
    # Where nothing lacks, this look may not say go, though every metric is fine.
    return lack or f"nothing is wrong so far: {_figures(baseline, canary)}"


def _figures(baseline: Observed, canary: Observed) -> str:
    both = canary.requests, baseline.requests
    rates = [format_value(each.errors / len(each), "share") for each in both]
    p95 = [format_value(quantile(each.latencies.tolist(), 0.95), "seconds") for each in both]
    return f"errors {rates[0]} and {rates[1]}, p95 {p95[0]} and {p95[1]}"


def percentiles(baseline: Observed, canary: Observed) -> dict[str, tuple[float, float]]:
    """A verdict's percentiles of the answers' latencies."""
    both = [each.requests.latencies.tolist() for each in (baseline, canary)]
    if not all(both):
        return {}
    return {
        f"p{percent}": (quantile(both[0], percent / 100), quantile(both[1], percent / 100))
        for percent in (50, 95, 99)
    }
