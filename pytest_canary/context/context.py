"""What there is once the cluster is up: the release, the database, the app; all of it, or none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_canary.api.client import Api
from pytest_canary.config.plan import Plan
from pytest_canary.context.address import Address, find_address
from pytest_canary.context.app_access import AppAccess
from pytest_canary.context.comparing import Comparing
from pytest_canary.context.journal import Journal
from pytest_canary.context.outcomes import CanaryOutcome, MigrationOutcome, RollbackOutcome
from pytest_canary.context.platform import PlatformWatch, look
from pytest_canary.core.errors import ClusterError, ReleaseError
from pytest_canary.core.waiting import Waiter
from pytest_canary.database.database import Database
from pytest_canary.k8s.objects import Object, images
from pytest_canary.k8s.observer import Observer
from pytest_canary.manifests.references import pull_secrets
from pytest_canary.release.migration import left_behind
from pytest_canary.release.migration_trials import END
from pytest_canary.release.release import Release
from pytest_canary.release.transitions import Transitions
from pytest_canary.rendering.version import Version

if TYPE_CHECKING:
    from pytest_canary.cluster.container_engine import ContainerEngine
    from pytest_canary.cluster.kind import Cluster
    from pytest_canary.cluster.provisioned import Provisioned
    from pytest_canary.config.settings import Settings
    from pytest_canary.context.builders import Builders
    from pytest_canary.core.findings import Finding
    from pytest_canary.diagnosis.disturbances import Platform
    from pytest_canary.k8s.namespace_api import NamespaceApi


@dataclass
class Context:
    """The cluster, and everything in it that the stages work with.

    Attributes:
        plan: what is rehearsed.
        journal: what happened.
        waiter: waits.
        engine: the container engine.
        provisioned: the cluster and the images.
        observer: the watches on the run's namespace.
        release: the two Deployments, and what is done with them.
        transitions: what moves the candidate on: the harness itself, or the project's pipelines.
        database: the database in the cluster.
        app: how the app is asked.
        builders: make what is made later.
        platform: remembers what the release stands on.
        comparing: who asks the two versions, and watches them, where they are compared.
    """

    plan: Plan
    journal: Journal
    waiter: Waiter
    engine: ContainerEngine
    provisioned: Provisioned
    observer: Observer
    release: Release
    transitions: Transitions
    database: Database
    app: AppAccess
    builders: Builders
    platform: PlatformWatch = field(default_factory=PlatformWatch)
    comparing: Comparing = field(default_factory=Comparing)

    @property
    def settings(self) -> Settings:
        """The plan's."""
        return self.plan.settings

    @property
    def namespace(self) -> NamespaceApi:
        """The run's namespace."""
        return self.provisioned.namespace

    @property
    def cluster(self) -> Cluster:
        """The kind cluster.

        Raises:
            ClusterError: the walk is in a cluster that it did not make.
        """
        if self.provisioned.cluster is None:
            raise ClusterError("the walk is in a cluster that it did not make")
        return self.provisioned.cluster

    @property
    def candidate(self) -> Version:
        """The version under test."""
        return self.provisioned.candidate

    @property
    def baseline(self) -> Version:
        """The version that is live.

        Raises:
            ReleaseError: none is, in a first release.
        """
        if self.provisioned.baseline is None:
            raise ReleaseError("a first release has no baseline")
        return self.provisioned.baseline

    def deployed_title(self, track: str) -> str:
        """Which version a track's Deployment names: "candidate" or "baseline".

        Raises:
            ReleaseError: there is no such Deployment, or it names neither.
        """
        name = self.release.name(track)
        found = self.namespace.deployment(name)
        if found is None:
            raise ReleaseError(f"there is no Deployment {name}; see `kubectl get deployments`")
        named = images(found["spec"]["template"])
        titles = {"candidate": self.provisioned.candidate, "baseline": self.provisioned.baseline}
        for title, version in titles.items():
            if version and version.image in named:
                return title
        raise ReleaseError(
            f"{name} runs {', '.join(named)}, neither the candidate nor the baseline; "
            "see what else changes the Deployment"
        )

    @property
    def api(self) -> Api:
        """The app's API through the Service."""
        return self.app.api

    def open_app(self) -> None:
        """Find the Service's address, wait until something answers there, start the traffic."""
        self.app.open(self.address(), self.waiter)

    def enter_phase(self, stage: str, transition: str) -> None:
        """Let what is sent know where the walk stands."""
        self.app.enter_phase(stage, transition)
        self.comparing.enter_phase(stage, transition)

    def learn_version(self, title: str, track: str) -> None:
        """Write down what a version calls itself, where a header tells.

        Raises:
            ApiError: its answer does not have the header that the settings name, or that the
                version before had.
        """
        if not self.journal.tells_versions:
            return
        api = self.pod_api(track)
        assumed = self.settings.api.version_header_assumed and not self.journal.versions
        self.journal.keep_version(title, api.version_told() if assumed else api.version())

    def pod_api(self, track: str) -> Api:
        """The API of one ready pod of a track, past the Service."""
        pod = self.release.ready_pod(track)["metadata"]["name"]
        return self.api.at(*self.namespace.proxy(pod, self.container_port(pod)), f"pod {pod}")

    def container_port(self, pod: str) -> int:
        """The port of a pod that the Service sends connections on to, once it does."""
        return self.release.container_port(pod)

    def registry_secrets(self) -> set[str]:
        """The imagePullSecrets that the versions' pods name."""
        up = self.provisioned
        versions = [each for each in (up.candidate, up.baseline) if each]
        jobs = {name for v in versions if v.job for name in pull_secrets(v.job.read_text())}
        return jobs.union(*(each.renderer.pull_secrets() for each in versions))

    def address(self) -> Address:
        """The way to the Service, as a client outside the cluster has it.

        Raises:
            ReleaseError: there is no such Service, or none that can be reached.
        """
        if not self.provisioned.cluster:
            timeout = self.settings.deadlines.rollout
            return find_address(self.namespace, self._service, self.waiter, timeout)
        return Address(f"http://127.0.0.1:{self.cluster.host_port(self.engine, self.node_port())}")

    def node_port(self) -> int:
        """The port on the nodes that leads to the Service.

        Raises:
            ReleaseError: there is no such Service, or it has none.
        """
        service = self._service()
        port = service["spec"]["ports"][0]
        if "nodePort" not in port:
            raise ReleaseError(
                f"Service {self.settings.service_name} is of type {service['spec']['type']}, which "
                "can't be reached from outside; make it a LoadBalancer"
            )
        return int(port["nodePort"])

    def _service(self) -> Object:
        name = self.settings.service_name
        for service in self.namespace.objects("Service"):
            if service["metadata"]["name"] == name:
                return service
        raise ReleaseError(
            f"{self.settings.files.service.name} made no Service {name}; "
            "set name so that the Service is NAME-lb"
        )

    def look_at_platform(self) -> None:
        """Remember what the release stands on, as it is before the first one is there."""
        self.platform.begin(self._look())

    def disturbances(self) -> list[Finding]:
        """What has happened to what the release stands on, and is none of its doing."""
        return self.platform.disturbances(self._look)

    def _look(self) -> Platform:
        return look(self.provisioned, self.engine, self.observer)

    def remains(self) -> RollbackOutcome:
        """What rolling back has not undone in the database, as it was before anything else did.

        Raises:
            DatabaseError: the database does not answer.
        """
        known = self.journal.find(RollbackOutcome)
        if known is None:
            now = self.database.schema()
            noted = self.database.history(now)
            known = RollbackOutcome(left_behind(self.journal.migrations, now, noted))
            self.journal.keep(known)
        return known

    def stop(self) -> None:
        """End what runs in the background: what asks the app before what watches it."""
        self.transitions.stop()
        self.comparing.stop()
        self.app.stop()
        self.stop_trials()
        self.observer.stop()

    def stop_trials(self) -> None:
        """End what is still tried of the migration; its pods and databases are gone then."""
        canary, migration = self.journal.find(CanaryOutcome), self.journal.find(MigrationOutcome)
        with self.waiter.measure("step", "end what is tried of the migration"):
            if canary and canary.trials:
                canary.trials.stop()
            elif migration and migration.refused:
                migration.refused.stop(END)
