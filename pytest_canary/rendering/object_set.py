"""What a tool has made: objects, each with its file, of which one Deployment is under release."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pytest_canary.k8s.image_names import repository
from pytest_canary.k8s.selectors import matches
from pytest_canary.manifests.documents import Document, Source
from pytest_canary.manifests.parsing import Parsed
from pytest_canary.manifests.pods import POD, POD_OF

# Who sets this has said which container kubectl means.
DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"


@dataclass(frozen=True)
class ObjectSet:
    """Objects as they stand in a project, before they are made for a track.

    Attributes:
        parsed: the objects, and what is wrong with the files.
        source: stands for what is in none of them.
    """

    parsed: Parsed
    source: Source

    def deployments(self) -> list[Document]:
        """Every Deployment."""
        return [each for each in self.parsed.documents if each.kind == "Deployment"]

    def deployment(self, name: str) -> Document | None:
        """The Deployment under release: that of the app's name, or the only one."""
        found = self.deployments()
        named = [each for each in found if each.name == name]
        return named[0] if named else found[0] if len(found) == 1 else None

    def service(self, deployment: Document, name: str) -> Document | None:
        """The Service in front of a Deployment.

        Of several that select its pods, the one that is called NAME-lb or as the app is, then one
        that is reached from outside.
        """
        labels = deployment.table("spec", "template", "metadata", "labels")
        found = [
            each
            for each in self.parsed.documents
            if each.kind == "Service"
            and each.table("spec", "selector")
            and matches({"matchLabels": each.table("spec", "selector")}, labels)
        ]

        def preference(service: Document) -> tuple[bool, ...]:
            kind = service.at("spec", "type")
            return (
                service.name != f"{name}-lb",
                service.name != name,
                kind != "LoadBalancer",
                kind != "NodePort",
                # A headless one sends no connections anywhere.
                service.at("spec", "clusterIP") == "None",
            )

        return min(found, key=preference, default=None)


def app_image(deployment: Document, container: str, name: str) -> str:
    """The image that the app's container stands there with; empty where it can't be told.

    Args:
        deployment: the one under release.
        container: what the settings call it; empty for the one that the pod's annotation names, the
            only one, or the one that is called as the app is.
        name: the app's.
    """
    containers = [each for _, each in deployment.tables(*POD, "containers")]
    annotations = deployment.table("spec", "template", "metadata", "annotations")
    if not container and len(containers) == 1:
        return str(containers[0].get("image") or "")
    for wanted in [container] if container else [annotations.get(DEFAULT_CONTAINER), name]:
        for found in containers:
            if wanted and found.get("name") == wanted:
                return str(found.get("image") or "")
    return ""


def same_app(image: Any, app: str) -> bool:
    """Whether an image is the app's, whatever its tag."""
    return bool(app) and isinstance(image, str) and bool(image) and same_repository(image, app)


def same_repository(one: str, other: str) -> bool:
    """Whether two images differ by tag or digest alone."""
    return one == other or repository(one) == repository(other)


def containers(kind: str, value: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """The containers of an object's pods, those that come before the others too."""
    found: Any = value
    for step in POD_OF.get(kind, ()):
        found = found.get(step) if isinstance(found, dict) else None
    for key in ("initContainers", "containers"):
        listed = found.get(key) if isinstance(found, dict) and kind in POD_OF else None
        if isinstance(listed, list):
            yield from (each for each in listed if isinstance(each, dict))
