"""An address of its own for each track, so that who is asked is known before the answer.

Two Services without selectors, one a track. They are led by what the observer sees: to ready pods
by their owner, whatever labels the tracks share, and to as many of one track as of the other, so
that a pod gets the same load on either side.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from pytest_canary.core.errors import ClusterError, WaitTimeoutError
from pytest_canary.core.waiting import Clock, Waiter
from pytest_canary.k8s.objects import Object, Snapshot, is_ready, pods_of
from pytest_canary.k8s.rights import ADDRESSING
from pytest_canary.k8s.slices import target_port
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.sides.track_service import TrackService

if TYPE_CHECKING:
    from pytest_canary.api.client import Api
    from pytest_canary.k8s.namespace_api import NamespaceApi
    from pytest_canary.k8s.observer import Observer

# Seconds between two looks at the pods where nothing wakes who looks.
LOOK = 0.2

# Seconds for which the EndpointSlices may be out of date before that is trouble: what is asked
# meanwhile may come to a pod that is gone.
PATIENCE = 3.0

# Seconds in which kube-proxy surely follows.
SERVED = 15.0


class Tracks:
    """The two tracks' Services, and what keeps them at ready pods.

    Args:
        namespace: where the app lives, as the run's user sees it: the account that the release's
            transitions run as needs no right to lead a Service elsewhere.
        observer: watches that namespace.
        service: the name of the app's Service.
        deployments: the name of each track's Deployment.
        locate: finds the URL of a node port; None where no node is reached.
        taken: names of objects that the app's manifests make, be they there or not.
        clock: tells for how long nothing could be written.

    Attributes:
        absent: why there are no such addresses, in a sentence's part; empty where there are.
    """

    def __init__(
        self,
        namespace: NamespaceApi,
        observer: Observer,
        service: str,
        deployments: Mapping[str, str],
        locate: Callable[[int], str | None],
        *,
        taken: Iterable[str] = (),
        clock: Clock = time,
    ) -> None:
        self.absent = ""
        self._namespace = namespace
        self._observer = observer
        self._service = service
        self._locate = locate
        self._taken = list(taken)
        self._clock = clock
        self._services = {
            track: TrackService(namespace, name) for track, name in deployments.items()
        }
        self._writing = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._error = ""
        self._current_at: float | None = None
        self._ended_at: float | None = None

    # Their life.

    def open(self) -> None:
        """Make the Services and lead them to the pods that are ready, where that can be.

        A walk can do without: where it can't be, `absent` says why, and none of them is left.
        """
        try:
            why = self._make()
        except ClusterError as error:
            why = error.sentence
        if why:
            self._do_without(why)

    def _make(self) -> str:
        """Why they can't be used; empty where they can."""
        lacking = self._namespace.access.missing_rights(ADDRESSING)
        if lacking:
            return (
                f"you may not {' or '.join(lacking)} in namespace {self._namespace.name}; "
                "pytest-canary's docs/rights has the rule"
            )
        ports = {each: each.make(self._taken) for each in self._services.values()}
        self.update()
        for each, port in ports.items():
            url = self._locate(port)
            if url is None:
                return "no node of the cluster can be reached from here"
            each.url = url
        return ""

    def follow(self) -> None:
        """Keep them at the pods that are ready, in a thread of its own, until `stop`."""
        if not self.absent and self._thread is None:
            self._thread = threading.Thread(target=self._keep_up, name="tracks", daemon=True)
            self._thread.start()

    def wait_until_served(
        self,
        waiter: Waiter,
        api: Api,
        timeout: float = SERVED,
        *,
        of: Iterable[str] = (STABLE, CANARY),
    ) -> None:
        """Return when tracks answer at their addresses, whatever they answer.

        Where stable does not, the way there is at fault, and `absent` says so.

        Args:
            waiter: waits.
            api: the app, of which they are asked what it reads.
            timeout: seconds for each of them.
            of: which; where the canary is one, stable comes before it.

        Raises:
            WaitTimeoutError: stable does, and the canary does not.
        """
        for track in of:
            if track not in self.addresses:
                return
            try:
                self._services[track].wait_for_answer(waiter, api, timeout)
            except WaitTimeoutError as error:
                if track == CANARY:
                    raise
                self._do_without(error.sentence)

    def stop(self) -> None:
        """Leave them where they lead from now on."""
        if self._ended_at is None:
            self._ended_at = self._clock.monotonic()
        self._stopped.set()
        if self._thread:
            self._thread.join(timeout=5)

    def close(self) -> None:
        """Stop, and delete the Services; their EndpointSlices go with them.

        Raises:
            ClusterError: one can't be deleted; the next call tries again, or the run's cleanup.
        """
        self.stop()
        refused: list[ClusterError] = []
        for each in self._services.values():
            try:
                each.delete()
            except ClusterError as error:
                refused.append(error)
        if refused:
            raise refused[0]

    def _do_without(self, why: str) -> None:
        with contextlib.suppress(ClusterError):  # the run's cleanup does it then
            self.close()
        self.absent = f"they have no addresses of their own: {why}"

    # What they are.

    @property
    def addresses(self) -> Mapping[str, str]:
        """The base URL of each track; empty where they have none, or none any more."""
        return {track: each.url for track, each in self._services.items() if each.url}

    @property
    def pods(self) -> Mapping[str, tuple[str, ...]]:
        """The names of the pods that each track is led to; kube-proxy follows in a moment."""
        return {track: each.pods for track, each in self._services.items()}

    @property
    def changed_at(self) -> Mapping[str, float]:
        """When those last changed, in seconds since the observer started."""
        return {track: each.changed_at for track, each in self._services.items()}

    @property
    def trouble(self) -> str:
        """Why the addresses may lead to pods that are gone; empty where they are up to date."""
        if self.absent or self._current_at is None:
            return ""
        until = self._clock.monotonic() if self._ended_at is None else self._ended_at
        passed = until - self._current_at
        if passed <= PATIENCE:
            return ""
        why = self._error or "the API server has not answered yet"
        return (
            f"for {passed:.0f} s the addresses of canary and stable could not be led to the pods "
            f"that are ready, so that what they answered says little: {why}"
        )

    # Where they lead.

    def update(self) -> None:
        """Lead them to the pods that are ready by now, where they don't yet.

        Raises:
            ClusterError: one can't be led there; the next call tries again.
        """
        refused: list[ClusterError] = []
        with self._writing:
            for track, pods in self._choose(self._observer.snapshot()).items():
                try:
                    self._services[track].lead_to(pods, self._observer.now())
                except ClusterError as error:
                    refused.append(error)
        if refused:
            raise refused[0]
        self._current_at, self._error = self._clock.monotonic(), ""

    def _keep_up(self) -> None:
        while not self._stopped.is_set():
            try:
                # First, as it also says where what is seen is old news.
                self._observer.change(LOOK)
                self.update()
            except Exception as error:  # whatever it was, the next look may do
                named = f"{type(error).__name__}: {error}"
                self._error = error.sentence if isinstance(error, ClusterError) else named
                self._stopped.wait(LOOK)

    def _choose(self, now: Snapshot) -> Mapping[str, list[tuple[Object, int]]]:
        """The pods, with their ports, that each track should be led to."""
        service = now.services.get(self._service)
        if service is None:
            raise ClusterError(
                f"there is no Service {self._service} any more, which tells the port of its pods"
            )
        ready = {
            track: {
                str(pod["metadata"]["name"]): (pod, port)
                for pod in pods_of(now.pods.values(), each.deployment)
                if is_ready(pod) and (port := target_port(service, pod))
            }
            for track, each in self._services.items()
        }
        # Never none for the other's sake: a track whose pods are ready can be asked.
        most = max(1, min(len(pods) for pods in ready.values()))
        return {
            track: [pods[name] for name in sorted(self._services[track].prefer(pods)[:most])]
            for track, pods in ready.items()
        }
