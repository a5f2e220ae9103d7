"""What other Deployments show of an app that runs with the same settings, most often stable."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_canary.diagnosis.subject import Look, moment
from pytest_canary.k8s.objects import Container, Object, condition, containers, is_ready, pods_of


def unchanged_settings(look: Look, container: Container) -> str:
    """The image as the likely cause, where another Deployment runs with the same settings."""
    for name, deployment in sorted(look.objects.snapshot.deployments.items()):
        template = deployment["spec"]["template"]
        ready = deployment.get("status", {}).get("readyReplicas", 0)
        if name == look.name or not ready:
            continue
        spec = _spec(template, container.name)
        own = _spec(look.deployment["spec"]["template"], container.name)
        if _settings(spec) == _settings(own) and spec.get("image") != container.spec["image"]:
            return f"{name} runs with the same settings, so look at what changed in the image"
    return ""


def restarts_elsewhere(look: Look, container: Container) -> int:
    """How often a container of the same name was started again until its pod was ready."""
    return max((each.restarts for _, each in _ready(look, container)), default=0)


def passed_probe(look: Look, container: Container, field: str) -> tuple[str, float] | None:
    """Who passes the same probe, and in how many seconds after the start of its container.

    Args:
        look: at the Deployment whose container fails it.
        container: that one.
        field: the probe's name in its spec: "readinessProbe".

    Returns:
        The Deployment's name, and what the slowest of its pods took until it was ready; None
        where nobody has the same probe.
    """
    taken = [
        (seconds, name)
        for name, each in _ready(look, container)
        for seconds in _until_ready(each)
        if each.spec.get(field) == container.spec.get(field)
    ]
    if not taken:
        return None
    seconds, name = max(taken)
    return name, seconds


def _ready(look: Look, container: Container) -> Iterator[tuple[str, Container]]:
    """The containers of the same name in other Deployments' ready pods, with those' names."""
    snapshot = look.objects.snapshot
    for name in snapshot.deployments:
        for pod in pods_of(snapshot.pods.values(), name) if name != look.name else ():
            for each in containers(pod) if is_ready(pod) else ():
                if (each.name, each.init) == (container.name, container.init):
                    yield name, each


def _until_ready(container: Container) -> Iterator[float]:
    """Seconds from the container's start until its pod was ready; nothing where neither tells."""
    began = (container.running or {}).get("startedAt")
    ready = condition(container.pod, "Ready").get("lastTransitionTime")
    if began and ready:
        yield (moment(ready) - moment(began)).total_seconds()


def _spec(template: Object, name: str) -> Object:
    """What a pod's template says of a container; empty where it has none of the name."""
    return next((each.spec for each in containers(template) if each.name == name), {})


def _settings(spec: Object) -> Object:
    """All that a container's spec says but its image."""
    return {key: value for key, value in spec.items() if key != "image"}
