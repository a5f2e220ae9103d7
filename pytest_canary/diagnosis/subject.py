"""What a diagnosis looks at: objects as the API server has them, and what they should come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pytest_canary.k8s.objects import Object, Snapshot, images, is_ending, is_ready, pods_of

LogKey = tuple[str, str, bool]
"""A container's log: the pod, the container, and whether it is that of the run before."""

Run = tuple[str, str, int]
"""A run of a container that has ended: the pod, the container, and which end it was, from 1 on."""

REVISION = "deployment.kubernetes.io/revision"


@dataclass(frozen=True)
class LastWords:
    """How a container's run ended.

    Attributes:
        code: its exit code.
        line: the line of its log that tells most; empty where none is known.
    """

    code: int
    line: str


@dataclass(frozen=True)
class Objects:
    """What there is at one moment; what is not given is not looked at.

    Attributes:
        snapshot: the namespace's own objects.
        nodes: the cluster's; empty where nobody may look.
        node_pods: the pods of all namespaces, for what the nodes have free; may be left out.
        keys: the keys of each Secret and ConfigMap, "Secret db-params" -> {"DB_HOST", …}; None
            where nobody has looked.
        images: the names of the images that the nodes hold; None where nobody has looked.
        logs: the last lines of containers' logs, masked by whoever fetched them.
        last_words: how containers ended by now, those of whose end the log is gone included.
        now: when the objects were seen; None where times don't matter.
    """

    snapshot: Snapshot = field(default_factory=Snapshot)
    nodes: Sequence[Object] = ()
    node_pods: Sequence[Object] = ()
    keys: Mapping[str, frozenset[str]] | None = None
    images: frozenset[str] | None = None
    logs: Mapping[LogKey, str] = field(default_factory=dict)
    last_words: Mapping[Run, LastWords] = field(default_factory=dict)
    now: datetime | None = None


@dataclass(frozen=True)
class Expected:
    """What a transition is to come to.

    Attributes:
        deployment: the Deployment's name.
        replicas: how many it is to have.
        image: the image of its pods, as the template is to name it.
        service: the Service that is to select them; None where none is looked at.
        title: what a person calls the image: "candidate" or "baseline".
        applied: whether the Deployment was seen like this since the transition began (see
            `as_expected`). Before that one that differs is just not applied yet; after it,
            somebody else changed it.
    """

    deployment: str
    replicas: int
    image: str
    service: str | None = None
    title: str = "candidate"
    applied: bool = False


@dataclass(frozen=True)
class Event:
    """One event, as the API server counts repetitions of it.

    Attributes:
        container: the container it is about; empty for the object itself.
        times: how often it happened.
    """

    reason: str
    message: str
    container: str
    times: int
    last: str


@dataclass(frozen=True)
class Look:
    """One look at one transition: what there is, what should be, and the pods it is about.

    Attributes:
        replica_set: the ReplicaSet of the Deployment's newest template; None where it isn't
            there yet.
        pods: the pods of the newest template that are not on their way out, by name.
        going: the Deployment's pods that are.
        others: the Deployment's pods of older templates.
    """

    objects: Objects
    expected: Expected
    deployment: Object
    replica_set: Object | None
    pods: Sequence[Object]
    going: Sequence[Object]
    others: Sequence[Object]

    @property
    def name(self) -> str:
        """The Deployment's name."""
        return self.expected.deployment

    def events(self, kind: str, name: str, *reasons: str) -> list[Event]:
        """An object's events with one of the reasons, the latest last."""
        found = [
            read_event(event)
            for event in self.objects.snapshot.events.values()
            if event.get("reason") in reasons
            and event["involvedObject"].get("kind") == kind
            and event["involvedObject"].get("name") == name
        ]
        return sorted(found, key=lambda event: event.last)


def look_at(objects: Objects, expected: Expected, deployment: Object) -> Look:
    """Sort a Deployment's pods: of the newest template, on their way out, of older templates."""
    snapshot = objects.snapshot
    mine = pods_of(snapshot.pods.values(), expected.deployment)
    newest = newest_replica_set(deployment, snapshot.replica_sets.values())
    fresh: list[Object] = []
    others: list[Object] = []
    for pod in mine:
        owners = {owner["name"] for owner in pod["metadata"]["ownerReferences"]}
        if snapshot.replica_sets:
            new = newest is not None and newest["metadata"]["name"] in owners
        else:
            new = expected.image in images(pod)
        (fresh if new else others).append(pod)
    staying = [pod for pod in fresh if not is_ending(pod)]
    going = [pod for pod in mine if is_ending(pod)]
    return Look(objects, expected, deployment, newest, staying, going, others)


def newest_replica_set(deployment: Object, replica_sets: Any) -> Object | None:
    """The ReplicaSet of the Deployment's template; None where the controller has not made it yet.

    As the Deployment controller finds it: by the template, the hash label aside.
    """
    uid = deployment["metadata"].get("uid")
    for item in replica_sets:
        owners = item["metadata"].get("ownerReferences", [])
        if not any(o["kind"] == "Deployment" and o.get("uid") == uid for o in owners):
            continue
        template = item["spec"]["template"]
        metadata = template.get("metadata", {})
        labels = {k: v for k, v in metadata.get("labels", {}).items() if k != "pod-template-hash"}
        bare = {**template, "metadata": {**metadata, "labels": labels}}
        if bare == deployment["spec"]["template"]:
            found: Object = item
            return found
    return None


def read_event(event: Object) -> Event:
    """An event of core/v1; a series counts where there is one."""
    path = event["involvedObject"].get("fieldPath", "")
    series = event.get("series") or {}
    return Event(
        reason=event.get("reason", ""),
        # What the API server puts before a message once there are ten like it.
        message=event.get("message", "").removeprefix("(combined from similar events): ").strip(),
        container=path.partition("{")[2].rstrip("}"),
        times=series.get("count") or event.get("count") or 1,
        last=str(
            series.get("lastObservedTime")
            or event.get("lastTimestamp")
            or event.get("eventTime")
            or ""
        ),
    )


def unready(pods: Sequence[Object]) -> list[Object]:
    """The pods that are not ready; one that is has healed of whatever it had."""
    return [pod for pod in pods if not is_ready(pod)]


def moment(text: str) -> datetime:
    """A time as the API writes it."""
    return datetime.fromisoformat(text)


def times(count: int) -> str:
    """How often, in words."""
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
