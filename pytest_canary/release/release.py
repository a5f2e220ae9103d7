"""The release's transitions: three pipelines, line for line, on the run's own namespace."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_canary.config.settings import Settings
from pytest_canary.config.track_deployments import track_deployments
from pytest_canary.core.processes import Processes
from pytest_canary.core.secret_variables import secrets_of
from pytest_canary.core.waiting import Waiter
from pytest_canary.k8s.exec import Exec
from pytest_canary.k8s.namespace_api import NamespaceApi
from pytest_canary.k8s.objects import pods_of
from pytest_canary.k8s.observer import Observer
from pytest_canary.manifests.jobs import same_job
from pytest_canary.manifests.version import CANARY, STABLE, apply_environment
from pytest_canary.release.chart_moves import ChartMoves
from pytest_canary.release.claims import Claims
from pytest_canary.release.cluster_wide import ClusterWide
from pytest_canary.release.commands import Commands
from pytest_canary.release.diagnoser import Diagnoser
from pytest_canary.release.diagnostics import Diagnostics, collect
from pytest_canary.release.hook_watch import HookWatch
from pytest_canary.release.migrator import Migrator
from pytest_canary.release.moves import Moves
from pytest_canary.release.pod_commands import PodCommands
from pytest_canary.release.printed_secrets import PrintedSecrets
from pytest_canary.release.removal import Removal
from pytest_canary.release.rollouts import Rollouts
from pytest_canary.release.service import Service
from pytest_canary.release.surroundings import Surroundings
from pytest_canary.release.trial import Trial, try_out
from pytest_canary.rendering.version import Version


class Release:
    """Moves versions of one app through canary and stable.

    The plugin's own: `namespace`, `observer`, `waiter`, `processes`, `printed`, `diagnoser`,
    `pods`, `service`, `hooks`, `commands`, `migrator`, `surroundings`, `rollouts`, `try_out`,
    `canary`, `update`, `take_back`, `promote`, `apply_service`, `deploy`.

    Args:
        namespace: where the app lives.
        observer: watches that namespace.
        settings: names, replicas, commands and deadlines.
        parameters: the variables that templates and `apply.sh` see beside the environment's own.
        kubectl: the kubectl program.
        home: the folder that its commands have for their home.
        waiter: waits.
        images: the full names of the images that the nodes hold; None where nobody knows.
        processes: run the commands; their redactor learns the parameters that are secret.
        claims: make known what is applied, where the namespace is not the run's own.
        versions: the images of the app's versions, by which it is known among its sidecars.
        cluster_wide: applies what belongs to the whole cluster; None where nobody may.
    """

    def __init__(
        self,
        namespace: NamespaceApi,
        observer: Observer,
        settings: Settings,
        parameters: Mapping[str, str],
        kubectl: Path,
        home: Path,
        waiter: Waiter,
        images: Callable[[], Iterable[str]] | None = None,
        processes: Processes | None = None,
        claims: Claims | None = None,
        versions: Collection[str] = (),
        cluster_wide: ClusterWide | None = None,
    ) -> None:
        self.namespace = namespace
        self.observer = observer
        self.settings = settings
        self.waiter = waiter
        self.kubectl_path = kubectl
        self.home = home
        self.parameters = parameters
        self.processes = processes or Processes()
        given = {**settings.environment, **parameters}
        self.processes.redactor.add(*secrets_of(given))
        self._versions = set(versions)
        self.printed = PrintedSecrets(given, self._versions)
        redact = self.processes.redactor.redact
        self.diagnoser = Diagnoser(namespace, observer, images, redact)
        self.pods = PodCommands(
            namespace,
            observer,
            waiter,
            settings.deadlines.command,
            self._versions,
            self.diagnoser.findings_of_pod,
            self.diagnoser.find_refused_pod,
            self.printed,
        )
        self.service = Service(settings.service_name, self.diagnoser.findings, observer, waiter)
        self._removal = Removal(namespace, observer, waiter, settings.deadlines.rollout)
        environment = apply_environment(
            settings.environment,
            parameters,
            settings.deadlines.rollout,
            str(namespace.kubeconfig),
            str(home),
            kubectl,
        )
        hook = settings.migration.hook or ""
        self.hooks = HookWatch(self.pods, lambda name: bool(hook) and same_job(name, hook))
        self.commands = Commands(
            kubectl, environment, namespace.name, self.processes, claims, self.printed, self.hooks
        )
        announce: Callable[[str], None] = claims.announce if claims else lambda _: None
        deadline = settings.deadlines.rollout
        self._tracks = track_deployments(settings)
        self.migrator = Migrator(
            self.pods,
            self._tracks,
            settings.migration,
            settings.commands,
            deadline,
            environment,
            announce,
            self.hooks,
        )
        self.surroundings = Surroundings(
            namespace,
            observer,
            self.diagnoser,
            waiter,
            self._tracks,
            deadline,
            self.commands,
            cluster_wide,
            announce,
        )
        self.rollouts = Rollouts(
            namespace,
            observer,
            self.diagnoser,
            self.commands,
            self.processes,
            waiter,
            self._tracks,
            settings.service_name,
            deadline,
        )
        charts = ChartMoves(namespace, self.commands, self._versions)
        self._moves = Moves(namespace, charts, self._tracks)

    def name(self, track: str) -> str:
        """The name of the track's Deployment."""
        return self.settings.deployment_name(track)

    def try_out(self, version: Version) -> Trial:
        """`kubectl apply --dry-run=server` of all that is applied for a version; see `try_out`."""
        return try_out(self.namespace, self._tracks, version, self.commands.environment)

    # The canary pipeline.

    def canary(self, version: Version) -> None:
        """Put the version beside stable, as one canary."""
        replicas = self.settings.replicas
        self._moves.remember(version)
        self.apply_service(version)
        self.deploy(CANARY, replicas.canary, version)
        if self.exists(STABLE):
            self.scale(STABLE, replicas.stable_during_canary)

    # Without a canary.

    def update(self, version: Version) -> None:
        """Let the version take the place of the one that is live."""
        self._moves.remember(version)
        self.apply_service(version)
        self.deploy(STABLE, self.settings.replicas.stable, version)

    def take_back(self, version: Version) -> None:
        """Let the version that was live before an update be live again.

        With a chart that is `helm rollback`; else it is applied as it was.
        """
        if not self._moves.roll_back():
            self.apply_service(version)
            self.deploy(STABLE, self.settings.replicas.stable, version)
        self.rollouts.wait_until_settled(STABLE, self.settings.replicas.stable, version)

    # The stable pipeline.

    def promote(self, version: Version, last: Callable[[], None] = lambda: None) -> None:
        """Make the version stable, and delete the canary.

        Args:
            version: the one to promote.
            last: called before the canary is deleted.
        """
        self.apply_service(version)
        self.deploy(STABLE, self.settings.replicas.stable, version)
        last()
        if self.exists(CANARY):
            self.delete(CANARY)

    # The rollback pipeline.

    def roll_back(self, diagnostics: Diagnostics | None = None) -> Diagnostics:
        """Collect what helps to find out why, scale stable up again and delete the canary.

        Args:
            diagnostics: what was collected already, at the moment of a failure.
        """
        diagnostics = diagnostics or self.diagnostics()
        if self._moves.roll_back():
            return diagnostics
        if self.exists(STABLE):
            self.scale(STABLE, self.settings.replicas.stable)
        if self.exists(CANARY):
            self.delete(CANARY)
        return diagnostics

    # Their single lines.

    def apply_service(self, version: Version) -> None:
        """`kubectl apply -f manifests/service.yml`, after the CRDs that come with the version."""
        self.surroundings.establish(version)
        self.commands.apply_service(version)
        self.wait_for_service()

    def wait_for_service(self) -> None:
        """Return when the watches know the Services as they are.

        Raises:
            WaitTimeoutError: they don't; with what they know.
        """
        self.service.wait_until_watched(
            lambda: self.namespace.objects("Service"), self.settings.deadlines.rollout
        )

    def deploy(self, track: str, replicas: int, version: Version) -> None:
        """`apply.sh MANIFEST DEPLOYMENT REPLICAS IMAGE`, and wait until it has come to rest.

        Raises:
            FoundError: it does not come to rest, and why is known.
            ReleaseError: the script fails; with its output.
            WaitTimeoutError: the Deployment's pods don't become ready.
        """
        self.rollouts.deploy(track, replicas, version, self._moves.note_version(track, version))

    def know(self, image: str) -> None:
        """Take a container that runs this image for the app's."""
        self._versions.add(image)

    def scale(self, track: str, replicas: int) -> None:
        """`kubectl scale --replicas=N deployment/NAME`, or Helm's way to it."""
        self._moves.scale(track, replicas)

    def delete(self, track: str) -> None:
        """`kubectl delete deployment/NAME`, or Helm's way to it."""
        self._moves.delete(track)

    def exists(self, track: str) -> bool:
        """`kubectl get deployment NAME`."""
        return self.namespace.deployment(self.name(track)) is not None

    def kubectl(self, *words: str | Path) -> str:
        """Run kubectl on the run's namespace and return its output."""
        return self.commands.kubectl(*words)

    # What one would look at by hand.

    def check_service(self, track: str) -> None:
        """Return unless the Service can't ever send connections to a track's ready pods.

        Raises:
            FoundError: it can't: its selector misses them, or its port is not theirs.
        """
        self.service.check(self.name(track))

    def container_port(self, pod: str) -> int:
        """The port of a pod that the Service sends connections to, once it does.

        Raises:
            FoundError: it never will, and why is known.
            ReleaseError: the pod went meanwhile.
            WaitTimeoutError: it does not; with what was seen last.
        """
        return self.service.wait_for_port(
            pod, [self.name(CANARY), self.name(STABLE)], self.settings.deadlines.rollout
        )

    def wait_until_gone(self, track: str) -> None:
        """Return when the Deployment and its pods are gone.

        Raises:
            WaitTimeoutError: they don't go; with what is left.
        """
        self._removal.wait_until_gone(self.name(track))

    def wait_until_deleted(self, track: str) -> None:
        """Return when the Deployment is gone, and each of its pods has been told to end.

        Raises:
            WaitTimeoutError: they aren't; with what is left.
        """
        self._removal.wait_until_deleted(self.name(track))

    def wait_until_ended(self) -> None:
        """Return when every pod of either track that has been told to end has ended.

        Raises:
            WaitTimeoutError: one hasn't; with those that still run.
        """
        self._removal.wait_until_ended(self.name(track) for track in (CANARY, STABLE))

    def ready_pod(self, track: str) -> Mapping[str, Any]:
        """A pod of the track that is ready and not on its way out; it is waited for a little.

        Raises:
            ReleaseError: there is none.
        """
        return self.pods.ready_pod(self.name(track))

    def exec(self, track: str, command: Sequence[str]) -> Exec:
        """`kubectl exec POD -- COMMAND` in a track's pod; the exit code is the caller's matter.

        Raises:
            FoundError: it came to no end of its own.
        """
        return self.pods.run(self.name(track), command)

    def diagnostics(self) -> Diagnostics:
        """What the rollback pipeline collects; a part that fails says why."""
        pods = self.observer.last_snapshot().pods.values()
        tracks = [*pods_of(pods, self.name(CANARY)), *pods_of(pods, self.name(STABLE))]
        return collect(self.namespace, self.kubectl, tracks, self.printed.of_log)
