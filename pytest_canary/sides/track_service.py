"""One track's own Service: made without a selector, and led to the pods that somebody chooses."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from pytest_canary.core.errors import ApiError, ClusterError
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.k8s.objects import Object
from pytest_canary.k8s.slices import selectorless, slices_of

if TYPE_CHECKING:
    from pytest_canary.api.client import Api
    from pytest_canary.k8s.namespace_api import NamespaceApi

# Letters of a Service's name, which has 63 at most: a number may follow.
NAME = 60


def free_name(deployment: str, taken: Sequence[str]) -> str:
    """A name for a track's Service that no other name begins with.

    Args:
        deployment: the track's Deployment, which may be called "7up-canary": a Service's name
            begins with a letter.
        taken: the names of what is there, or will be.
    """
    base = f"track-{deployment}"[:NAME].rstrip("-")
    names = itertools.chain([base], (f"{base}-{number}" for number in itertools.count(2)))
    return next(name for name in names if not any(each.startswith(name) for each in taken))


class TrackService:
    """A track's Service, and the EndpointSlices that lead it to pods.

    Args:
        namespace: where it is made.
        deployment: the name of the track's Deployment.

    Attributes:
        name: its own; empty while there is none.
        url: its address; empty while that is not known.
        pods: the names of those that it leads to, as was last written.
        changed_at: when that last changed, as `lead_to` was told.
    """

    def __init__(self, namespace: NamespaceApi, deployment: str) -> None:
        self.deployment = deployment
        self.name = self.url = ""
        self.pods: tuple[str, ...] = ()
        self.changed_at = 0.0
        self._namespace = namespace
        self._service: Object = {}
        self._written: dict[str, dict[str, Any]] = {}
        self._led_at: dict[str, float] = {}

    def make(self, taken: Iterable[str]) -> int:
        """Make the Service, which leads nowhere yet.

        Args:
            taken: names that the app's manifests use, be what is so called there or not.

        Returns:
            Its node port.

        Raises:
            ClusterError: it is refused.
        """
        there = [
            str(each["metadata"]["name"])
            for kind in ("Service", "EndpointSlice")
            for each in self._namespace.objects(kind)
        ]
        name = free_name(self.deployment, [*there, *taken])
        self._namespace.add(selectorless(name))
        # Not before: where it is refused, there may be somebody else's of that name by now.
        self.name = name
        for each in self._namespace.objects("Service"):
            if each["metadata"]["name"] == name:
                self._service = each
                return int(each["spec"]["ports"][0]["nodePort"])
        raise ClusterError(
            f"Service {name} was made in namespace {self._namespace.name} and is gone again; see "
            "what else deletes Services there"
        )

    def delete(self) -> None:
        """Delete the Service, where it was made; its EndpointSlices go with it.

        Raises:
            ClusterError: that is refused.
        """
        self.url = ""
        if self.name:
            self._namespace.delete_service(self.name)
        self.name = ""

    def prefer(self, ready: Iterable[str]) -> list[str]:
        """Ready pods in the order in which they are chosen: one stays as long as it is ready."""

        def key(name: str) -> tuple[bool, float, str]:
            return name not in self.pods, -self._led_at.get(name, -1.0), name

        return sorted(ready, key=key)

    def lead_to(self, pods: Sequence[tuple[Object, int]], now: float) -> None:
        """Write the EndpointSlices that lead to these pods, unless they do so already.

        Args:
            pods: ready ones, with their ports.
            now: what becomes `changed_at` where they did not.

        Raises:
            ClusterError: one is refused, and the Service leads where it led.
        """
        emptied = {name: {**body, "endpoints": []} for name, body in self._written.items()}
        for name, body in {**emptied, **slices_of(self._service, pods)}.items():
            if body != self._written.get(name):
                self._namespace.write_slice(body)
                self._written[name], self.changed_at = body, now
        self.pods = tuple(str(pod["metadata"]["name"]) for pod, _ in pods)
        self._led_at |= dict.fromkeys(self.pods, now)

    def wait_for_answer(self, waiter: Waiter, api: Api, timeout: float) -> None:
        """Return when it is answered at the address, whatever the answer.

        Args:
            waiter: waits.
            api: the app, of which it is asked what it reads.
            timeout: in seconds.

        Raises:
            WaitTimeoutError: none comes; with what was seen last.
        """
        here = api.at(self.url, None, f"Service {self.name}")

        def look() -> Seen[None]:
            try:
                answer = here.send(here.settings.read)
            except ApiError as error:
                pods = ", ".join(self.pods) or "no pod, as none is ready"
                return Seen(f"it leads to {pods}; {error.sentence}", False, None)
            return Seen(answer.shown, True, None)

        what = f"{self.deployment} to answer at an address of its own"
        waiter.until(what, look, timeout=timeout)
