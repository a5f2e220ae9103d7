"""What the rules look at: both Deployments and the Service as the cluster would get them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_canary.config.settings import Settings
from pytest_canary.manifests.documents import Document, Fault, Place, Source
from pytest_canary.manifests.jobs import jobs
from pytest_canary.manifests.parsing import Parsed
from pytest_canary.manifests.pods import all_containers, containers
from pytest_canary.manifests.rendered import Given, Rendered
from pytest_canary.manifests.schema import KubernetesSchema
from pytest_canary.manifests.templates import Script

if TYPE_CHECKING:
    from pytest_canary.changes.version_objects import VersionObjects

# Misfits of one object that are told: who mends them sees the others.
MOST = 100


@dataclass(frozen=True)
class Node:
    """What the cluster's one node has.

    Attributes:
        cpus: processors; None where nobody knows, as on another machine.
        memory: bytes; None likewise.
    """

    cpus: int | None
    memory: int | None


@dataclass(frozen=True)
class Workload:
    """One of the two Deployments, or the Job that migrates.

    Attributes:
        given: what it is made for.
        rendered: what is made for it.
        deployment: its Deployment, or the Job.
    """

    given: Given
    rendered: Rendered
    deployment: Document

    @property
    def labels(self) -> dict[str, Any]:
        """The labels of its pods."""
        return self.deployment.table("spec", "template", "metadata", "labels")

    @property
    def replicas(self) -> int:
        """How many it asks for."""
        found = self.deployment.at("spec", "replicas")
        return found if isinstance(found, int) else 1

    def containers(self) -> Iterator[tuple[Place, dict[str, Any]]]:
        """The containers that run as long as the pod, each with its place."""
        return containers(self.deployment)

    def all_containers(self) -> Iterator[tuple[Place, dict[str, Any]]]:
        """Those that come before the others, too."""
        return all_containers(self.deployment)

    def ports(self, place: Place) -> list[dict[str, Any]]:
        """The ports that a container names."""
        return [port for _, port in self.deployment.tables(*place, "ports")]


@dataclass(frozen=True)
class Subject:
    """Everything that the rules know.

    Attributes:
        settings: the project's.
        root: the folder that paths are told from.
        source: where the Deployment comes from: its template.
        script: what applies it.
        rendered: what is made for each track.
        workloads: the Deployments, by track; fewer where the template can't be read.
        service_file: where the Service comes from.
        applied: the objects that both have in common, which are applied as they stand.
        schema: of the cluster's version.
        database_secret: the name of the Secret that tells the app of its database.
        parameters: the keys of that Secret; none where there is no database.
        node: what a kind cluster runs on; None where the cluster is there already.
        namespace: one that is there already, with others' objects in it; empty for a new one.
        job_file: the manifest that the Job that migrates has of its own; None where it has none.
        job: that file, filled in for the candidate, or the Jobs that a tool makes and of which one
            migrates; None where there is no such, or it can't be judged.
        pipelines: what is wrong with Semaphore's pipelines, each fault with its rule's name; none
            where nobody has named one.
        live: what the baseline's manifests make; None where there is nothing to compare.
        made: what the candidate's make beside them; None likewise.
        uncompared: why the baseline's can't be compared; empty where they can.
        prerequisites: what is applied before the release.
        definitions: the CRDs among the candidate's manifests, which are applied before the others.
    """

    settings: Settings
    root: Path
    source: Source
    script: Script
    rendered: Mapping[str, Rendered]
    workloads: Mapping[str, Workload]
    service_file: Source
    applied: Parsed
    schema: KubernetesSchema
    database_secret: str
    parameters: frozenset[str]
    node: Node | None
    namespace: str = ""
    job_file: Source | None = None
    job: Rendered | None = None
    pipelines: tuple[Fault, ...] = ()
    live: VersionObjects | None = None
    made: VersionObjects | None = None
    uncompared: str = ""
    prerequisites: Parsed = field(default_factory=Parsed)
    definitions: tuple[Document, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether there is a Deployment for each track."""
        return bool(self.workloads) and len(self.workloads) == len(self.rendered)

    @property
    def scripted(self) -> bool:
        """Whether a script fills in a template; else objects are applied as a tool makes them."""
        return self.settings.files.apply is not None

    @property
    def kind_cluster(self) -> bool:
        """Whether images are loaded into a cluster of the run's own, not pulled."""
        return self.node is not None

    def documents(self) -> Iterator[Document]:
        """Every object, those of a track once for each, and what is applied before the release."""
        yield from self.prerequisites.documents
        yield from self.definitions
        yield from self.released_objects()

    def released_objects(self) -> Iterator[Document]:
        """Every object that is the release's own, those of a track once for each."""
        yield from self.applied.documents
        for rendered in self._all_rendered():
            yield from rendered.parsed.documents

    def _all_rendered(self) -> tuple[Rendered, ...]:
        return (*self.rendered.values(), *([self.job] if self.job else []))

    def pods(self) -> Iterator[Workload]:
        """Whatever makes pods: both Deployments, and the Job that migrates."""
        yield from self.workloads.values()
        for workload in self.workloads.values():
            found = jobs(workload.rendered)
            yield from (Workload(workload.given, workload.rendered, each) for each in found)
        if self.job and self.workloads:
            given = next(iter(self.workloads.values())).given
            yield from (Workload(given, self.job, each) for each in jobs(self.job))

    def faults_told(self, rule: str) -> Sequence[Fault]:
        """What was told under a rule's name as files were read; not what is unclear.

        That is of what can't be read, of what does not fit the schema, and of the pipelines.
        """
        return self._told.get(rule, ())

    @cached_property
    def _told(self) -> Mapping[str, list[Fault]]:
        found: dict[str, list[Fault]] = {}
        for fault in chain(self._unreadable(), self._misfits(), self.pipelines):
            found.setdefault(fault.rule, []).append(fault)
        return found

    def _unreadable(self) -> Iterator[Fault]:
        made = (each.parsed for each in self._all_rendered())
        for parsed in (self.prerequisites, self.applied, *made):
            yield from parsed.faults

    def _misfits(self) -> Iterator[Fault]:
        for each in self.documents():
            found = islice(self.schema.misfits(each), MOST)
            yield from (fault for fault in found if not self.unclear(fault))

    def unclear(self, fault: Fault) -> bool:
        """Whether a variable without a value stands on the fault's line of the template."""
        if self.job and self.job_file and fault.source.path == self.job_file.path:
            return fault.line in self.job.filled.lines
        return fault.source.path == self.source.path and fault.line in self._blurred

    @cached_property
    def _blurred(self) -> set[int]:
        return {line for each in self.rendered.values() for line in each.filled.lines}

    def service(self) -> Document | None:
        """The Service in front of both Deployments."""
        found = (each for each in self.released_objects() if each.kind == "Service")
        return next((each for each in found if each.name == self.settings.service_name), None)


def describe(labels: Mapping[str, Any]) -> str:
    """Labels as a person writes them: "app: shop, tier: web"."""
    return ", ".join(f"{key}: {value}" for key, value in labels.items()) or "nothing"
