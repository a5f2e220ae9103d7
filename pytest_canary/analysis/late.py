"""The canary after its verdict: a go is provisional as long as the canary is there; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_canary.analysis.blocks import difference_of_strangers
from pytest_canary.analysis.comparison import Comparison, Rule, decided, format_value
from pytest_canary.core.findings import Finding

if TYPE_CHECKING:
    from pytest_canary.analysis.requests import Requests
    from pytest_canary.config.settings import VerdictSettings as Limits


def judge_late(baseline: Requests, canary: Requests, limits: Limits) -> Comparison | None:
    """The canary's errors since its verdict, against the baseline's until then.

    It is one look, with a risk of its own: of canaries that fail no more than the baseline, at most
    5 % are stopped by it with the default `verdict.confidence`. Latency is not looked at, as the
    promotion keeps the machine busy.

    Returns:
        None where either was asked nothing.
    """
    if not (len(baseline) and len(canary)):
        return None
    found = difference_of_strangers(
        (baseline, baseline.failed), (canary, canary.failed), limits.confidence
    )
    rates = baseline.errors / len(baseline), canary.errors / len(canary)
    fact = (
        f"after its verdict {canary.errors:,} of {len(canary):,} requests to the canary failed "
        f"({format_value(rates[1], 'share')}), and {baseline.errors:,} of {len(baseline):,} to the "
        f"baseline until then ({format_value(rates[0], 'share')})"
    )
    rule = Rule(limits.confidence, 1 - limits.confidence)
    return decided("errors after the verdict", "share", rates, found, rule, limits.errors, fact)


def late_finding(late: Comparison) -> Finding | None:
    """What is wrong, where the canary has become worse; None where that is not proven."""
    if late.answer != "no-go":
        return None
    return Finding(
        code="CanaryWorseLater",
        sentence=late.sentence,
        next="look at the canary's log: what it fails at comes only after a while",
        doomed=True,
    )
