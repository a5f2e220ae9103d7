"""Canary against baseline: go, no-go or inconclusive; pure.

How sure an answer is. It holds with `verdict.confidence` (0.95), all looks and metrics together:

- *no-go* has to be proven: by the blocks of time in which the canary was worse (`blocks`), with a
  p below the level, an effect of at least what matters, and an interval that leaves no doubt of
  half of it. Of releases that differ in nothing at most 5 % are stopped, as the 5 % are parted
  evenly (Bonferroni) among the metrics that are statistics and the looks at them; `short_answers`
  takes a tenth of such a part beside them.
- *go* has to be proven too: each metric's confidence interval must end below what matters, which
  makes it a test of non-inferiority. Of releases that are worse by as much as matters, in any one
  metric, at most 5 % pass. All metrics must pass, so nothing is parted among them (Berger,
  Technometrics 24, 1982: an intersection-union test); but it is parted among the looks at which go
  can be said: half for the first, which comes as soon as there are enough requests, and not before
  EARLIEST; most of the rest for the last, at the window's end; a tenth for the second, soon after;
  and a tenth for the three between, each of which has twice as many requests as the one before.
  What is parted so is the risk of any one metric to pass at any of the looks. So they need not all
  pass at the same one: what one look has proven holds at the next, as long as it is still as sure
  there as the first look has to be. `benchmarks/README.md` has what else was tried.
  One pause in a whole window is left out at the last (`slow_answers.pause_of`).
- Everything else is *inconclusive*: too few requests, nobody to compare with, a metric missing, a
  pod that comes and goes, a machine that could not keep up.

An odd look more would be a chance more to be wrong, so a Judge looks when it says itself that a
look is due. `benchmarks/verdict.py` shows by simulation that this holds, and what it finds.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

from pytest_canary.analysis.blocks import LENGTH
from pytest_canary.analysis.comparison import Answer, Observed, Rule
from pytest_canary.analysis.metrics.alone import ALONE
from pytest_canary.analysis.metrics.counters import COUNTERS
from pytest_canary.analysis.metrics.errors import ERRORS
from pytest_canary.analysis.metrics.harm import HARM
from pytest_canary.analysis.metrics.latency import LATENCY
from pytest_canary.analysis.metrics.latency_in_turn import LATENCY_IN_TURN
from pytest_canary.analysis.metrics.memory import MEMORY
from pytest_canary.analysis.metrics.metric import Metric
from pytest_canary.analysis.metrics.readiness import READINESS
from pytest_canary.analysis.metrics.restarts import RESTARTS
from pytest_canary.analysis.metrics.short_answers import SHORT_ANSWERS
from pytest_canary.analysis.metrics.slow_answers import SLOW_ANSWERS
from pytest_canary.analysis.verdict import Compared, Verdict, percentiles, put_in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_canary.config.settings import VerdictSettings as Limits

# When a no-go can be said, in parts of the window: gross faults show early.
LOOKS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)

# A go can be said when there is enough, then with so many times as many each time, and at the
# window's end. What chance alone has put off is seen to be fine soon.
MORE = (1.2, 2.0, 2.0, 2.0)
GO_LOOKS = len(MORE) + 2

# Where it can't be said yet for another reason, with so many times as many.
SOON = 1.1

# The parts of the risk of a false go: of the first look at which it can be said, of the second, of
# the last, and of all between. The last needs so much, as it alone can leave a pause out.
FIRST, SECOND, LAST, BETWEEN = 0.5, 0.1, 0.3, 0.1

# In the order in which they are told: the first that is wrong is the verdict's sentence.
METRICS: tuple[Metric, ...] = (
    RESTARTS,
    READINESS,
    ERRORS,
    SHORT_ANSWERS,
    LATENCY,
    SLOW_ANSWERS,
    HARM,
    MEMORY,
    COUNTERS,
)

# The same where the candidate was asked after the baseline: what its pods hold, and what their
# counters tell, is measured side by side alone.
METRICS_IN_TURN: tuple[Metric, ...] = (
    RESTARTS,
    READINESS,
    ERRORS,
    LATENCY_IN_TURN,
    SLOW_ANSWERS,
    ALONE,
)

# However few errors might do: latencies take as many.
LEAST_REQUESTS = 100

# Seconds of the window before which no go is said, however many requests there are by then: what
# comes every five seconds has to be seen, and the last moments are not answered yet.
EARLIEST = 5.75


def least_requests_for_go(limits: Limits) -> int:
    """The fewest requests to the canary that can prove a go, where none of them fails.

    None of n failing leaves a rate of up to z2 / (n + z2) possible (Wilson): 253 of them prove that
    less than 1.5 % fail.
    """
    z2 = NormalDist().inv_cdf(1 - (1 - limits.confidence) / 2) ** 2
    return max(LEAST_REQUESTS, math.floor(z2 * (1 - limits.errors) / limits.errors) + 1)


def least_seconds(limits: Limits) -> float:
    """The window, in seconds, that is too short for latencies to prove a go; a longer one may do.

    Of n blocks of time, the canary's are slower in all by chance once in 2^n (Wilcoxon): six of
    them, and so more than 2.5 s, prove something with a confidence of 97.5 % on one side
    (`ratios` asks for as many).
    """
    risk = (1 - limits.confidence) * FIRST
    return LENGTH * (math.ceil(math.log2(1 / risk)) - 1)


class Judge:
    """Looks at growing samples of one window, and stops as soon as the answer is proven.

    It is to be asked again and again whether a look is due, until a verdict is final.

    Args:
        limits: what matters, and how sure an answer must be.
        in_turn: whether the two are asked one after the other: the baseline's requests stay as
            they are then.
    """

    def __init__(self, limits: Limits, *, in_turn: bool = False) -> None:
        self._limits = limits
        self._in_turn = in_turn
        self._metrics = METRICS_IN_TURN if in_turn else METRICS
        self._families = sum(metric.statistic for metric in self._metrics)
        self._looks = 0
        self._passed = 0  # of LOOKS
        self._go_looks = 0
        self._next_go = least_requests_for_go(limits)
        self._proven: set[str] = set()  # the names of comparisons

    def due(self, passed: float, baseline: int, canary: int) -> bool:
        """Whether it is time to look.

        Args:
            passed: the part of the window that has passed, of 1.
            baseline: how many requests went to the baseline in it.
            canary: how many to the canary.
        """
        return self._is_look(passed) or self._is_go_look(passed, baseline, canary)

    def _is_look(self, passed: float) -> bool:
        return self._passed < len(LOOKS) and passed >= LOOKS[self._passed]

    def _is_go_look(self, passed: float, baseline: int, canary: int) -> bool:
        if passed >= 1:
            return True
        if passed * self._limits.seconds < EARLIEST:
            return False
        enough = baseline >= LEAST_REQUESTS and canary >= self._next_go
        return enough and self._go_looks < GO_LOOKS - 1

    def look(
        self, passed: float, baseline: Observed, canary: Observed, *, held_up: str = ""
    ) -> Verdict:
        """The verdict on everything seen since the window's start.

        Args:
            passed: the part of the window that has passed, of 1; at 1 it is the last look.
            baseline: the version that is live, in the window so far.
            canary: the candidate, in the same window.
            held_up: why the machine is what was measured, and not the app; empty where it isn't.
        """
        counts = len(baseline.requests), len(canary.requests)
        may_stop, may_go = self._is_look(passed), self._is_go_look(passed, *counts)
        self._looks += 1
        while self._is_look(passed):
            self._passed += 1
        found = self._compare(self._rule(passed), baseline, canary)
        if may_go and self._proven:
            found = self._with_proven(found, baseline, canary)
        compared = tuple(comparison for _, comparison in found)
        # What is no statistic, such as the third measurement of memory, is waited for. It depends
        # on nothing that is tested, so that no test is favoured by it.
        plain = all(each.answer == "go" for each in compared if each.p is None)
        lack = held_up or _lack(self._limits, *counts, in_turn=self._in_turn)
        answer: Answer = "inconclusive"
        wrong = any(each.answer == "no-go" for each in compared if may_stop or each.p is None)
        # Where the machine is held up, neither good nor bad figures are the app's.
        if wrong and not held_up:
            answer = "no-go"
        elif may_go and not lack and (passed >= 1 or (plain and not self._waits(canary))):
            self._go_looks += 1
            if self._go_looks <= len(MORE):
                self._next_go = math.ceil(MORE[self._go_looks - 1] * counts[1])
            self._proven |= {each.metric for each in compared if each.answer == "go"}
            answer = "go" if all(each.answer == "go" for each in compared) else "inconclusive"
        elif may_go:
            self._next_go = math.ceil(SOON * counts[1])
        # A lack of requests is why nothing is proven, whatever a statistic says of so few; but a
        # pod that comes and goes is why they are few.
        events = [each for each in found if each[0].event and each[1].answer == answer]
        worst = _worst(answer, events if answer == "inconclusive" and lack else found)
        because = _because(worst, found) if answer == "no-go" else ""
        return Verdict(
            answer,
            passed >= 1 or answer != "inconclusive",
            because + put_in_words(answer, worst, lack, baseline, canary),
            compared,
            tuple(text for metric in self._metrics if (text := metric.omitted(baseline, canary))),
            self._looks,
            counts,
            percentiles(baseline, canary),
            worst,
            in_turn=self._in_turn,
        )

    def _waits(self, canary: Observed) -> bool:
        """Whether the first look for a go would be in vain, and a little later may not be.

        With no more requests than are needed none may fail, and what is not answered yet may still.
        No bad canary passes for that: what comes later has no fewer failures.
        """
        late = canary.requests.waiting.any()
        return bool(late) and len(canary.requests) < MORE[0] * least_requests_for_go(self._limits)

    def _rule(self, passed: float) -> Rule:
        if not self._go_looks:
            part = FIRST
        elif passed >= 1:
            part = LAST
        else:
            part = SECOND if self._go_looks == 1 else BETWEEN / (GO_LOOKS - 3)
        return self._rule_of(part, last=passed >= 1)

    def _rule_of(self, part: float, *, last: bool) -> Rule:
        risk = 1 - self._limits.confidence
        level = risk / (self._families * len(LOOKS))
        return Rule(1 - 2 * risk * part, level, last=last, in_turn=self._in_turn)

    def _with_proven(
        self, found: list[Compared], baseline: Observed, canary: Observed
    ) -> list[Compared]:
        """The same, where what an earlier look has proven need not be proven again as strictly."""
        doubted = [each.metric for _, each in found if each.answer == "inconclusive"]
        if not self._proven.intersection(doubted):
            return found
        again = {
            each.metric: each
            for _, each in self._compare(self._rule_of(FIRST, last=False), baseline, canary)
            if each.answer == "go" and each.metric in self._proven
        }
        return [
            (metric, again.get(each.metric, each) if each.answer == "inconclusive" else each)
            for metric, each in found
        ]

    def _compare(self, rule: Rule, baseline: Observed, canary: Observed) -> list[Compared]:
        return [
            (metric, comparison)
            for metric in self._metrics
            for comparison in metric.compare(baseline, canary, self._limits, rule)
        ]


def _lack(limits: Limits, baseline: int, canary: int, *, in_turn: bool) -> str:
    """Who has too few requests for a go, in words; empty where nobody has."""
    for who, count, enough in (
        ("candidate" if in_turn else "canary", canary, least_requests_for_go(limits)),
        ("baseline", baseline, LEAST_REQUESTS),
    ):
        if count < enough:
            return f"{count:,} requests of the {who}, at least {enough:,} are needed"
    return ""


def _because(worst: Compared | None, found: Sequence[Compared]) -> str:
    """What happened to pods meanwhile, to be said before what is worse; empty for nothing."""
    if worst is None or worst[0].event:
        return ""
    told = [each.sentence for metric, each in found if metric.event and each.answer != "go"]
    return "".join(f"{sentence}; " for sentence in told)


def _worst(answer: Answer, found: Sequence[Compared]) -> Compared | None:
    """The first comparison that makes the answer no go, with its metric; None where none does."""
    if answer == "go":
        return None
    # Where nothing is inconclusive, what is no-go at a look that may not say so.
    wrong = [each for each in found if each[1].answer != "go"]
    return min(wrong, key=lambda each: each[1].answer != answer, default=None)
