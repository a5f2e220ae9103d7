"""Settings that a container can't have: Secrets, ConfigMaps and users that its pod names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pytest_canary.core.findings import Finding
from pytest_canary.diagnosis.subject import Look
from pytest_canary.k8s.objects import Container, Object, containers

_KINDS = {"secret": "Secret", "configmap": "ConfigMap"}
_USER = {
    r"image will run as root": (
        "its image runs as root",
        "let the image name another USER, by number, or set runAsUser",
    ),
    r"image has non-numeric user \(([^)]*)\)": (
        "its image names its user, {}, of whom the kubelet can't tell that it isn't root",
        "let the image's USER be a number, or set runAsUser",
    ),
    r"runAsUser breaks non-root policy": (
        "its runAsUser is root",
        "set runAsUser to another number, or leave it to the image",
    ),
}
# While the pod's status still says this, the kubelet's events are up to a second ahead of it.
_BEGINNING = ("ContainerCreating", "PodInitializing")
# What the control plane makes by itself in every namespace, a moment after it.
_MADE_LATER = ("ConfigMap kube-root-ca.crt",)


def find(look: Look, container: Container) -> Iterator[Finding]:
    """What a container's settings name and the kubelet can't find or won't allow."""
    waiting = container.waiting or {}
    message = ""
    if waiting.get("reason") == "CreateContainerConfigError":
        message = str(waiting.get("message", ""))
    elif waiting.get("reason") in _BEGINNING:
        message = _message(look, container)
    if not message:
        return
    for pattern, (why, advice) in _USER.items():
        found = re.search(pattern, message)
        if found:
            user = why.format(*found.groups())
            yield Finding(
                "CreateContainerConfigError",
                f"{container.of(look.name)} can't start: runAsNonRoot is set, and {user}",
                where=container.where,
                evidence=message,
                next=advice,
            )
            return
    yield _missing_finding(look, container.of(look.name), container.where, message, container.pod)


def _message(look: Look, container: Container) -> str:
    """What the kubelet's latest event says about the container's settings, if about those."""
    for event in reversed(look.events("Pod", container.pod_name, "Failed")):
        message = event.message.removeprefix("Error: ")
        known = (
            any(re.search(words, message) for words in _USER) or _find_missing(look, message, {})[0]
        )
        if event.container == container.name and known:
            return message
    return ""


def find_volumes(look: Look, pod: Object) -> Iterator[Finding]:
    """Volumes that can't be mounted: only events tell, the pod itself just goes on creating."""
    name = pod["metadata"]["name"]
    own = [each for each in containers(pod) if not (each.init or each.sidecar)]
    if any(each.status and each.waiting is None for each in own):
        return
    for event in look.events("Pod", name, "FailedMount", "FailedAttachVolume")[-1:]:
        message = event.message.partition(" : ")[2] or event.message
        found = re.search(r'volume "([^"]+)"', event.message)
        volume = found[1] if found else ""
        where = f"pod {name}, volume {volume}" if volume else f"pod {name}"
        yield _missing_finding(look, look.name, where, message, pod, volume)


def _missing_finding(
    look: Look, name: str, where: str, message: str, pod: Object, volume: str = ""
) -> Finding:
    describe = f"kubectl describe pod {pod['metadata']['name']}"
    volumes = {each["name"]: each for each in pod["spec"].get("volumes") or []}
    what, there = _find_missing(look, message, volumes.get(volume, {}))
    problem, advice = message, describe
    if there:
        # The kubelet reads Secrets and ConfigMaps from a cache, which follows.
        problem = f"the kubelet does not see {what} yet"
    elif what:
        problem, advice = (
            f"there is no {what}",
            f"make the {what}, or mend its name in the template",
        )
    return Finding(
        "CreateContainerConfigError" if not volume else "FailedMount",
        f"{name} can't start: {problem}",
        where=where,
        evidence=message,
        next=advice,
        doomed=there is False,
    )


def _find_missing(look: Look, message: str, volume: Object) -> tuple[str, bool | None]:
    """What a message says is missing, and whether it is there; None where nobody has looked."""
    keys = look.objects.keys
    whole = re.search(r'\b(secret|configmap) "([^"]+)" not found', message)
    if whole:
        named = f"{_KINDS[whole[1]]} {whole[2]}"
        unknown = keys is None or named in _MADE_LATER
        return named, None if unknown or keys is None else named in keys
    key = re.search(r"couldn't find key (\S+) in (Secret|ConfigMap) [^/\s]+/(\S+)", message)
    if key:
        named = f"{key[2]} {key[3]}"
        return f"key {key[1]} in {named}", _has(keys, named, key[1])
    item = re.search(r"references non-existent (?:config|secret) key: (\S+)", message)
    source = volume.get("configMap", {}).get("name"), volume.get("secret", {}).get("secretName")
    if item and any(source):
        named = f"ConfigMap {source[0]}" if source[0] else f"Secret {source[1]}"
        return f"key {item[1]} in {named}", _has(keys, named, item[1])
    return "", None


def _has(keys: Mapping[str, frozenset[str]] | None, named: str, key: str) -> bool | None:
    return None if keys is None else key in keys.get(named, frozenset())
