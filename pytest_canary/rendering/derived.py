"""Objects that a tool has made, as the two tracks of a walk: derived from their one Deployment."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pytest_canary.config.migration_settings import MigrationSettings, known_jobs
from pytest_canary.manifests.definitions import KIND
from pytest_canary.manifests.documents import Document, Source
from pytest_canary.manifests.parsing import Parsed
from pytest_canary.manifests.rendered import Given, Rendered
from pytest_canary.manifests.templates import Script
from pytest_canary.rendering.object_set import ObjectSet, app_image, containers, same_app
from pytest_canary.rendering.renderer import Command
from pytest_canary.rendering.tracks import beside, own_namespace, track_of, without_namespace


@dataclass(frozen=True)
class Derived:
    """A renderer of plain objects, of which `kubectl apply` takes what is made for a track.

    Attributes:
        objects: as they stand in the project.
        name: the app's.
        service: the Service's name.
        container: the one that runs the app's image, by the settings; empty where they don't say.
        own_cluster: whether the walk has a cluster of its own: images are loaded into it, and the
            Service has to be reached from outside.
        migration: what migrates.
    """

    objects: ObjectSet
    name: str
    service: str
    container: str
    own_cluster: bool
    migration: MigrationSettings = field(default_factory=MigrationSettings)

    knows_both = False
    deletes = False

    def render(self, given: Given) -> Rendered:
        """The Deployment for one track; none where it is not known which is released."""
        if self._deployment is None:
            return Rendered(Parsed())
        made = track_of(
            self._deployment,
            given.deployment,
            given.replicas,
            given.image,
            app=self._app,
            loaded=self.own_cluster,
        )
        return Rendered(Parsed([made], [made.value]))

    def shared_objects(self, image: str, /) -> Parsed:
        """Everything but the Deployment under release, CRDs, and Jobs that may migrate."""
        made = [
            beside(
                each,
                image,
                app=self._app,
                loaded=self.own_cluster,
                node_port=self._is_closed(each),
            )
            for each in self._documents
            if each is not self._deployment and each.kind != KIND and not self._may_migrate(each)
        ]
        parsed = self.objects.parsed
        return Parsed(made, [each.value for each in made], parsed.faults, parsed.broken)

    def definitions(self) -> list[Document]:
        """The CRDs, which belong to the whole cluster."""
        return [each for each in self._documents if each.kind == KIND]

    def jobs(self, given: Given) -> list[Document]:
        """The Jobs that are run by themselves, each as it is for a version."""
        return [
            beside(each, given.image, app=self._app, loaded=self.own_cluster)
            for each in self._migrating
        ]

    def apply(self, given: Given, _other: Given | None = None, /) -> Command:
        """`kubectl apply -f -`."""
        return _apply(self.render(given).parsed.documents)

    def apply_shared(self, image: str, /) -> Command:
        """`kubectl apply -f -`."""
        return _apply(self.shared_objects(image).documents)

    def script(self) -> Script:
        """`kubectl apply`, which fills nothing in."""
        return Script("kubectl apply", "")

    def deployment_source(self) -> Source:
        """The file that has the Deployment under release."""
        return self._deployment.source if self._deployment else self.objects.source

    def service_source(self) -> Source:
        """The file that has the Service."""
        found = (each for each in self._documents if self._is_service(each))
        return next((each.source for each in found), self.objects.source)

    def text(self) -> str:
        """All that the project has, but for its Secrets."""
        return _json([each for each in self.objects.parsed.documents if each.kind != "Secret"])

    def fingerprint(self) -> bytes:
        """All that the project has, but for the image."""
        none = Given("", 0, "", {})
        return _json(
            [
                self.definitions(),
                self.shared_objects("").documents,
                self.render(none),
                self.jobs(none),
            ]
        ).encode()

    def pull_secrets(self) -> set[str]:
        """Those that the Deployment's pods name, and those of the Job that migrates."""
        place = ("spec", "template", "spec", "imagePullSecrets")
        makers = [*([self._deployment] if self._deployment else []), *self._migrating]
        entries = (entry.get("name") for each in makers for _, entry in each.tables(*place))
        return {each for each in entries if isinstance(each, str)}

    def notes(self) -> list[str]:
        """What is applied otherwise than it stands in the project, a sentence each."""
        made = []
        if self._namespace:
            made.append(f"namespace {self._namespace} is left out for the rehearsal's own")
        for each in self._documents:
            if any(each is job for job in self._migrating):
                made.append(f"Job {_name_of(each)} is run by itself, to migrate")
            elif self._may_migrate(each):
                made.append(f"Job {_name_of(each)} is left {self._why_left}")
            elif self._is_closed(each):
                made.append(f"Service {each.name} is a NodePort, to be reached from outside")
        return made

    @cached_property
    def _namespace(self) -> str:
        return own_namespace(self.objects.parsed.documents)

    @cached_property
    def _documents(self) -> list[Document]:
        documents = self.objects.parsed.documents
        return without_namespace(documents, self._namespace) if self._namespace else documents

    @cached_property
    def _deployment(self) -> Document | None:
        parsed = Parsed(self._documents)
        return ObjectSet(parsed, self.objects.source).deployment(self.name)

    @cached_property
    def _app(self) -> str:
        if self._deployment is None:
            return ""
        return app_image(self._deployment, self.container, self.name)

    def _is_service(self, document: Document) -> bool:
        return document.kind == "Service" and document.name == self.service

    def _is_closed(self, document: Document) -> bool:
        """Whether it is the Service, and nobody outside reaches it."""
        kind = document.at("spec", "type") or "ClusterIP"
        headless = document.at("spec", "clusterIP") == "None"
        return (
            self.own_cluster and self._is_service(document) and kind == "ClusterIP" and not headless
        )

    @cached_property
    def _migrating(self) -> list[Document]:
        """The Jobs of which one is to migrate: by what they are called, or else of the app."""
        if not self.migration.among_manifests:
            return []
        known = known_jobs(self._documents)
        return known or [each for each in self._documents if self._is_of_app(each)]

    def _may_migrate(self, document: Document) -> bool:
        """Whether it is a Job of the app's image, or one that migrates: it is not applied."""
        return self._is_of_app(document) or any(document is each for each in self._migrating)

    def _is_of_app(self, document: Document) -> bool:
        inside = containers(document.kind, document.value)
        return document.kind == "Job" and any(
            same_app(each.get("image"), self._app) for each in inside
        )

    @property
    def _why_left(self) -> str:
        """To whom what such a Job does is left, as the end of a sentence."""
        migration = self.migration
        if migration.way == "exec":
            return "to commands.migrate"
        return f"to {migration.job}" if migration.job else f'out: migration.by = "{migration.way}"'


def _name_of(document: Document) -> str:
    """What an object is called, or what its names begin with."""
    return document.name or f"{document.at('metadata', 'generateName') or ''}…"


def _apply(documents: Iterable[Document]) -> Command:
    """`kubectl apply` of objects, which are on no disk."""
    items = [each.value for each in documents]
    listed = {"apiVersion": "v1", "kind": "List", "items": items}
    return Command(("apply", "-f", "-"), stdin=json.dumps(listed).encode())


def _json(found: Any) -> str:
    return json.dumps(found, default=_value)


def _value(found: Any) -> Any:
    if isinstance(found, Rendered):
        return found.parsed.documents
    return found.value if isinstance(found, Document) else str(found)
