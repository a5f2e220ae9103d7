"""What pipelines leave on the cluster: the Deployments of both tracks, as they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_canary.config.track_deployments import TrackDeployment
from pytest_canary.core.errors import FoundError
from pytest_canary.k8s.namespace_api import NamespaceApi
from pytest_canary.k8s.objects import Object, pods_of
from pytest_canary.k8s.observer import Observer
from pytest_canary.release.rollouts import Rollouts
from pytest_canary.rendering.version import Version


@dataclass(frozen=True)
class Standing:
    """Looks at them, and waits for them.

    Attributes:
        namespace: where they are.
        observer: watches that namespace.
        rollouts: wait until one has come to rest, and tell why it does not.
        tracks: what each is to be in the end.
    """

    namespace: NamespaceApi
    observer: Observer
    rollouts: Rollouts
    tracks: Mapping[str, TrackDeployment]

    def name(self, track: str) -> str:
        """The name of a track's Deployment."""
        return self.tracks[track].name

    def deployment(self, track: str) -> Object | None:
        """A track's Deployment, as the API server has it; None where there is none."""
        return self.namespace.deployment(self.name(track))

    def pods(self, track: str) -> list[Object]:
        """A track's pods, as they were watched last."""
        return list(pods_of(self.observer.snapshot().pods.values(), self.name(track)))

    def wait_until_settled(self, track: str, version: Version) -> None:
        """Return when a track has all of its pods, of this version, and each is ready.

        Raises:
            FoundError: it never will, or did not in time, and why is known.
            WaitTimeoutError: it did not in time; with what was seen last.
        """
        self.rollouts.wait_until_settled(track, self.tracks[track].replicas, version)

    def explain(self, track: str, version: Version, error: FoundError) -> FoundError:
        """The error to raise where a pipeline fails: why a track does not come up, too.

        Returns:
            The error that is given, where the cluster tells nothing.
        """
        cause = self.rollouts.find_cause(track, version, error)
        if not isinstance(cause, FoundError) or cause is error:
            return error
        return FoundError([*error.findings, *cause.findings], after=cause.after)
