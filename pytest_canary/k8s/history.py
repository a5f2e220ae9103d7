"""What a namespace's Deployments and pods went through, one change after the other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pytest_canary.k8s.objects import Object, condition, images, is_ending, is_over
from pytest_canary.k8s.rollout import Rollout, rollout
from pytest_canary.k8s.terminations import Killed, killed_containers, told_to_end


@dataclass(frozen=True)
class Moment:
    """A Deployment's replicas at one moment.

    Attributes:
        at: seconds since the observer started.
        rollout: the counts; all of them 0 once it is deleted.
        images: of its newest template's containers; none once it is deleted.
    """

    at: float
    rollout: Rollout
    images: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Ending:
    """A pod's way out, from when it was told to stop.

    Attributes:
        pod: its name.
        images: of its containers.
        began: seconds since the observer started; and so
        ended: when all of it had ended, or it was gone; infinite before.
        told: when it was told to, as Unix time by the cluster's clock, in whole seconds; None where
            it was gone before anybody saw that.
    """

    pod: str
    images: frozenset[str]
    began: float
    ended: float = math.inf
    told: float | None = None


class History:
    """Remembers what changes in a namespace.

    Attributes:
        moments: what the Deployments' replicas went through, oldest first.
        killed: the containers that were killed as they did not end, oldest first.
        endings: the pods that were told to stop, or were gone without, oldest first; of those that
            a controller owns, as one without serves nobody.
    """

    def __init__(self) -> None:
        self.moments: list[Moment] = []
        self.killed: list[Killed] = []
        self.endings: list[Ending] = []
        self._last: dict[str, Rollout] = {}
        self._pods: Mapping[str, Object] = {}
        self._lost: list[tuple[float, str]] = []

    def record(
        self, deployments: Mapping[str, Object], pods: Mapping[str, Object], at: float
    ) -> None:
        """Remember how all Deployments and pods are now, by name."""
        for name, pod in pods.items():
            before = self._pods.get(name)
            # One that has not changed is the same object, most often.
            if before is pod:
                continue
            if before is not None and has_lost_readiness(before, pod):
                self._lost.append((at, name))
            self.killed += [each for each in killed_containers(pod) if each not in self.killed]
        self._record_endings(pods, at)
        self._pods = pods
        for name, deployment in deployments.items():
            now = rollout(deployment, pods.values())
            if self._last.get(name) != now:
                self._last[name] = now
                template = deployment["spec"]["template"]
                self.moments.append(Moment(at, now, frozenset(images(template))))
        for name in [name for name in self._last if name not in deployments]:
            self._last.pop(name)
            self.moments.append(Moment(at, absent(name)))

    def _record_endings(self, pods: Mapping[str, Object], at: float) -> None:
        known = {each.pod for each in self.endings}
        stopping = {name for name, pod in pods.items() if is_ending(pod)}
        over = {name for name, pod in pods.items() if is_ending(pod) and is_over(pod)}
        over |= self._pods.keys() - pods.keys()
        for name in sorted((stopping | over) - known):
            pod = pods.get(name) or self._pods[name]
            if pod["metadata"].get("ownerReferences"):
                self.endings.append(Ending(name, frozenset(images(pod)), at, told=told_to_end(pod)))
        if over:
            self.endings = [
                replace(each, ended=min(each.ended, at)) if each.pod in over else each
                for each in self.endings
            ]

    def rollouts(self, deployment: str, since: float = 0) -> list[Rollout]:
        """What a Deployment's replicas went through since a moment, without repetitions.

        Returns:
            First how it stood at that moment, as what it falls from is known by that alone; then
            every change. All counts are 0 where there is no such Deployment.
        """
        rollouts = [absent(deployment)]
        for moment in list(self.moments):
            if moment.rollout.name != deployment:
                continue
            if moment.at < since:
                rollouts = [moment.rollout]
            elif rollouts[-1] != moment.rollout:
                rollouts.append(moment.rollout)
        return rollouts

    def readiness_lost(self, pods: Iterable[str], since: float = 0) -> int:
        """How often pods of these names have lost their readiness since a moment, all together."""
        names = set(pods)
        return sum(at >= since and name in names for at, name in list(self._lost))


def absent(deployment: str) -> Rollout:
    """The rollout of a Deployment that is not there."""
    return Rollout(deployment, 0, 0, 0, 0, 0, 0, observed=True, least_available=0)


def has_lost_readiness(before: Object, after: Object) -> bool:
    """Whether a pod that was ready has been unready since, be it that it is ready again.

    The time of its last change tells of what came and went between two looks, to the second. A pod
    that is on its way out, or at its end, has not lost its readiness: it is not to have it.
    """
    ended = after.get("status", {}).get("phase") in ("Failed", "Succeeded")
    if ended or is_ending(after):
        return False
    was, now = condition(before, "Ready"), condition(after, "Ready")
    if was.get("status") != "True":
        return False
    changed = now.get("lastTransitionTime") != was.get("lastTransitionTime")
    return changed or now.get("status") != "True"
