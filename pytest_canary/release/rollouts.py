"""A version's way onto a track: applied, watched until it has come to rest, and why it has not."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_canary.config.track_deployments import TrackDeployment
from pytest_canary.core.errors import CanaryError, CommandError, FoundError, ReleaseError
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Waiter
from pytest_canary.diagnosis import Expected
from pytest_canary.diagnosis.api_server import lost_api_server
from pytest_canary.k8s.namespace_api import NamespaceApi
from pytest_canary.k8s.observer import Observer
from pytest_canary.manifests.rendered import Given
from pytest_canary.release.commands import Commands
from pytest_canary.release.diagnoser import Diagnoser
from pytest_canary.release.rollout_watch import RolloutWatch
from pytest_canary.rendering.version import Version


class Rollouts:
    """Brings versions onto tracks.

    Args:
        namespace: where the app lives.
        observer: watches that namespace.
        diagnoser: finds what keeps a Deployment from coming up.
        commands: apply what a version's renderer makes.
        processes: run them.
        waiter: waits.
        tracks: the Deployment of each.
        service: the name of the Service in front of them.
        deadline: seconds for a rollout.
    """

    def __init__(
        self,
        namespace: NamespaceApi,
        observer: Observer,
        diagnoser: Diagnoser,
        commands: Commands,
        processes: Processes,
        waiter: Waiter,
        tracks: Mapping[str, TrackDeployment],
        service: str,
        deadline: float,
    ) -> None:
        self._namespace = namespace
        self._observer = observer
        self._diagnoser = diagnoser
        self._commands = commands
        self._processes = processes
        self._waiter = waiter
        self._tracks = tracks
        self._service = service
        self._deadline = deadline

    def deploy(self, track: str, replicas: int, version: Version, other: Given | None) -> None:
        """`apply.sh MANIFEST DEPLOYMENT REPLICAS IMAGE`, and wait until it has come to rest.

        What can't come right any more ends the wait, and the script's own, at once.

        Args:
            track: the track.
            replicas: how many pods it is to have.
            version: what it is to run.
            other: the other track as it stands, where one chart makes both.

        Raises:
            FoundError: it does not come to rest, and why is known.
            ReleaseError: the script fails; with its output.
            WaitTimeoutError: the Deployment's pods don't become ready.
        """
        deployment = self._tracks[track].name
        watch = self._watch(track, replicas, version, applies=True)
        script = self._processes.part()
        name = version.renderer.script().name
        try:
            watch.wait_while_applied(
                name,
                lambda: self._commands.apply(
                    script,
                    version,
                    deployment,
                    replicas,
                    other,
                    # Longer than a script's own wait, usually 120 s, so that it can speak.
                    timeout=self._deadline + 30,
                    heard=lambda line: self._waiter.listener(name, line),
                ),
                # After a finding nobody waits for the script any more.
                end=script.kill_all,
                # Longer than the script's own deadline, so that it can speak.
                timeout=self._deadline + 60,
            )
        except CommandError as error:
            self._commands.expect_not_refused(error.output)
            lost = lost_api_server(error.output)
            known = (
                FoundError([lost], error.output)
                if lost
                else ReleaseError(
                    f"{deployment} can't be deployed: {error.sentence}; last seen: {watch.seen}",
                    error.evidence,
                )
            )
            raise watch.find_cause(known) from error
        made = self._namespace.deployment(deployment)
        watch.wait_until_settled(made["metadata"].get("generation", 0) if made else 0)

    def wait_until_settled(self, track: str, replicas: int, version: Version) -> None:
        """Return when the Deployment has exactly these replicas of this version, all ready.

        Pods that were told to end may still be there.

        Raises:
            FoundError: it never will, or did not in time, and why is known.
            WaitTimeoutError: it did not in time; with what was seen last.
        """
        self._watch(track, replicas, version).wait_until_settled()

    def find_cause(self, track: str, version: Version, error: CanaryError) -> CanaryError:
        """The error to raise where what was to deploy a track's version has failed.

        Returns:
            Why it does not come up, where the cluster tells; else the error that is given.
        """
        return self._watch(track, self._tracks[track].replicas, version).find_cause(error)

    def _watch(
        self, track: str, replicas: int, version: Version, *, applies: bool = False
    ) -> RolloutWatch:
        expected = Expected(
            deployment=self._tracks[track].name,
            replicas=replicas,
            image=version.image,
            service=self._service,
            title=version.title,
        )
        return RolloutWatch(
            expected,
            self._diagnoser.findings,
            self._observer,
            self._waiter,
            self._deadline,
            applies=applies,
        )
