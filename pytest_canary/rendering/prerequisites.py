"""What a release presupposes: objects that are there before it, in the rehearsal's namespace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytest_canary.manifests import definitions
from pytest_canary.manifests.documents import Document
from pytest_canary.manifests.parsing import Parsed
from pytest_canary.manifests.pods import POD_OF
from pytest_canary.manifests.scopes import is_cluster_wide
from pytest_canary.rendering.object_set import containers
from pytest_canary.rendering.plain import read_objects
from pytest_canary.rendering.tracks import own_namespace, without_namespace

# What has to be there before what: of what is in none of these, custom resources come last.
ORDER = (
    ("Namespace",),
    (definitions.KIND,),
    (
        "ServiceAccount",
        "Secret",
        "ConfigMap",
        "StorageClass",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "PriorityClass",
        "ClusterRole",
        "ClusterRoleBinding",
        "Role",
        "RoleBinding",
        "LimitRange",
        "ResourceQuota",
        "NetworkPolicy",
    ),
    ("Service",),
    (*POD_OF,),
)

# What lets others in front of the API server, who have to be there when they are asked.
IN_FRONT = ("APIService", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")


@dataclass(frozen=True)
class Prerequisites:
    """Objects that are applied before a release.

    Attributes:
        parsed: the objects in the order in which they are applied, and what is wrong with the
            files.
        namespace: the one that they are fixed to in the project, and not in a walk.
    """

    parsed: Parsed
    namespace: str = ""

    @property
    def documents(self) -> list[Document]:
        """The objects."""
        return self.parsed.documents

    def cluster_wide(self) -> list[Document]:
        """Those that belong to the whole cluster."""
        return [each for each in self.documents if is_cluster_wide(each, self._own)]

    def in_namespace(self) -> list[Document]:
        """Those that are in the rehearsal's namespace."""
        return [each for each in self.documents if not is_cluster_wide(each, self._own)]

    def images(self) -> dict[str, tuple[Document, int]]:
        """Each image that their pods run, with the first object that names it, and the line."""
        found: dict[str, tuple[Document, int]] = {}
        for document in self.documents:
            for image, line in _images(document):
                found.setdefault(image, (document, line))
        return found

    def made_for(
        self, namespace: str, labels: Mapping[str, str], loaded: Mapping[str, str]
    ) -> Prerequisites:
        """The same as a walk applies them.

        Args:
            namespace: the walk's.
            labels: of what is the walk's.
            loaded: what images are called that the nodes get from the run, by what they are called
                in the project.
        """
        accounts = {each.name for each in self.documents if each.kind == "ServiceAccount"}
        made = [_prepare(each, namespace, labels, loaded, accounts) for each in self.documents]
        return Prerequisites(replace(self.parsed, documents=made), self.namespace)

    @property
    def _own(self) -> dict[tuple[str, str], bool]:
        return definitions.kinds(self.documents)


def read_prerequisites(sources: Sequence[Path], root: Path) -> Prerequisites:
    """What files and folders say that a release presupposes.

    Args:
        sources: the files and folders; none for nothing.
        root: the folder that paths are told from.
    """
    if not sources:
        return Prerequisites(Parsed())
    parsed = read_objects(sources, root).parsed
    namespace = own_namespace(parsed.documents)
    found = parsed.documents
    if namespace:
        found = without_namespace(found, namespace)
    ordered = sorted(found, key=_place)
    return Prerequisites(replace(parsed, documents=ordered), namespace)


def _place(document: Document) -> int:
    for number, kinds in enumerate(ORDER):
        if document.kind in kinds:
            return number
    return len(ORDER) + (document.kind in IN_FRONT)


def _images(document: Document) -> Iterator[tuple[str, int]]:
    place = POD_OF.get(document.kind)
    for key in ("initContainers", "containers") if place is not None else ():
        for where, container in document.tables(*(place or ()), key):
            if isinstance(container.get("image"), str) and container["image"]:
                yield container["image"], document.line(*where, "image")


def _prepare(
    document: Document,
    namespace: str,
    labels: Mapping[str, str],
    loaded: Mapping[str, str],
    accounts: set[str],
) -> Document:
    value = deepcopy(document.value)
    _label(value, labels)
    for container in containers(document.kind, value):
        if container.get("image") in loaded:
            container["image"] = loaded[container["image"]]
            # The node has it, and no registry does.
            if container.get("imagePullPolicy", "Always") == "Always":
                container["imagePullPolicy"] = "IfNotPresent"
    spec = value.get("spec")
    for part in _makers(spec) if isinstance(spec, dict) else ():
        _label(part, labels)
    for subject in value.get("subjects") or []:
        ours = isinstance(subject, dict) and subject.get("name") in accounts
        if ours and subject.get("kind") == "ServiceAccount":
            subject["namespace"] = namespace
    return replace(document, value=value)


def _makers(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What other objects are made of: pods, and the claims of a StatefulSet's."""
    if isinstance(spec.get("template"), dict):
        yield spec["template"]
    for claim in spec.get("volumeClaimTemplates") or []:
        if isinstance(claim, dict):
            yield claim


def _label(value: dict[str, Any], labels: Mapping[str, str]) -> None:
    metadata = value.setdefault("metadata", {})
    if isinstance(metadata, dict):
        metadata["labels"] = {**(metadata.get("labels") or {}), **labels}
