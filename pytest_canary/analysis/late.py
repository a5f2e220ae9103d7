"""The canary after its verdict: a go is provisional as long as the canary is there; pure.

It is one look, with a risk of its own, `1 - verdict.confidence`: of canaries that are as good as
the other pods, at most 5 % are stopped by it with the defaults. The risk is parted evenly among its
statistics, errors and slow answers; what happens to pods is counted, and no statistic.

The promotion keeps the machine busy meanwhile. So an answer is slow where it is for anybody,
and the canary is compared with the pods of stable that were asked at the same moments, be they of
the baseline still or of the candidate already: what keeps all of them waiting is no pod's fault.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_canary.analysis import blocks, statistics
from pytest_canary.analysis.comparison import (
    Answer,
    Comparison,
    Rule,
    compare_counts,
    decide,
    format_value,
)
from pytest_canary.analysis.metrics.errors import ERRORS
from pytest_canary.analysis.metrics.memory import MEMORY, compare_held
from pytest_canary.analysis.metrics.readiness import LEAST, READINESS
from pytest_canary.analysis.metrics.restarts import RESTARTS
from pytest_canary.analysis.metrics.slow_answers import SLOW_ANSWERS
from pytest_canary.core.findings import Finding
from pytest_canary.core.wording import plural, times

if TYPE_CHECKING:
    from pytest_canary.analysis.memory import Memory
    from pytest_canary.analysis.requests import Requests
    from pytest_canary.config.settings import VerdictSettings as Limits

# What is compared: what happens to pods, what the answers are, and what the canary holds.
METRICS = (RESTARTS, READINESS, ERRORS, SLOW_ANSWERS, MEMORY)

# Fewer slow answers than this, of all, stop nobody while a promotion goes on.
SLOW = 0.1

# What to do next where the metric advises something else at the verdict.
_LATER = {
    ERRORS.name: "look at the canary's log: what it fails at comes only after a while",
    SLOW_ANSWERS.name: f"{SLOW_ANSWERS.advice}, and at what it holds more and more of",
}
_NEXT = {metric.name: metric.advice for metric in METRICS} | _LATER


@dataclass(frozen=True)
class Afterwards:
    """What was seen since a verdict.

    Attributes:
        baseline: what was sent to the baseline until then.
        stable: what was sent to stable since; None where nobody knows which of the candidate's
            answers are stable's and which the canary's.
        canary: what was sent to the canary since.
        restarts: of containers since: stable's, without the pods that the promotion replaced, and
            the canary's.
        unready: how often a pod lost readiness since: stable's and the canary's.
        memory: what a pod held since the canary's readiness: the baseline's, as long as it was
            there, and the canary's; None where it can't be measured.
    """

    baseline: Requests
    stable: Requests | None
    canary: Requests
    restarts: tuple[int, int] = (0, 0)
    unready: tuple[int, int] = (0, 0)
    memory: tuple[Memory | None, Memory | None] = (None, None)


def judge_late(seen: Afterwards, limits: Limits, slow: float) -> tuple[Comparison, ...]:
    """How the canary did since its verdict, what is told first at the head.

    Args:
        seen: what was seen.
        limits: the verdict's.
        slow: seconds above which an answer is slow for anybody.
    """
    families = sum(metric.statistic for metric in METRICS)
    rule = Rule(limits.confidence, (1 - limits.confidence) / families)
    found = [_restarts(*seen.restarts), _readiness(*seen.unready)]
    if len(seen.baseline) and len(seen.canary):
        found.append(_errors(seen.baseline, seen.canary, limits.errors, rule))
    if seen.stable and seen.canary:
        found.append(_slow(seen.stable, seen.canary, slow, max(SLOW, 2 * limits.errors), rule))
    found += [
        replace(each, sentence=f"until its end {each.sentence}")
        for each in compare_held(*seen.memory, limits)
    ]
    return tuple(found)


def late_findings(found: Iterable[Comparison]) -> list[Finding]:
    """What is wrong, where the canary has become worse; nothing where that is not proven."""
    return [
        Finding(
            code="CanaryWorseLater",
            sentence=each.sentence,
            next=_NEXT.get(each.metric, MEMORY.advice),
            doomed=True,
        )
        for each in found
        if each.answer == "no-go"
    ]


def _restarts(stable: int, canary: int) -> Comparison:
    """One is too many, unless stable's restart too: then it may be the machine's."""
    answer: Answer = "go"
    if canary:
        answer = "inconclusive" if stable else "no-go"
    sentence = (
        f"after its verdict the canary's containers restarted {times(canary)}, stable's "
        f"{times(stable)}"
    )
    return compare_counts(RESTARTS.name, "times", (stable, canary), 1.0, answer, sentence)


def _readiness(stable: int, canary: int) -> Comparison:
    answer: Answer = "no-go" if canary - stable >= LEAST else "go"
    sentence = (
        f"after its verdict the canary's pods lost readiness {times(canary)}, stable's "
        f"{times(stable)}"
    )
    return compare_counts(READINESS.name, "times", (stable, canary), float(LEAST), answer, sentence)


def _errors(baseline: Requests, canary: Requests, least: float, rule: Rule) -> Comparison:
    """Against the baseline's until then: an error is none of the machine's.

    So few blocks have any that it takes both: worse ones, and more of them. A single burst, however
    long, is none of a bad canary's alone.
    """
    both = (baseline, baseline.failed), (canary, canary.failed)
    hits, base_hits = (blocks.shares_alone(*each)[0] > 0 for each in reversed(both))
    more = statistics.hit_more_often(hits.sum(), len(hits), base_hits.sum(), len(base_hits))
    found = blocks.difference_of_strangers(*both, rule.confidence)
    found = replace(found, p=max(found.p, more))
    rates = baseline.errors / len(baseline), canary.errors / len(canary)
    fact = (
        f"after its verdict {canary.errors:,} of {len(canary):,} requests to the canary failed "
        f"({format_value(rates[1], 'share')}), and {baseline.errors:,} of {len(baseline):,} to the "
        f"baseline until then ({format_value(rates[0], 'share')}){canary.told_unsent}"
    )
    return decide(ERRORS.name, "share", rates, found, rule, least, fact)


def _slow(stable: Requests, canary: Requests, limit: float, least: float, rule: Rule) -> Comparison:
    """Side by side; what waits for longer already is slow, whatever comes of it."""
    both = [each.where(~each.failed) for each in (stable, canary)]
    slow = [each.seconds > limit for each in both]
    found = blocks.bad_shares(both[0], both[1], (slow[0], slow[1])).difference(rule.confidence)
    rates = [float(each.mean()) if len(each) else 0.0 for each in slow]
    unanswered = int((slow[1] & both[1].waiting).sum())
    fact = (
        f"after its verdict {format_value(rates[1], 'share')} of the canary's answers take more "
        f"than {format_value(limit, 'seconds')}, {format_value(rates[0], 'share')} of stable's at "
        "the same time"
    )
    if unanswered:
        fact += f"; {plural(unanswered, 'request')} to the canary not answered yet"
    return decide(SLOW_ANSWERS.name, "share", (rates[0], rates[1]), found, rule, least, fact)
