"""The share of requests that fail: of all, and of reads and writes apart."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_canary.analysis.blocks import bad_shares, difference_since
from pytest_canary.analysis.comparison import (
    Comparison,
    Observed,
    Rule,
    decide,
    format_value,
    missing_comparison,
)
from pytest_canary.analysis.kinds import ALL, Kind, kinds_of, rare_kind
from pytest_canary.analysis.metrics.metric import SEE_LOG, Metric

if TYPE_CHECKING:
    from pytest_canary.analysis.requests import Requests
    from pytest_canary.config.settings import VerdictSettings as Limits


def compare(
    baseline: Observed, canary: Observed, limits: Limits, rule: Rule
) -> tuple[Comparison, ...]:
    """Error rates of all requests, then of each kind, where a share of all is what matters."""
    if not (len(baseline.requests) and len(canary.requests)):
        silent = rule.called if len(baseline.requests) else "the baseline"
        return (
            missing_comparison("errors", "share", f"no request went to {silent}", limits.errors),
        )
    kinds = (ALL, *kinds_of(baseline.requests, canary.requests))
    rule = replace(rule, level=rule.level / len(kinds))
    return tuple(
        _errors(kind, kind.of(baseline.requests), kind.of(canary.requests), limits.errors, rule)
        for kind in kinds
    )


def _errors(
    kind: Kind, baseline: Requests, canary: Requests, errors: float, rule: Rule
) -> Comparison:
    """Of one kind of requests.

    It is proven by the blocks in which more of the canary's requests fail than of the baseline's.
    What is not answered yet may still fail: it is against a go, and no proof of a no-go.
    """
    name = f"errors{kind.suffix}"
    bad = baseline.failed, canary.failed
    found = (
        difference_since(baseline, canary, bad, rule.confidence)
        if rule.in_turn
        else bad_shares(baseline, canary, bad).difference(rule.confidence)
    )
    counts = len(baseline), len(canary)
    failed = baseline.errors, canary.errors
    rates = failed[0] / counts[0], failed[1] / counts[1]
    fact = (
        f"{failed[1]:,} of {counts[1]:,} {kind.plural} to {rule.called} failed "
        f"({format_value(rates[1], 'share')}), and {failed[0]:,} of {counts[0]:,} "
        f"to the baseline ({format_value(rates[0], 'share')}){canary.told_unsent}"
    )
    waiting = int(canary.waiting.sum())
    if waiting:
        fact += f"; {waiting:,} to {rule.called} are not answered yet"
    return decide(name, "share", rates, found, rule, kind.least(errors), fact)


def _omission(baseline: Observed, canary: Observed) -> str:
    return rare_kind(baseline.requests, canary.requests)


ERRORS = Metric("errors", compare, statistic=True, advice=SEE_LOG, omitted=_omission)
