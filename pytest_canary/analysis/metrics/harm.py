"""What the release does to the version that is live: its answers now, and before the canary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_canary.analysis import statistics
from pytest_canary.analysis.blocks import difference_since
from pytest_canary.analysis.comparison import (
    Comparison,
    Observed,
    Rule,
    decide,
    format_value,
)
from pytest_canary.analysis.kinds import Kind, parts_of
from pytest_canary.analysis.metrics.latency import LATENCIES
from pytest_canary.analysis.metrics.metric import Metric
from pytest_canary.analysis.metrics.slow_answers import WEIGHT, most_against

if TYPE_CHECKING:
    from pytest_canary.analysis.reference import Reference, Sample
    from pytest_canary.analysis.requests import Requests
    from pytest_canary.config.settings import VerdictSettings as Limits

# The machine is busier than it was: there is one pod more, and the verdict's load rises as long as
# the baseline's median rises by no more than three tenths, or 5 ms. So only what that can't be is
# told: an answer is slow where it takes more than twice one of the percentiles of before, and some;
# and at each, so large a share more matters. By the median, what everybody waits twice as long for
# is found.
LEVELS = ((0.5, 0.3), (0.95, 0.2))
FACTOR = 2.0

# Seconds that any answer may take longer: a quick app of 10 ms was seen at 30 ms on two cores that
# the verdict's own load kept busy.
FLOOR = 0.025

ADVICE = (
    "look at what the migration or the canary does to what both share: an index, a lock, "
    "the database's connections, the node"
)


def compare(
    baseline: Observed, _canary: Observed, limits: Limits, rule: Rule
) -> tuple[Comparison, ...]:
    """The baseline's errors, late answers and slow answers, now and before.

    Canary and baseline may be alike and both be worse, as the candidate's migration is everybody's.
    What takes longer than `traffic.slow` is late for any user, whatever was usual; so far fewer of
    them matter. Of errors twice as many matter as of the canary's: before are some seconds, in
    which a baseline that fails one request in a hundred may have failed at none.
    """
    reference, now = baseline.before, baseline.requests
    if reference is None or not len(now):
        return ()
    before, usual = reference.most, _usual(reference, baseline)
    told = [each for each in usual if each.sample]
    rule = Rule(rule.confidence, rule.level / (2 + len(LEVELS) * len(told)))
    # Where more than that is usual, being late is no harm that was done since.
    late = max([reference.slow, *(each.limit(level) for each in told for level, _ in LEVELS)])
    matters = min(WEIGHT * limits.errors, 1.0)
    return (
        _errors(before, now, matters, rule),
        _above("late answers", "answers", late, (before, now), matters, rule),
        *(_slow(each, each.sample, rule) for each in told if each.sample),
    )


@dataclass(frozen=True)
class _Usual:
    """A kind of request, now and before.

    Attributes:
        kind: what they are.
        now: those of now.
        rows: how many rows each of them answers with, at most.
        sample: those of before; None where they were too few.
    """

    kind: Kind
    now: Requests
    rows: int
    sample: Sample | None

    @property
    def growth(self) -> float:
        """How many times longer an answer may take by now, as there are more rows."""
        return self.sample.growth(self.rows) if self.sample else 1.0

    def limit(self, level: float) -> float:
        """Seconds that an answer may take by now, by a level of before; 0 where nobody can tell."""
        if self.sample is None:
            return 0.0
        usual = statistics.quantile(self.sample.requests.latencies.tolist(), level)
        return FACTOR * self.growth * usual + FLOOR


def _usual(reference: Reference, baseline: Observed) -> list[_Usual]:
    """Of each kind, by the sample that is most like what is sent now and has enough of it."""
    found = []
    for kind in parts_of(baseline.requests, baseline.requests):
        now = kind.of(baseline.requests)
        reads = not now.write.all()
        sample = reference.of(kind, LATENCIES)
        found.append(_Usual(kind, now, baseline.rows if reads else 0, sample))
    return found


def _errors(before: Requests, now: Requests, least: float, rule: Rule) -> Comparison:
    found = difference_since(before, now, (before.failed, now.failed), rule.confidence)
    rates = before.errors / len(before), now.errors / len(now)
    fact = (
        f"{now.errors:,} of {len(now):,} requests to the baseline failed "
        f"({format_value(rates[1], 'share')}), and {before.errors:,} of {len(before):,} before the "
        f"canary came ({format_value(rates[0], 'share')})"
    )
    return decide("baseline's errors", "share", rates, found, rule, least, fact)


def _slow(usual: _Usual, before: Sample, rule: Rule) -> Comparison:
    """The level that speaks most against the release."""
    kind = usual.kind
    what = kind.plural if kind.suffix else "answers"
    both = before.requests, usual.now
    why = f" ({usual.growth:.1f} times as long as else, for the rows that have come since)"
    found = [
        _above(
            f"slow answers{kind.suffix}",
            what,
            usual.limit(level),
            both,
            kind.least(matters),
            rule,
            why if usual.growth > 1 else "",
        )
        for level, matters in LEVELS
    ]
    return most_against(found)


def _above(
    name: str,
    what: str,
    limit: float,
    both: tuple[Requests, Requests],
    matters: float,
    rule: Rule,
    why: str = "",
) -> Comparison:
    """The share of what takes longer than the limit, before and now."""
    before, now = ((each.seconds > limit) & ~each.failed for each in both)
    found = difference_since(*both, (before, now), rule.confidence)
    rates = float(before.mean()), float(now.mean())
    fact = (
        f"{format_value(rates[1], 'share')} of the baseline's {what} take more than "
        f"{format_value(limit, 'seconds')}{why}, {format_value(rates[0], 'share')} of those before "
        "the canary came"
    )
    return decide(f"baseline's {name}", "share", rates, found, rule, matters, fact)


def _omission(baseline: Observed, _canary: Observed) -> str:
    reference = baseline.before
    if reference is None or not len(baseline.requests):
        return ""
    few = [each.kind.plural for each in _usual(reference, baseline) if each.sample is None]
    if not few:
        return ""
    return (
        f"how long the baseline's {' and '.join(few)} took before the canary came: fewer than "
        f"{LATENCIES} of the kind were answered then"
    )


HARM = Metric("harm", compare, statistic=True, advice=ADVICE, omitted=_omission)
