"""The Deployment itself: what its controllers can't do, and what others do to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from pytest_canary.core.findings import Finding
from pytest_canary.diagnosis.subject import Expected, Look, Objects
from pytest_canary.k8s.objects import Object, condition, images
from pytest_canary.k8s.quantities import quantity
from pytest_canary.k8s.rollout import rollout

# Refusals that another try gets again, as they go by the template alone.
_SETTLED = (
    "violates PodSecurity",
    "denied request",
    "denied the request",
    "no PriorityClass with name",
    "must specify",
    "usage per Container is",
    "usage per Pod is",
    "is invalid: spec",
)


def as_expected(objects: Objects, expected: Expected) -> bool:
    """Whether the Deployment is as the transition wants it; the rollout may still go on."""
    deployment = objects.snapshot.deployments.get(expected.deployment)
    return deployment is not None and not _differences(deployment, expected)


def _differences(deployment: Object, expected: Expected) -> list[str]:
    spec = deployment["spec"]
    held = images(spec["template"])
    replicas = spec.get("replicas", 1)
    found = []
    if deployment["metadata"].get("deletionTimestamp"):
        found.append("is being deleted")
    if expected.image not in held:
        found.append(f"has image {', '.join(sorted(held))} instead of {expected.image}")
    if replicas != expected.replicas:
        found.append(f"is to have {_replicas(replicas)} instead of {expected.replicas}")
    return found


def _replicas(count: int) -> str:
    return "1 replica" if count == 1 else f"{count} replicas"


def find_absent(expected: Expected) -> Iterator[Finding]:
    """A Deployment that isn't there, or not any more."""
    name = expected.deployment
    if expected.applied:
        yield Finding(
            "DeploymentDeleted",
            f"{name} was deleted while the {expected.title} was rolled out",
            where=f"Deployment {name}",
            next="see who else works in this namespace, and rehearse again",
        )
    else:
        yield Finding(
            "DeploymentMissing",
            f"there is no Deployment {name}",
            where=f"Deployment {name}",
            next="see that apply.sh names it after its second argument",
            doomed=False,
        )


def find_changed(look: Look) -> Iterator[Finding]:
    """A Deployment that is not what the transition made it."""
    wrong = _differences(look.deployment, look.expected)
    if not wrong:
        return
    where = f"Deployment {look.name}"
    listed = " and ".join(wrong)
    if not look.expected.applied:
        yield Finding(
            "DeploymentDiffers",
            f"{look.name} {listed}",
            where=where,
            next="see that apply.sh puts its arguments into the template, and applies it",
            doomed=False,
        )
        return
    by = _changed_by(
        look.deployment, replicas=look.expected.replicas != _replicas_of(look.deployment)
    )
    yield Finding(
        "DeploymentChanged",
        f"{look.name} was changed while the {look.expected.title} was rolled out: it {listed}",
        where=where,
        seen=f"by {by}" if by else "",
        next="see who else works in this namespace, and rehearse again",
    )


def _replicas_of(deployment: Object) -> int:
    return int(deployment["spec"].get("replicas", 1))


def _changed_by(deployment: Object, *, replicas: bool) -> str:
    """Who set the replicas, or else the template, last; empty where the object does not tell."""
    path = ("f:spec", "f:replicas") if replicas else ("f:spec", "f:template")
    owners = []
    for entry in deployment["metadata"].get("managedFields") or []:
        fields = entry.get("fieldsV1", {})
        for step in path:
            fields = fields.get(step) if isinstance(fields, dict) else None
        if fields is not None:
            owners.append((str(entry.get("time", "")), entry))
    if not owners:
        return ""
    _, last = max(owners, key=lambda owner: owner[0])
    manager = str(last.get("manager", ""))
    if last.get("subresource") == "scale":
        # The autoscaler lives in the controller manager.
        if manager == "kube-controller-manager":
            return "an autoscaler (HorizontalPodAutoscaler)"
        return f"{manager}, which scaled it"
    return manager


def find_stale(look: Look) -> Iterator[Finding]:
    """A spec that the Deployment controller has not seen."""
    if rollout(look.deployment).observed:
        return
    yield Finding(
        "NotObserved",
        f"the Deployment controller has not seen the newest {look.name} yet",
        where=f"Deployment {look.name}",
        seen=f"generation {look.deployment['metadata'].get('generation', 0)}, observed "
        f"{look.deployment.get('status', {}).get('observedGeneration', 0)}",
        next="kubectl get pods -n kube-system, and see that the controller manager runs",
        doomed=False,
    )


def find_paused(look: Look) -> Iterator[Finding]:
    """A Deployment that is paused, so that its new template waits."""
    if look.deployment["spec"].get("paused") and look.replica_set is None:
        yield Finding(
            "DeploymentPaused",
            f"{look.name} is paused, so its new template is not rolled out",
            where=f"Deployment {look.name}",
            next=f"take spec.paused out, or kubectl rollout resume deployment/{look.name}",
        )


def find_expired(look: Look) -> Iterator[Finding]:
    """A rollout that has outlasted the Deployment's own deadline."""
    # Until the controller has seen the newest spec, its conditions are about the one before.
    if not rollout(look.deployment).observed:
        return
    progressing = condition(look.deployment, "Progressing")
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        seconds = look.deployment["spec"].get("progressDeadlineSeconds", 600)
        yield Finding(
            "ProgressDeadlineExceeded",
            f"{look.name} made no progress for {seconds} s, its own progressDeadlineSeconds",
            where=f"Deployment {look.name}",
            evidence=str(progressing.get("message", "")),
            next=f"kubectl describe deployment/{look.name}",
        )


def find_refused(look: Look) -> Iterator[Finding]:
    """Pods that the API server does not let the ReplicaSet make."""
    if look.replica_set is None:
        return
    failure = condition(look.replica_set, "ReplicaFailure")
    if failure.get("status") != "True" or failure.get("reason") != "FailedCreate":
        return
    message = str(failure.get("message", ""))
    why, advice = why_refused(message)
    name = look.replica_set["metadata"]["name"]
    yield Finding(
        "FailedCreate",
        f"{look.name} gets no pod: {why}" if not look.pods else f"{look.name} lacks pods: {why}",
        where=f"ReplicaSet {name}",
        seen=f"{len(look.pods)} of {_replicas(look.expected.replicas)}",
        evidence=message,
        next=advice,
        doomed=_is_final(look, message),
    )


def _is_final(look: Look, message: str) -> bool:
    """Whether a refusal stays one, however long one waits."""
    if "exceeded quota" in message and not (look.pods or look.going or look.others):
        # Nobody is there whose end would make room.
        return True
    return stays_refused(message)


def stays_refused(message: str) -> bool:
    """Whether another try gets the same refusal, whoever else ends meanwhile."""
    if "exceeded quota" in message:
        # More than there is in all.
        return _beyond(message)
    account = re.search(r'serviceaccount "([^"]+)" not found', message)
    if account:
        # A new namespace gets this one by itself, a moment after it was made.
        return account[1] != "default"
    return any(words in message for words in _SETTLED)


def _beyond(message: str) -> bool:
    """Whether a quota would be too small for the pod, were it empty."""
    requested, limited = (_amounts(message, word) for word in ("requested", "limited"))
    return any(value > limited.get(name, value) for name, value in requested.items())


def _amounts(message: str, word: str) -> dict[str, Decimal]:
    found = re.search(rf"{word}: ([^:]+?)(?:, [a-z]+:|$)", message)
    parts = [part.partition("=") for part in found[1].split(",")] if found else []
    return {name.strip(): quantity(value) for name, _, value in parts if value}


def why_refused(message: str) -> tuple[str, str]:
    """A refusal in words, and what to do."""
    bare = re.sub(r'^pods "[^"]*" is forbidden: ', "", message)
    quota = re.search(r"exceeded quota: ([^,]+), requested: (.*), used: (.*), limited: (.*)", bare)
    if quota:
        # Of a number of pods, none can ask for less.
        less = (
            "" if re.fullmatch(r"(count/)?pods=\d+", quota[2]) else "ask for less in resources, or "
        )
        return (
            f"quota {quota[1]} allows {quota[4]}, of which {quota[3]} is used, "
            f"and a pod asks for {quota[2]}",
            f"{less}have the quota raised",
        )
    unsaid = re.search(r"failed quota: ([^:]+): must specify (.*)", bare)
    if unsaid:
        field, _, container = unsaid[2].partition(" for: ")
        return (
            f"quota {unsaid[1]} wants {field} said for container {container}",
            f"say {field} in the container's resources",
        )
    security = re.search(r'violates PodSecurity "([^"]+)": (.*)', bare)
    if security:
        return (
            f"it violates the namespace's Pod Security Standard {security[1]}: {security[2]}",
            "mend the pod's and the containers' securityContext",
        )
    account = re.search(r'serviceaccount "([^"]+)" not found', bare)
    if account:
        return f"there is no ServiceAccount {account[1]}", "make it, or mend serviceAccountName"
    priority = re.search(r"no PriorityClass with name (\S+)", bare)
    if priority:
        return (
            f"there is no PriorityClass {priority[1]}",
            "make it, or mend priorityClassName",
        )
    policy = re.search(r"ValidatingAdmissionPolicy '([^']+)'.* denied request: (.*)", bare)
    if policy:
        return f"policy {policy[1]} refuses it: {policy[2]}", "mend the template as it says"
    webhook = re.search(r'admission webhook "([^"]+)" denied the request: ?(.*)', bare)
    if webhook:
        return f"webhook {webhook[1]} refuses it: {webhook[2]}", "mend the template as it says"
    silent = re.search(r'failed calling webhook "([^"]+)": (.*)', bare)
    if silent:
        return (
            f"webhook {silent[1]} does not answer: {silent[2].rpartition(': ')[2]}",
            "see that the webhook's Service runs",
        )
    return bare or "the API server does not say why", "mend the template as it says"
