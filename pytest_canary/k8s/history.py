"""What a namespace's Deployments and pods went through, one change after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pytest_canary.k8s.objects import Object, condition
from pytest_canary.k8s.rollout import Rollout, rollout


@dataclass(frozen=True)
class Moment:
    """A Deployment's replicas at one moment.

    Attributes:
        at: seconds since the observer started.
        rollout: the counts; all of them 0 once it is deleted.
        image: of its newest template.
    """

    at: float
    rollout: Rollout
    image: str = ""


class History:
    """Remembers what changes in a namespace.

    Attributes:
        moments: what the Deployments' replicas went through, oldest first.
    """

    def __init__(self) -> None:
        self.moments: list[Moment] = []
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
            if before is not None and before is not pod and has_lost_readiness(before, pod):
                self._lost.append((at, name))
        self._pods = pods
        for name, deployment in deployments.items():
            now = rollout(deployment, pods.values())
            if self._last.get(name) != now:
                image = deployment["spec"]["template"]["spec"]["containers"][0]["image"]
                self._last[name] = now
                self.moments.append(Moment(at, now, image))
        for name in [name for name in self._last if name not in deployments]:
            self._last.pop(name)
            self.moments.append(Moment(at, absent(name)))

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
    if ended or after["metadata"].get("deletionTimestamp"):
        return False
    was, now = condition(before, "Ready"), condition(after, "Ready")
    if was.get("status") != "True":
        return False
    changed = now.get("lastTransitionTime") != was.get("lastTransitionTime")
    return changed or now.get("status") != "True"
