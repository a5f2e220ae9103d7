"""The release's transitions: the book's pipelines, line for line, on the run's own namespace."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytest_canary import commands
from pytest_canary.errors import CommandError, ReleaseError
from pytest_canary.kube import Exec, Namespace
from pytest_canary.observer import Observer
from pytest_canary.registry import fixed_namespace
from pytest_canary.rollout import gone, is_ready, pods_of, settled
from pytest_canary.settings import Settings
from pytest_canary.waiting import Seen, Waiter

CANARY, STABLE = "canary", "stable"


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
    """What the book's rollback pipeline prints before it undoes anything."""

    objects: str
    events: str
    describe: str
    logs: str


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
    """

    def __init__(
        self,
        namespace: Namespace,
        observer: Observer,
        settings: Settings,
        parameters: Mapping[str, str],
        kubectl: Path,
        waiter: Waiter,
    ) -> None:
        self.namespace = namespace
        self.observer = observer
        self.settings = settings
        self.waiter = waiter
        self.kubectl_path = kubectl
        self.parameters = parameters
        self.secrets = [
            value
            for key, value in {**settings.environment, **parameters}.items()
            if re.search("PASSWORD|SECRET|TOKEN|KEY", key.upper())
        ]
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

    def roll_back(self) -> Diagnostics:
        """Collect what helps to find out why, scale stable up again and delete the canary."""
        diagnostics = self.diagnostics()
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

        Raises:
            ReleaseError: the script fails; with its output.
            WaitTimeoutError: the Deployment's pods don't become ready.
        """
        words = [self.name(track), str(replicas), version.image]
        deadline = self.settings.deadlines.rollout
        elsewhere = fixed_namespace(version.deployment.read_text(encoding="utf-8"))
        if elsewhere not in (None, self.namespace.name):
            raise ReleaseError(
                f"{version.deployment.name} names namespace {elsewhere}, where nothing is "
                "rehearsed; leave metadata.namespace out, and let kubectl's context say it"
            )
        try:
            commands.run(
                [version.apply, version.deployment, *words],
                # Longer than a script's own wait, which is 120 s in the book, so that it can speak.
                timeout=deadline + 30,
                env=self.environment,
                cwd=version.apply.parent,
                secrets=self.secrets,
                heard=lambda line: self.waiter.listener(f"{version.apply.name}", line),
            )
        except CommandError as error:
            _, seen = self._settled(track, replicas, version)
            raise ReleaseError(
                f"{self.name(track)} can't be deployed: {error.sentence}; last seen: {seen}",
                error.evidence,
            ) from error
        self.wait_until_settled(track, replicas, version)

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
            return commands.run(
                [self.kubectl_path, *words], timeout=60, env=self.environment, secrets=self.secrets
            )
        except CommandError as error:
            raise ReleaseError(error.sentence, error.evidence) from error

    # What the book looks at by hand.

    def wait_until_settled(self, track: str, replicas: int, version: Version) -> None:
        """Return when the Deployment has exactly these replicas of this version, all ready."""
        name = self.name(track)

        def look() -> Seen[None]:
            done, text = self._settled(track, replicas, version)
            return Seen(text, done, None)

        self.waiter.until(
            f"{replicas}/{replicas} of {name}",
            look,
            timeout=self.settings.deadlines.rollout,
            change=self.observer.change,
        )

    def _settled(self, track: str, replicas: int, version: Version) -> tuple[bool, str]:
        now = self.observer.snapshot()
        name = self.name(track)
        return settled(now.deployments, now.pods.values(), name, replicas, version.image)

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
        """`kubectl exec POD -- COMMAND` in a track's pod; the exit code is the caller's matter."""
        pod = self.ready_pod(track)
        done = self.namespace.exec(
            pod["metadata"]["name"],
            pod["spec"]["containers"][0]["name"],
            command,
            timeout=self.settings.deadlines.command,
        )
        return replace(done, output=commands.masked(done.output, self.secrets))

    def diagnostics(self) -> Diagnostics:
        """What the rollback pipeline collects about the canary; a part that fails says why."""
        canary = self.name(CANARY)
        pods = pods_of(self.observer.snapshot().pods.values(), canary)
        logs = [self._said("logs", pod["metadata"]["name"], "--tail=200") for pod in pods]
        return Diagnostics(
            objects=self._said("get", "all", "-o", "wide"),
            events=self._said("get", "events"),
            describe=self._said("describe", "deployment", canary),
            logs="\n".join(logs),
        )

    def _said(self, *words: str) -> str:
        try:
            return self.kubectl(*words)
        except ReleaseError as error:
            return str(error)
