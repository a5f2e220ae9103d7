"""What a Deployment's pods are made of: containers, and what they refer to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pytest_canary.manifests.documents import Document, Place

POD: Place = ("spec", "template", "spec")

# Where the pod of each kind stands.
POD_OF: dict[str, Place] = {
    **dict.fromkeys(("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"), POD),
    "CronJob": ("spec", "jobTemplate", *POD),
    "Pod": ("spec",),
}


@dataclass(frozen=True)
class Reference:
    """What a pod refers to.

    Attributes:
        kind: of the object.
        name: of the object.
        place: where the reference stands.
        keys: the keys that it takes, each with its place.
    """

    kind: str
    name: str
    place: Place
    keys: tuple[tuple[str, Place], ...] = ()


def containers(deployment: Document) -> Iterator[tuple[Place, dict[str, Any]]]:
    """The containers that run as long as the pod, each with its place."""
    for place, container in deployment.tables(*POD, "initContainers"):
        if container.get("restartPolicy") == "Always":
            yield place, container
    yield from deployment.tables(*POD, "containers")


def all_containers(deployment: Document) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Those that come before the others, too."""
    yield from deployment.tables(*POD, "initContainers")
    yield from deployment.tables(*POD, "containers")


def from_environment(deployment: Document) -> Iterator[Reference]:
    """What containers take their variables from."""
    for place, _ in all_containers(deployment):
        for where, entry in deployment.tables(*place, "env"):
            for source, kind in (("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")):
                reference = entry.get("valueFrom")
                found = reference.get(source) if isinstance(reference, dict) else None
                spot = (*where, "valueFrom", source)
                yield from _reference(kind, found, spot, "name", [found])
        for where, entry in deployment.tables(*place, "envFrom"):
            for source, kind in (("secretRef", "Secret"), ("configMapRef", "ConfigMap")):
                yield from _reference(kind, entry.get(source), (*where, source), "name")


def from_volumes(deployment: Document) -> Iterator[Reference]:
    """What volumes are made of."""
    for where, volume in deployment.tables(*POD, "volumes"):
        secret, config = volume.get("secret"), volume.get("configMap")
        yield from _reference("Secret", secret, (*where, "secret"), "secretName", _items(secret))
        yield from _reference("ConfigMap", config, (*where, "configMap"), "name", _items(config))
        claim = volume.get("persistentVolumeClaim")
        place = (*where, "persistentVolumeClaim")
        yield from _reference("PersistentVolumeClaim", claim, place, "claimName")
        for spot, source in deployment.tables(*where, "projected", "sources"):
            for key, kind in (("secret", "Secret"), ("configMap", "ConfigMap")):
                found = source.get(key)
                yield from _reference(kind, found, (*spot, key), "name", _items(found))


def _items(volume: Any) -> list[Any]:
    found = volume.get("items") if isinstance(volume, dict) else None
    return found if isinstance(found, list) else []


def _reference(
    kind: str, found: Any, place: Place, called: str, keyed: list[Any] | None = None
) -> Iterator[Reference]:
    if not isinstance(found, dict) or found.get("optional") is True:
        return
    name = found.get(called)
    if not isinstance(name, str) or not name:
        return
    keys = []
    for number, each in enumerate(keyed or []):
        key = each.get("key") if isinstance(each, dict) else None
        spot = (*place, "key") if each is found else (*place, "items", number, "key")
        if isinstance(key, str):
            keys.append((key, spot))
    yield Reference(kind, name, (*place, called), tuple(keys))
