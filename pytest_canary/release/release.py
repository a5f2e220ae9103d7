"""The release's transitions: the book's pipelines, line for line, on the run's own namespace."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_canary.config.settings import Settings
from pytest_canary.core.errors import ClusterError, CommandError, FoundError, ReleaseError
from pytest_canary.core.masking import Redactor, secrets_of
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.diagnosis import Expected
from pytest_canary.k8s.namespace import Exec, Namespace
from pytest_canary.k8s.observer import Observer
from pytest_canary.k8s.rollout import containers, gone, is_ready, pods_of
from pytest_canary.manifests.references import fixed_namespace
from pytest_canary.release import pod_commands
from pytest_canary.release.triage import Triage
from pytest_canary.release.vigil import Vigil

CANARY, STABLE = "canary", "stable"

# Lines of each log that are kept for a look.
LOG_LINES = 1000


@dataclass(frozen=True)
class Version:
    """One version of the app: its image, and the files that put it on the cluster.

    Attributes:
        title: what it is called in front of a person: "candidate", "baseline".
        image: the name that the nodes know its image by.
        deployment: the template of both Deployments.
        service: the Service's manifest.
        apply: the command that applies the template.
    """

    title: str
    image: str
    deployment: Path
    service: Path
    apply: Path


@dataclass(frozen=True)
class Diagnostics:
    """What the book's rollback pipeline prints before it undoes anything, and previous logs.

    Attributes:
        objects, events, describe: what kubectl says.
        logs: of the canary's and stable's containers: file name to text, "POD.CONTAINER.log",
            and with ".previous" in it where the container was restarted.
    """

    objects: str
    events: str
    describe: str
    logs: Mapping[str, str]


class Release:
    """Moves versions of one app through canary and stable.

    Args:
        namespace: where the app lives.
        observer: watches that namespace.
        settings: names, replicas, commands and deadlines.
        parameters: the variables that templates and `apply.sh` see beside the environment's own;
            their values are masked in every output where the name has PASSWORD in it.
        kubectl: the kubectl program.
        waiter: waits.
        images: the full names of the images that the nodes hold; None where nobody knows.
        processes: run the commands; their redactor learns the parameters that are secret.
    """

    def __init__(
        self,
        namespace: Namespace,
        observer: Observer,
        settings: Settings,
        parameters: Mapping[str, str],
        kubectl: Path,
        waiter: Waiter,
        images: Callable[[], Iterable[str]] | None = None,
        processes: Processes | None = None,
    ) -> None:
        self.namespace = namespace
        self.observer = observer
        self.settings = settings
        self.waiter = waiter
        self.kubectl_path = kubectl
        self.parameters = parameters
        self.secrets = secrets_of({**settings.environment, **parameters})
        self.processes = processes or Processes()
        self.processes.redactor.add(*self.secrets)
        self.triage = Triage(namespace, observer, self.secrets, images)
        self.environment = {
            # What the bundled apply.sh waits; so the setting holds for the script too.
            "ROLLOUT_TIMEOUT": f"{settings.deadlines.rollout:g}s",
            **os.environ,
            **settings.environment,
            **parameters,
            "KUBECONFIG": str(namespace.kubeconfig),
            # A kubectl from elsewhere must be the one that apply.sh finds.
            "PATH": f"{kubectl.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        }

    def name(self, track: str) -> str:
        """The name of the track's Deployment."""
        return self.settings.deployment_name(track)

    # The canary pipeline, section 4.7.1.

    def canary(self, version: Version) -> None:
        """Put the version beside stable, as one canary."""
        replicas = self.settings.replicas
        self.apply_service(version)
        self.deploy(CANARY, replicas.canary, version)
        if self.exists(STABLE):
            self.scale(STABLE, replicas.stable_during_canary)

    def ping(self) -> Exec:
        """Run the ping command in a canary pod."""
        return self.exec(CANARY, self.settings.commands.ping)

    def migrate(self) -> Exec:
        """Run the migrate command in a canary pod."""
        return self.exec(CANARY, self.settings.commands.migrate)

    # The stable pipeline, section 4.8.1.

    def promote(self, version: Version) -> None:
        """Make the version stable, and delete the canary."""
        self.apply_service(version)
        self.deploy(STABLE, self.settings.replicas.stable, version)
        if self.exists(CANARY):
            self.delete(CANARY)

    # The rollback pipeline, section 4.8.4.

    def roll_back(self, diagnostics: Diagnostics | None = None) -> Diagnostics:
        """Collect what helps to find out why, scale stable up again and delete the canary.

        Args:
            diagnostics: what was collected already, at the moment of a failure.
        """
        diagnostics = diagnostics or self.diagnostics()
        if self.exists(STABLE):
            self.scale(STABLE, self.settings.replicas.stable)
        if self.exists(CANARY):
            self.delete(CANARY)
        return diagnostics

    # Their single lines.

    def apply_service(self, version: Version) -> None:
        """`kubectl apply -f manifests/service.yml`."""
        # The namespace said aloud: kubectl then refuses a manifest that names another.
        self.kubectl("apply", "-f", version.service, f"--namespace={self.namespace.name}")

    def deploy(self, track: str, replicas: int, version: Version) -> None:
        """`apply.sh MANIFEST DEPLOYMENT REPLICAS IMAGE`, and wait until it has come to rest.

        What can't come right any more ends the wait, and the script's own, at once.

        Raises:
            FoundError: it does not come to rest, and why is known.
            ReleaseError: the script fails; with its output.
            WaitTimeoutError: the Deployment's pods don't become ready.
        """
        elsewhere = fixed_namespace(version.deployment.read_text(encoding="utf-8"))
        if elsewhere not in (None, self.namespace.name):
            raise ReleaseError(
                f"{version.deployment.name} names namespace {elsewhere}, where nothing is "
                "rehearsed; leave metadata.namespace out, and let kubectl's context say it"
            )
        watch = self._vigil(track, replicas, version, applies=True)
        script = self.processes.part()
        with ThreadPoolExecutor(1, thread_name_prefix="apply") as pool:
            applied = pool.submit(self._apply, script, track, replicas, version)
            applied.add_done_callback(lambda _: self.observer.wake())

            def look() -> Seen[None]:
                if applied.done():
                    applied.result()
                    return Seen("applied", True, None)
                return Seen(watch.look(), False, None)

            try:
                self.waiter.until(
                    f"{version.apply.name} to end",
                    look,
                    # Longer than the script's own deadline, so that it can speak.
                    timeout=self.settings.deadlines.rollout + 60,
                    change=self.observer.change,
                )
            except CommandError as error:
                raise watch.given_up(
                    ReleaseError(
                        f"{self.name(track)} can't be deployed: {error.sentence}; "
                        f"last seen: {watch.seen()}",
                        error.evidence,
                    )
                ) from error
            finally:
                # After a finding nobody waits for the script any more.
                script.kill_all()
        watch.until_settled()

    def _apply(self, script: Processes, track: str, replicas: int, version: Version) -> None:
        words = [self.name(track), str(replicas), version.image]
        script.run(
            [version.apply, version.deployment, *words],
            # Longer than a script's own wait, which is 120 s in the book, so that it can speak.
            timeout=self.settings.deadlines.rollout + 30,
            env=self.environment,
            cwd=version.apply.parent,
            heard=lambda line: self.waiter.listener(f"{version.apply.name}", line),
        )

    def _vigil(
        self, track: str, replicas: int, version: Version, *, applies: bool = False
    ) -> Vigil:
        expected = Expected(
            deployment=self.name(track),
            replicas=replicas,
            image=version.image,
            service=self.settings.service_name,
            title=version.title,
        )
        deadline = self.settings.deadlines.rollout
        return Vigil(expected, self.triage, self.observer, self.waiter, deadline, applies=applies)

    def scale(self, track: str, replicas: int) -> None:
        """`kubectl scale --replicas=N deployment/NAME`."""
        self.namespace.scale(self.name(track), replicas)

    def delete(self, track: str) -> None:
        """`kubectl delete deployment/NAME`."""
        self.namespace.delete_deployment(self.name(track))

    def exists(self, track: str) -> bool:
        """`kubectl get deployment NAME`."""
        return self.namespace.deployment(self.name(track)) is not None

    def kubectl(self, *words: str | Path) -> str:
        """Run kubectl on the run's namespace and return its output."""
        try:
            return self.processes.run([self.kubectl_path, *words], timeout=60, env=self.environment)
        except CommandError as error:
            raise ReleaseError(error.sentence, error.evidence) from error

    # What the book looks at by hand.

    def wait_until_settled(self, track: str, replicas: int, version: Version) -> None:
        """Return when the Deployment has exactly these replicas of this version, all ready.

        Raises:
            FoundError: it never will, or did not in time, and why is known.
            WaitTimeoutError: it did not in time; with what was seen last.
        """
        self._vigil(track, replicas, version).until_settled()

    def check_service(self, track: str) -> None:
        """Return unless the Service can't ever send connections to a track's ready pods.

        Raises:
            FoundError: it can't: its selector misses them, or its port is not theirs.
        """
        found = self.observer.snapshot().deployments.get(self.name(track))
        if found is None:
            return
        expected = Expected(
            deployment=self.name(track),
            replicas=found["spec"].get("replicas", 1),
            image=found["spec"]["template"]["spec"]["containers"][0]["image"],
            service=self.settings.service_name,
            applied=True,
        )
        doomed = [each for each in self.triage.look(expected) if each.doomed]
        if doomed:
            raise FoundError(doomed)

    def wait_until_gone(self, track: str) -> None:
        """Return when the Deployment and its pods are gone."""

        def look() -> Seen[None]:
            now = self.observer.snapshot()
            done, text = gone(now.deployments, now.pods.values(), self.name(track))
            return Seen(text, done, None)

        self.waiter.until(
            f"{self.name(track)} to be gone",
            look,
            timeout=self.settings.deadlines.rollout,
            change=self.observer.change,
        )

    def ready_pod(self, track: str) -> Mapping[str, Any]:
        """A pod of the track that is ready and not on its way out.

        Raises:
            ReleaseError: there is none.
        """
        pods = pods_of(self.observer.snapshot().pods.values(), self.name(track))
        ready = [pod for pod in pods if is_ready(pod)]
        if not ready:
            raise ReleaseError(
                f"no pod of {self.name(track)} is ready, so nothing can be asked of one; "
                f"{len(pods)} are there"
            )
        return ready[0]

    def exec(self, track: str, command: Sequence[str]) -> Exec:
        """`kubectl exec POD -- COMMAND` in a track's pod; the exit code is the caller's matter.

        Raises:
            FoundError: it came to no end of its own.
        """
        return pod_commands.run(self, track, command)

    def diagnostics(self) -> Diagnostics:
        """What the rollback pipeline collects; a part that fails says why."""
        pods = self.observer.snapshot().pods.values()
        logs = {}
        for pod in [*pods_of(pods, self.name(CANARY)), *pods_of(pods, self.name(STABLE))]:
            name = pod["metadata"]["name"]
            for container, restarts in containers(pod):
                logs[f"{name}.{container}.log"] = self._log(name, container, previous=False)
                if restarts:
                    logs[f"{name}.{container}.previous.log"] = self._log(
                        name, container, previous=True
                    )
        return Diagnostics(
            objects=self._said("get", "all", "-o", "wide"),
            events=self._said("get", "events", "--sort-by=.lastTimestamp"),
            describe=self._said("describe", "deployments,replicasets,pods,services"),
            logs=logs,
        )

    def _log(self, pod: str, container: str, *, previous: bool) -> str:
        try:
            text = self.namespace.logs(pod, container, LOG_LINES, previous=previous)
        except ClusterError as error:
            return str(error)
        return Redactor(self.secrets).redact(text)

    def _said(self, *words: str) -> str:
        try:
            return self.kubectl(*words)
        except ReleaseError as error:
            return str(error)
