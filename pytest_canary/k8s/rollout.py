"""What API objects say about a rollout: pure functions, from objects to how it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pytest_canary.k8s.objects import (
    Object,
    endpoints,
    images,
    is_ending,
    is_over,
    is_ready,
    pods_of,
    state,
)
from pytest_canary.k8s.strategy import most_unavailable


@dataclass(frozen=True)
class Rollout:
    """A Deployment's replicas, as `kubectl rollout status` reads them.

    Attributes:
        wanted: replicas asked for.
        updated: replicas of the newest template.
        total: replicas of any template.
        ready: replicas whose containers are ready.
        available: replicas that have been ready for minReadySeconds.
        fresh: ready replicas that really run the newest template's images, counted from pods.
        observed: whether the controller has seen the newest spec; until then the counts are old.
        least_available: how few replicas the strategy lets be available while it rolls.
    """

    name: str
    wanted: int
    updated: int
    total: int
    ready: int
    available: int
    fresh: int
    observed: bool
    least_available: int

    @property
    def done(self) -> bool:
        """Whether every replica is of the newest template and available, and no other is left."""
        return (
            self.observed
            and self.updated == self.wanted
            and self.total == self.wanted
            and self.available == self.wanted
        )

    @property
    def text(self) -> str:
        """Where the rollout stands, in words."""
        if not self.observed:
            return f"{self.name}: the controller has not seen the newest spec yet"
        if self.updated < self.wanted:
            return f"{self.name}: {self.updated}/{self.wanted} of the new template"
        if self.total > self.updated:
            return f"{self.name}: {self.total - self.updated} of the old template still there"
        return f"{self.name}: {self.available}/{self.wanted} available, {self.ready} ready"


def rollout(deployment: Object, pods: Iterable[Object] = ()) -> Rollout:
    """Read a Deployment, and its pods where they are given.

    Missing counts are 0, as the API leaves zeros out.
    """
    template = images(deployment["spec"]["template"])
    mine = pods_of(pods, deployment["metadata"]["name"])
    spec, status = deployment["spec"], deployment.get("status", {})
    wanted = spec.get("replicas", 1)
    return Rollout(
        name=deployment["metadata"]["name"],
        wanted=wanted,
        updated=status.get("updatedReplicas", 0),
        total=status.get("replicas", 0),
        ready=status.get("readyReplicas", 0),
        available=status.get("availableReplicas", 0),
        fresh=sum(is_ready(pod) and images(pod) == template for pod in mine),
        observed=deployment["metadata"].get("generation", 0) <= status.get("observedGeneration", 0),
        least_available=wanted - (most_unavailable(spec.get("strategy") or {}, wanted) or 0),
    )


def rollout_progress(
    deployments: Mapping[str, Object], pods: Iterable[Object], name: str, replicas: int, image: str
) -> tuple[bool, str]:
    """Whether a Deployment has come to rest with exactly these replicas of this image.

    The Deployment's own counts are not enough: its pods must really be ready, of the image, and
    none of another may be left. What has been told to end counts no more, as for Kubernetes itself;
    nor does one that was evicted and stays to be read about.

    Returns:
        Whether it has, and what is there, in words.
    """
    if name not in deployments:
        return False, f"there is no Deployment {name}"
    status = rollout(deployments[name])
    mine = [pod for pod in pods_of(pods, name) if not is_over(pod)]
    ready = [pod for pod in mine if is_ready(pod) and image in images(pod)]
    others = [pod for pod in mine if pod not in ready]
    text = f"{name} {len(ready)}/{replicas} ready of {image}"
    if status.wanted != replicas:
        text += f", {status.wanted} wanted"
    if others:
        listed = ", ".join(f"{p['metadata']['name']} {state(p)}" for p in others)
        text += f"; {listed}"
    elif not status.done:
        text += f"; {status.text}"
    staying = [pod for pod in others if not is_ending(pod)]
    done = status.done and status.wanted == replicas and len(ready) == replicas and not staying
    return done, text


def removal_progress(
    deployments: Mapping[str, Object], pods: Iterable[Object], name: str
) -> tuple[bool, str]:
    """Whether a Deployment and all its pods are gone, and what is left, in words."""
    left = [f"Deployment {name}"] if name in deployments else []
    left += [f"pod {p['metadata']['name']} {state(p)}" for p in pods_of(pods, name)]
    return not left, ", ".join(left) or f"{name} is gone"


def deletion_progress(
    deployments: Mapping[str, Object], pods: Iterable[Object], name: str
) -> tuple[bool, str]:
    """Whether a Deployment is gone and its pods told to end, and what is left, in words."""
    return removal_progress(deployments, [pod for pod in pods if not is_ending(pod)], name)


def ending_progress(pods: Iterable[Object]) -> tuple[bool, str]:
    """Whether all pods that were told to end have ended, and which have not, in words."""
    left = [pod["metadata"]["name"] for pod in pods if is_ending(pod) and not is_over(pod)]
    return not left, f"still running: {', '.join(left)}" if left else "they have ended"


def misdirection(
    slices: Iterable[Object], pods: Iterable[Object], service: str, deployments: Iterable[str]
) -> str | None:
    """What is wrong with where a Service sends connections, or None where nothing is.

    Right is: to the Deployments' ready pods, to all of them, and to no other.
    """
    everyone = list(pods)
    ready = {
        pod["metadata"]["name"]
        for name in deployments
        for pod in pods_of(everyone, name)
        if is_ready(pod)
    }
    reached = endpoints(slices, service)
    if not ready:
        return "no pod is ready"
    wrong = [f"{name} gets connections too" for name in sorted(reached - ready)]
    wrong += [f"{name} gets none" for name in sorted(ready - reached)]
    if not wrong:
        return None
    return f"{', '.join(wrong)}; compare the selector of {service} with the pods' labels"
