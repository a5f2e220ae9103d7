"""The Service in front of both Deployments: where it sends connections, and why to no pod."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from pytest_canary.core.errors import FoundError, ReleaseError
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.diagnosis import Expected
from pytest_canary.k8s.objects import Object, Snapshot, endpoints, pods_of
from pytest_canary.k8s.observer import Observer
from pytest_canary.release.rollout_watch import Diagnose


class Service:
    """A Service as the watches tell of it, which follow the API server one by one.

    Args:
        name: the Service's.
        diagnose: says what is wrong with a Deployment and its Service.
        observer: watches the namespace.
        waiter: waits.
    """

    def __init__(self, name: str, diagnose: Diagnose, observer: Observer, waiter: Waiter) -> None:
        self.name = name
        self.diagnose = diagnose
        self.observer = observer
        self.waiter = waiter
        self._seen: tuple[set[str], Mapping[str, int]] = set(), {}
        self._seen_at = observer.now()

    def quiet_for(self) -> float:
        """Seconds for which it has surely sent connections to the same pods and ports.

        Other Services' EndpointSlices change too, of which the observer can't tell these; and they
        change when a pod has ended that had been taken out when it was told to.
        """
        self._slices(self.observer.snapshot())
        alike = self.observer.now() - self._seen_at
        return max(self.observer.quiet_for("EndpointSlice"), alike)

    def destinations(self) -> set[str]:
        """The addresses with ports that its connections should be led to: "10.244.0.6:3000"."""
        return {
            f"[{address}]:{port['port']}" if ":" in address else f"{address}:{port['port']}"
            for item in self._slices(self.observer.snapshot())
            for port in item.get("ports") or []
            for endpoint in item.get("endpoints") or []
            if endpoint.get("conditions", {}).get("ready", True)
            for address in endpoint["addresses"]
        }

    def wait_until_watched(self, services: Callable[[], Iterable[Object]], timeout: float) -> None:
        """Return when the watches know the Services as the API server has them.

        Whoever looks earlier would judge a Service that was applied by what it was before.

        Args:
            services: asks the API server for the namespace's.
            timeout: seconds until it is given up.

        Raises:
            WaitTimeoutError: they don't get to know them.
        """

        def look() -> Seen[None]:
            watched = self.observer.snapshot().services
            late = [
                service["metadata"]["name"]
                for service in services()
                if watched.get(service["metadata"]["name"], {}).get("spec") != service["spec"]
            ]
            return Seen(f"not yet known as it is: {', '.join(late)}", not late, None)

        self.waiter.until(
            "the watches to know the Services", look, timeout=timeout, change=self.observer.change
        )

    def port(self, pod: str) -> int:
        """The port of a pod that connections are sent to by now.

        Versions may listen on different ones under the same name.

        Raises:
            ReleaseError: none is known yet.
        """
        slices = self._slices(self.observer.snapshot())
        port = ports(slices).get(pod)
        if port is None:
            raise ReleaseError(
                f"Service {self.name} sends nothing to pod {pod} yet: {_describe(slices, pod)}"
            )
        return port

    def wait_for_port(self, pod: str, deployments: Sequence[str], timeout: float) -> int:
        """The port of a pod that connections are sent to, once the Service's controller follows.

        Args:
            pod: the pod's name.
            deployments: the names of those that it may be of.
            timeout: seconds until it is given up.

        Raises:
            FoundError: none will be sent there, and why is known.
            ReleaseError: the pod went meanwhile.
            WaitTimeoutError: none is sent there; with what was seen last.
        """
        was_there = False

        def look() -> Seen[int]:
            nonlocal was_there
            now = self.observer.snapshot()
            slices = self._slices(now)
            port = ports(slices).get(pod)
            if port is not None:
                return Seen(f"port {port}", True, port)
            if was_there and pod not in now.pods:
                raise ReleaseError(
                    f"pod {pod} went before Service {self.name} sent it any connection; "
                    "see what has deleted it"
                )
            was_there = pod in now.pods
            for deployment in _owners(now, pod, deployments):
                self.check(deployment)
            return Seen(_describe(slices, pod), False, 0)

        return self.waiter.until(
            f"Service {self.name} to send connections to pod {pod}",
            look,
            timeout=timeout,
            change=self.observer.change,
        )

    def check(self, deployment: str) -> None:
        """Return unless no connection can ever be sent to a Deployment's ready pods.

        Raises:
            FoundError: none can: the selector misses them, or the port is not theirs.
        """
        found = self.observer.snapshot().deployments.get(deployment)
        if found is None:
            return
        # Not as one that was seen applied: it may change until the diagnosis looks itself.
        expected = Expected(
            deployment=deployment,
            replicas=found["spec"].get("replicas", 1),
            image=found["spec"]["template"]["spec"]["containers"][0]["image"],
            service=self.name,
        )
        doomed = [each for each in self.diagnose(expected) if each.doomed]
        if doomed:
            raise FoundError(doomed)

    def _slices(self, now: Snapshot) -> Sequence[Object]:
        """Its EndpointSlices; whoever looks notes since when they lead where they do."""
        found = [
            item
            for item in now.endpoint_slices.values()
            if item["metadata"].get("labels", {}).get("kubernetes.io/service-name") == self.name
        ]
        leads = endpoints(found, self.name), ports(found)
        if leads != self._seen:
            self._seen, self._seen_at = leads, self.observer.now()
        return found


def ports(slices: Iterable[Object]) -> Mapping[str, int]:
    """The port of each pod that EndpointSlices name one for.

    Pods without the Service's target port are in a slice of their own, which has none.
    """
    return {
        pod: int(port["port"])
        for item in slices
        for port in (item.get("ports") or [])[:1]
        for pod in _pods(item)
    }


def _pods(item: Object) -> list[str]:
    """The names of an EndpointSlice's pods."""
    targets = [each.get("targetRef", {}) for each in item.get("endpoints") or []]
    return [
        target["name"]
        for target in targets
        if target.get("kind", "Pod") == "Pod" and "name" in target
    ]


def _owners(now: Snapshot, pod: str, deployments: Sequence[str]) -> list[str]:
    mine = [each for name, each in now.pods.items() if name == pod]
    return [deployment for deployment in deployments if pods_of(mine, deployment)]


def _describe(slices: Sequence[Object], pod: str) -> str:
    """What a Service's EndpointSlices say of a pod that none of them has a port for."""
    if not slices:
        return "it has no EndpointSlice"
    for item in slices:
        if pod in _pods(item):
            return f"EndpointSlice {item['metadata']['name']} names the pod, but no port"
    named = sorted(name for item in slices for name in _pods(item))
    return f"its EndpointSlices name {', '.join(named) or 'no pod'}"
