"""kubectl and what applies a version, as a release runs them in its namespace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from pytest_canary.core.errors import CommandError, FoundError, ReleaseError
from pytest_canary.core.processes import Processes
from pytest_canary.diagnosis.api_server import lost_api_server
from pytest_canary.diagnosis.refusals import refusals
from pytest_canary.manifests.rendered import Given
from pytest_canary.release.claims import Claims
from pytest_canary.release.hook_watch import HookWatch
from pytest_canary.release.printed_secrets import PrintedSecrets
from pytest_canary.rendering.renderer import Command
from pytest_canary.rendering.version import Version


class Commands:
    """Runs them, claims what they apply, and tells what the API server has refused them.

    Args:
        kubectl: the kubectl program.
        environment: what they see.
        namespace: the name of the one that they work on.
        processes: run kubectl.
        claims: make known what is applied, where the namespace is not the run's own.
        printed: watches what scripts print.
        hooks: watches over the Jobs that Helm runs.

    Attributes:
        environment: what they see.
    """

    def __init__(
        self,
        kubectl: Path,
        environment: Mapping[str, str],
        namespace: str,
        processes: Processes,
        claims: Claims | None,
        printed: PrintedSecrets,
        hooks: HookWatch | None = None,
    ) -> None:
        self._kubectl = kubectl
        self.environment = environment
        self._namespace = namespace
        self._processes = processes
        self._claims = claims
        self._printed = printed
        self._hooks = hooks

    def kubectl(self, *words: str | Path, stdin: bytes = b"") -> str:
        """Run kubectl and return its output.

        Args:
            words: what it is told.
            stdin: what it reads.

        Raises:
            FoundError: the API server has refused it, or went away under it.
            ReleaseError: it fails; with its output.
        """
        try:
            return self._processes.run(
                [self._kubectl, *words], timeout=60, env=self.environment, stdin=[stdin]
            )
        except CommandError as error:
            self.expect_not_refused(error.output)
            self._expect_not_lost(error.output)
            raise ReleaseError(error.sentence, error.evidence) from error

    def apply_service(self, version: Version) -> None:
        """`kubectl apply -f` the Service's manifest, and whatever else both tracks have."""
        command = version.renderer.apply_shared(version.image)
        if command is None:
            return
        # The namespace said aloud: kubectl then refuses a manifest that names another.
        where = f"--namespace={self._namespace}"
        applied = self.kubectl(*command.words, where, stdin=command.stdin)
        for line in applied.splitlines():
            self._claim(line)
        self._expect_own()

    def apply(
        self,
        script: Processes,
        version: Version,
        deployment: str,
        replicas: int,
        other: Given | None = None,
        *,
        timeout: float,
        heard: Callable[[str], None],
    ) -> None:
        """`apply.sh MANIFEST DEPLOYMENT REPLICAS IMAGE`, or what applies a track without it.

        Args:
            script: runs it, so that it can be ended alone.
            version: tells what applies it, and the image.
            deployment: the Deployment's name.
            replicas: how many.
            other: the other track as it stands, for what changes both.
            timeout: seconds until it is given up.
            heard: told each line of its output.

        Raises:
            CommandError: it fails; with its output.
            FoundError: the API server has refused something, whatever the script made of it; or a
                hook of Helm's has failed.
        """
        given = Given(deployment, replicas, version.image, self.environment)
        command = version.renderer.apply(given, other)
        said: list[str] = []

        def hear(line: str) -> None:
            said.append(line)
            self._claim(line)
            heard(line)

        told = self._printed.of_script(version, [deployment, str(replicas), version.image])
        with self._watch(command, script.kill_all):
            script.run(
                self._words(command),
                timeout=timeout,
                env=self.environment,
                cwd=command.cwd,
                stdin=[command.stdin],
                heard=hear,
                disclosure=told,
            )
        # A script may go on after a refusal, and end as if nothing had been.
        self.expect_not_refused("\n".join(said))
        self._expect_own()

    def run(self, command: Command) -> str:
        """Run what changes a release, and return its output.

        Raises:
            FoundError: the API server has refused it or went away under it, or a hook of Helm's
                has failed.
            ReleaseError: it fails; with its output.
        """
        own = self._processes.part()
        try:
            with self._watch(command, own.kill_all):
                return own.run(
                    self._words(command), timeout=120, env=self.environment, stdin=[command.stdin]
                )
        except CommandError as error:
            self.expect_not_refused(error.output)
            self._expect_not_lost(error.output)
            raise ReleaseError(error.sentence, error.evidence) from error

    def _watch(self, command: Command, end: Callable[[], object]) -> AbstractContextManager[object]:
        """What watches over a command's hooks; FoundError where one fails."""
        hooks = self._hooks if command.runs_hooks else None
        return hooks.watch(end) if hooks else nullcontext()

    def _words(self, command: Command) -> list[str | Path]:
        where = [f"--namespace={self._namespace}"] if command.named else []
        return [command.program or self._kubectl, *command.words, *where]

    def _expect_not_lost(self, output: str) -> None:
        if lost := lost_api_server(output):
            raise FoundError([lost], output)

    def expect_not_refused(self, output: str) -> None:
        """Return unless the API server has refused what a command of the release asked for.

        Args:
            output: the command's.

        Raises:
            FoundError: it has.
        """
        found = refusals(output, self._namespace)
        if found:
            raise FoundError(found)

    def _claim(self, line: str) -> None:
        if self._claims:
            self._claims.hear(line, self.kubectl)

    def _expect_own(self) -> None:
        if self._claims:
            self._claims.check()
