"""Who answers while canary and baseline stand side by side, and whether the share is fair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_canary.analysis.statistics import Share, share
from pytest_canary.context import sampling
from pytest_canary.context.expect import expect_no_affinity, expect_no_detour
from pytest_canary.context.expectations import expect_fair_share

if TYPE_CHECKING:
    from collections import Counter

    from pytest_canary.context.context import Context

# The share of connections that may fail where a verdict follows: it weighs what the canary fails
# at, and tells it; more are plain.
TOLERATED = 0.05

# Connections that are counted where the first count says that the split is not fair: three times as
# many, so that 43 % where 33 % are fair is told again 99 times in 100.
RECOUNT = 900


@dataclass(frozen=True)
class FairShare:
    """The canary's share of connections, where it is what its replicas make.

    Attributes:
        share: of connections.
        connections: how many it was measured on.
        text: "the canary takes 34 % of connections (29 to 39)".
    """

    share: Share
    connections: int
    text: str


def sample_both(context: Context, connections: int = sampling.CONNECTIONS) -> Counter[str]:
    """How many connections either version gets; some may fail where a verdict will weigh them."""
    may_fail = TOLERATED if context.plan.comes_to_verdict else 0.0
    return sampling.sample(
        context, "baseline", "candidate", connections=connections, tolerated=may_fail
    )


def fair_share(context: Context, counted: Counter[str] | None = None) -> FairShare:
    """The canary gets the share of new connections that is its share of the replicas.

    Args:
        context: what is looked at.
        counted: connections, by the version that got them; None for those that are made now.

    Raises:
        ApiError: too many connections failed, or were not answered as promised.
        ReleaseError: it gets more or less, or nobody can tell.
        NotApplicable: the Service does not share its connections by numbers of pods, the app is
            not reached as its users reach it, or the node was to tell, and can't.
    """
    expect_no_detour(context)
    expect_no_affinity(context)
    replicas = context.settings.replicas
    candidate = sampling.name_of(context, "candidate")
    total = replicas.canary + replicas.stable_during_canary
    found = counted or sample_both(context)
    if not share(found[candidate], found.total()).holds(replicas.canary / total):
        # An honest split in 1000 looks like this by chance, and one in a million does twice.
        found = sample_both(context, RECOUNT)
    told = f": {found[candidate]} of {found.total()} went to canary pods"
    if context.journal.tells_versions:
        told = ""
    fair = expect_fair_share(found, candidate, replicas.canary, total, told)
    return FairShare(fair, found.total(), f"the canary takes {fair.text}{told}")
