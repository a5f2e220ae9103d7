"""From what was seen of the two Deployments to the report's replicas."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pytest_canary.context.outcomes import ClusterOutcome, StableOutcome
from pytest_canary.manifests.version import TRACKS
from pytest_canary.reporting import figures

if TYPE_CHECKING:
    from pytest_canary.context.journal import Journal
    from pytest_canary.k8s.history import Moment


def replicas(journal: Journal) -> Iterator[figures.Replicas]:
    """The pods of each version in both Deployments, at each change; none before the cluster."""
    cluster = journal.find(ClusterOutcome)
    if cluster is None:
        return
    names = {
        image: journal.versions.get(title, "") or title for title, image in cluster.images.items()
    }
    tracks = {journal.plan.settings.deployment_name(track) for track in TRACKS}
    offset = cluster.watched_from - journal.timeline.zero
    shown = itertools.groupby(
        sorted(cluster.history, key=lambda each: each.rollout.name),
        key=lambda each: each.rollout.name,
    )
    for name, moments in shown:
        if name in tracks:
            yield from _steps(list(moments), names, offset)


def _steps(
    moments: Sequence[Moment], names: dict[str, str], offset: float
) -> Iterator[figures.Replicas]:
    """Each version's pods of one Deployment: its template's, and those of the one before."""
    last = before = ""
    for each in moments:
        # A Deployment that is deleted leaves no image behind: nothing is left of what it had.
        known = [names[image] for image in each.images if image in names]
        version = next(iter(known), "") if each.images else last
        if version != last:
            before, last = last, version
        found = each.rollout
        old = max(found.ready - found.fresh, 0)
        at = max(each.at + offset, 0)
        parts = [(version, found.fresh)] + ([(before, old)] if before else [])
        for title, ready in parts:
            yield figures.Replicas(
                at=at,
                deployment=found.name,
                version=title,
                wanted=found.wanted,
                ready=ready,
                available=min(ready, found.available),
            )


def availability(journal: Journal) -> Iterator[figures.Availability]:
    """The fewest available replicas while the candidate replaced the baseline, if it did."""
    outcome = journal.find(StableOutcome)
    rollouts = outcome.rollouts if outcome else []
    if rollouts and journal.plan.upgrade:
        yield figures.Availability(
            deployment=rollouts[-1].name,
            transition="promote",
            lowest=min(each.available for each in rollouts),
            allowed=rollouts[-1].least_available,
        )
