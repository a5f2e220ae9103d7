"""One Deployment as the two that a walk has, and the objects around it as they are then; pure."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import replace
from typing import Any

from pytest_canary.manifests.documents import Document
from pytest_canary.rendering.object_set import containers, same_app

# The label that tells the tracks apart, by the first of these names that nothing else has.
LABELS = ("deployment", "track", "canary-track")


def track_of(
    deployment: Document, name: str, replicas: int, image: str, *, app: str, loaded: bool
) -> Document:
    """A Deployment as one of a walk's two.

    Args:
        deployment: as it stands in the project.
        name: the track's Deployment.
        replicas: how many it has.
        image: the version's.
        app: the image that the app's container stands there with.
        loaded: whether images are loaded into the nodes, so that no registry has them.
    """
    value = _fresh(deployment, image, app, loaded=loaded)
    _table(value, "metadata")["name"] = name
    spec = _table(value, "spec")
    spec["replicas"] = replicas
    pod = _table(_table(spec, "template"), "metadata")
    selector = _table(spec, "selector")
    label = _label(deployment)
    for labels in (_table(pod, "labels"), _table(selector, "matchLabels")):
        labels[label] = name
    return replace(deployment, value=value)


def beside(
    document: Document, image: str, *, app: str, loaded: bool, node_port: bool = False
) -> Document:
    """An object that both tracks have in common.

    Args:
        document: as it stands in the project.
        image: the version's, which takes the place of the app's.
        app: the image that the app's container stands there with.
        loaded: whether images are loaded into the nodes.
        node_port: whether it is a Service that has to be reached from outside.
    """
    value = _fresh(document, image, app, loaded=loaded)
    if node_port:
        _table(value, "spec")["type"] = "NodePort"
    return replace(document, value=value)


def own_namespace(documents: Iterable[Document]) -> str:
    """The one namespace that objects are fixed to; empty where there is none, or several."""
    found = {str(each.at("metadata", "namespace") or "") for each in documents} - {""}
    return found.pop() if len(found) == 1 else ""


def without_namespace(documents: Iterable[Document], namespace: str) -> list[Document]:
    """Objects as they are in whichever namespace is current, and not that namespace itself."""
    kept = []
    for each in documents:
        if each.kind == "Namespace" and each.name == namespace:
            continue
        value = {**each.value, "metadata": {**each.table("metadata")}}
        value["metadata"].pop("namespace", None)
        if isinstance(value.get("subjects"), list):
            value["subjects"] = [_move(subject, namespace) for subject in value["subjects"]]
        kept.append(replace(each, value=value) if each.table("metadata") else each)
    return kept


def _move(subject: Any, namespace: str) -> Any:
    """Whom a RoleBinding is for: an account of the namespace that is left out is one beside it."""
    if isinstance(subject, dict) and subject.get("namespace") == namespace:
        return {key: value for key, value in subject.items() if key != "namespace"}
    return subject


def _fresh(document: Document, image: str, app: str, *, loaded: bool) -> dict[str, Any]:
    """An object of one's own, with the version's image in the place of the app's."""
    value = deepcopy(document.value)
    for container in containers(document.kind, value):
        if same_app(container.get("image"), app):
            container["image"] = image
            # The node has it, and nobody else does.
            if loaded and container.get("imagePullPolicy") == "Always":
                container["imagePullPolicy"] = "IfNotPresent"
    return value


def _label(deployment: Document) -> str:
    taken = {
        *deployment.table("spec", "template", "metadata", "labels"),
        *deployment.table("spec", "selector", "matchLabels"),
    }
    return next((each for each in LABELS if each not in taken), LABELS[-1])


def _table(value: dict[str, Any], key: str) -> dict[str, Any]:
    """A table in another, made where there is none; what is no table is left to the schema."""
    found = value.get(key)
    if found is None:
        found = value[key] = {}
    return found if isinstance(found, dict) else {}
