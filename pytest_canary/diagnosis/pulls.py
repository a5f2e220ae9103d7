"""Images that a node can't get: from the kubelet's words to what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_canary.core.findings import Finding
from pytest_canary.diagnosis.subject import Look, times
from pytest_canary.k8s.image_names import full_name, repository
from pytest_canary.k8s.objects import Container

# A registry that says no, or that can't be one: asking again gets the same answer.
_NO = {
    r"not found|manifest unknown|name unknown|NAME_UNKNOWN|MANIFEST_UNKNOWN": (
        "the registry has no such image",
        "push the image, or see that name and tag are right",
    ),
    r"401 Unauthorized|unauthorized|authentication required|no basic auth credentials": (
        "the registry wants a login",
        "see that the pod's imagePullSecrets name a Secret with a login for this registry",
    ),
    r"403 Forbidden|denied|insufficient_scope|authorization failed": (
        "the registry refuses it to this login",
        "see that the login in the pod's imagePullSecrets may read this image",
    ),
    r"no such host": (
        "there is no registry of that name",
        "see that the image's name begins with the right registry",
    ),
    r"server gave HTTP response to HTTPS client|x509:|certificate": (
        "the node does not trust the registry",
        "give the node the registry's certificate, or name a registry that it trusts",
    ),
    r"no match for platform|no matching manifest": (
        "the image is built for another platform than the node's",
        "build the image for the node's platform",
    ),
}
# What may pass. A name that can't be looked up has been asked for ten seconds already, by a
# resolver that tries again by itself, so its first back-off is enough.
_LOOKUP = r"lookup \S+.*(?:i/o timeout|server misbehaving|Temporary failure)"
_MAYBE = {
    _LOOKUP: (
        "the registry's name can't be looked up from the node",
        "see that the registry's name is right, and that the node can reach it",
    ),
    r"429 Too Many Requests|TOOMANYREQUESTS|toomanyrequests": (
        "the registry is asked too often",
        "wait, or pull with a login or from a mirror",
    ),
    r"\b5\d\d [A-Z]": ("the registry is in trouble", "see that the registry works"),
    r"connection refused|connection reset|i/o timeout|deadline exceeded|EOF": (
        "the registry does not answer",
        "see that the registry runs, and that the node can reach it",
    ),
}
# Where an image's name stands in parts: a URL, and containerd's own "[manifests TAG]".
_NAMED = re.compile(r'"[^"]*(?:…|://)[^"]*"|\w+://[^\s"]+|\[manifests [^\]]*\]')
_REASONS = ("ErrImagePull", "ImagePullBackOff", "RegistryUnavailable")


def find(look: Look, container: Container) -> Iterator[Finding]:
    """What keeps the node from having the container's image."""
    reason = (container.waiting or {}).get("reason", "")
    if reason == "ErrImageNeverPull":
        yield _never(look, container)
    elif reason == "InvalidImageName":
        yield _invalid(look, container)
    elif reason in _REASONS or not container.status.get("imageID"):
        # Events tell it 0.3 s before the pod's status does, and the back-off 12 s before.
        yield from _pull(look, container)


def _never(look: Look, container: Container) -> Finding:
    image = str(container.spec["image"])
    loaded = holds(look.objects.images, image)
    sentence = (
        f"{container.of(look.name)} can't start: image {image} is not on the node, "
        "and its pull policy is Never"
    )
    if loaded:
        # The kubelet looks again every few seconds, so it will find what came after its last look.
        sentence += "; the node has got it since"
    return Finding(
        "ErrImageNeverPull",
        sentence,
        where=container.where,
        evidence=_message(container),
        likely=_describe_held(look, image),
        next="load the image into the cluster, or let imagePullPolicy be IfNotPresent",
        doomed=not loaded,
    )


def _invalid(look: Look, container: Container) -> Finding:
    image = str(container.spec["image"])
    why = str((container.waiting or {}).get("message", "")).rpartition(
        "invalid reference format: "
    )[2]
    return Finding(
        "InvalidImageName",
        f"{container.of(look.name)} can't start: {image!r} is no name for an image",
        where=container.where,
        evidence=_message(container),
        likely=why,
        next="mend the image's name in the template",
    )


def _pull(look: Look, container: Container) -> Iterator[Finding]:
    image = str(container.spec["image"])
    events = [
        event
        for event in look.events("Pod", container.pod_name, "Failed")
        if event.container == container.name
    ]
    failed = [
        event for event in events if event.message.startswith(f'Failed to pull image "{image}')
    ]
    waiting = container.waiting or {}
    message = failed[-1].message if failed else str(waiting.get("message", ""))
    if not failed and waiting.get("reason") not in _REASONS:
        yield from _find_pull(look, container)
        return
    attempts = max(sum(event.times for event in failed), 1)
    backed_off = waiting.get("reason") == "ImagePullBackOff" or any(
        event.message == "Error: ImagePullBackOff" for event in events
    )
    said = _without_names(message, image)
    why, advice, doomed = _why(said, attempts, backed_off)
    always = container.spec.get("imagePullPolicy") == "Always"
    loaded = holds(look.objects.images, image)
    sentence = f"{container.of(look.name)} can't start: image {image} can't be pulled, {why}"
    likely = _secret(look, container, said) or _describe_held(look, image)
    if loaded and always:
        likely = "the node has it, but imagePullPolicy Always asks the registry all the same"
        advice = "let imagePullPolicy be IfNotPresent"
    elif loaded:
        sentence += "; the node has got it since"
    yield Finding(
        "ErrImagePull" if attempts == 1 else "ImagePullBackOff",
        sentence,
        where=container.where,
        seen=f"tried {times(attempts)}",
        evidence=message,
        likely=likely,
        next=advice,
        doomed=doomed and (always or not loaded),
    )


def _find_pull(look: Look, container: Container) -> Iterator[Finding]:
    """A pull that goes on; small images are there before anybody looks."""
    events = look.events("Pod", container.pod_name, "Pulling", "Pulled")
    mine = [event for event in events if event.container == container.name]
    if mine and not any(event.reason == "Pulled" for event in mine):
        yield Finding(
            "Pulling",
            f"{container.of(look.name)} waits for its node to pull image {container.spec['image']}",
            where=container.where,
            next=f"kubectl describe pod {container.pod_name}",
            doomed=False,
        )


def _without_names(message: str, image: str) -> str:
    """What was said of an image, without its name and URL: their words mean nothing."""
    whole = repository(image)
    host, _, path = whole.partition("/")
    names = {full_name(image), image, whole, host, host.partition(":")[0]}
    names |= {path} if "/" in path else set()
    for name in sorted(names, key=len, reverse=True):
        message = re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", "…", message)
    return re.sub(_NAMED, "…", message)


def _why(message: str, attempts: int, backed_off: bool) -> tuple[str, str, bool]:
    """Why an image can't be pulled, what to do, and whether waiting can't mend it.

    Args:
        message: the kubelet's, without the image's names.
        attempts: how often it was tried.
        backed_off: whether the kubelet waits longer from try to try.
    """
    for pattern, (why, advice) in _NO.items():
        if re.search(pattern, message):
            return why, advice, True
    for pattern, (why, advice) in _MAYBE.items():
        if re.search(pattern, message):
            # A registry that hiccups may answer when it is asked again, 10 to 15 s later.
            return why, advice, attempts > 1 or (backed_off and pattern == _LOOKUP)
    return "see below", "see that the node can reach the registry", attempts > 1


def _secret(look: Look, container: Container, message: str) -> str:
    """A login that the pod names and that isn't there, where the registry wants one."""
    keys = look.objects.keys
    if keys is None or not re.search(r"\b40[13]\b|nauthorized|denied|authoriz", message):
        return ""
    named = [each["name"] for each in container.pod["spec"].get("imagePullSecrets") or []]
    absent = [name for name in named if f"Secret {name}" not in keys]
    if absent:
        return f"the pod's imagePullSecrets name {' and '.join(absent)}, which isn't there"
    return "" if named else "the pod has no imagePullSecrets"


def holds(images: frozenset[str] | None, image: str) -> bool:
    """Whether the nodes hold an image, by any of its names; no where nobody has looked."""
    return images is not None and bool(
        {image, full_name(image)} & {*images, *map(full_name, images)}
    )


def _describe_held(look: Look, image: str) -> str:
    """What the nodes do hold of the same name."""
    images = look.objects.images
    if images is None:
        return ""
    if holds(images, image):
        return "it was loaded a moment too late"
    wanted = repository(image)
    same = sorted(name for name in map(full_name, images) if repository(name) == wanted)
    if not same:
        return "no image of that name was ever loaded into this cluster"
    shown = ", ".join(name.removeprefix("docker.io/library/") for name in same[:3])
    more = f" and {len(same) - 3} more" if len(same) > 3 else ""
    return f"it was never loaded into this cluster, which has {shown}{more}"


def _message(container: Container) -> str:
    return str((container.waiting or {}).get("message", ""))
