"""What is to go: Deployments that were deleted, and pods that were told to end; waited for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.k8s.namespace_api import NamespaceApi
from pytest_canary.k8s.objects import Object, pods_of
from pytest_canary.k8s.observer import Observer
from pytest_canary.k8s.rollout import deletion_progress, ending_progress, removal_progress

Reached = Callable[[Mapping[str, Object], Iterable[Object], str], tuple[bool, str]]
"""Whether a Deployment of this name has come to that, by these objects, and how it stands."""


class Removal:
    """Waits for what is to go, as the watches tell of it.

    Args:
        namespace: is asked where the watches may not know of something yet.
        observer: watches it.
        waiter: waits.
        deadline: seconds until a wait is given up.
    """

    def __init__(
        self, namespace: NamespaceApi, observer: Observer, waiter: Waiter, deadline: float
    ) -> None:
        self.namespace = namespace
        self.observer = observer
        self.waiter = waiter
        self.deadline = deadline

    def wait_until_gone(self, deployment: str) -> None:
        """Return when a Deployment and its pods are gone.

        Raises:
            WaitTimeoutError: they don't go; with what is left.
        """
        self._wait_until(deployment, "gone", removal_progress)

    def wait_until_deleted(self, deployment: str) -> None:
        """Return when a Deployment is gone and each of its pods is gone or has been told to end.

        Raises:
            WaitTimeoutError: they aren't; with what is left.
        """
        self._wait_until(deployment, "deleted", deletion_progress)

    def wait_until_ended(self, deployments: Iterable[str]) -> None:
        """Return when every pod of Deployments that has been told to end has ended, or is gone.

        Raises:
            WaitTimeoutError: one hasn't; with those that still run.
        """
        names = list(deployments)

        def look() -> Seen[None]:
            pods = list(self.observer.snapshot().pods.values())
            done, text = ending_progress([pod for name in names for pod in pods_of(pods, name)])
            return Seen(text, done, None)

        self._wait("the end of the pods that were told to end", look)

    def _wait_until(self, deployment: str, state: str, reached: Reached) -> None:
        def look() -> Seen[None]:
            now = self.observer.snapshot()
            done, text = reached(now.deployments, now.pods.values(), deployment)
            # What was made a moment ago, the watches may not have seen at all.
            if done and not self._is(reached, deployment):
                text = f"{deployment} is there, and the watches don't know it"
                return Seen(text, False, None)
            return Seen(text, done, None)

        self._wait(f"{deployment} to be {state}", look)

    def _is(self, reached: Reached, deployment: str) -> bool:
        """Whether it has come to that by what the API server says."""
        found = self.namespace.deployment(deployment)
        deployments = {deployment: found} if found else {}
        return reached(deployments, self.namespace.objects("Pod"), deployment)[0]

    def _wait(self, what: str, look: Callable[[], Seen[None]]) -> None:
        self.waiter.until(what, look, timeout=self.deadline, change=self.observer.change)
