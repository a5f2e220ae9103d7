"""What a namespace's Deployments and pods went through, one change after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_canary.k8s.objects import Object
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

    def record(
        self, deployments: Mapping[str, Object], pods: Mapping[str, Object], at: float
    ) -> None:
        """Remember how all Deployments and pods are now, by name."""
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


def absent(deployment: str) -> Rollout:
    """The rollout of a Deployment that is not there."""
    return Rollout(deployment, 0, 0, 0, 0, 0, 0, observed=True, least_available=0)
