"""Where connections to a world's Services go, and what its node has of them in its table."""

from collections.abc import Callable
from functools import partial

from fakes.app import App
from fakes.cluster import Namespace
from fakes.engine import IMAGES
from fakes.objects import Object

from pytest_canary.cluster.conntrack import Connection, Entry, Table

NODE_PORT = 30001
"""The app's own Service's."""


class Network:
    """Leads connections to an app's pods.

    Attributes:
        app: what answers in all of them.
        listed: what the node tells of the connections that it has in its table.
        led: what it tells of the addresses that the app's own Service leads to.
    """

    def __init__(self, namespace: Namespace) -> None:
        self.namespace = namespace
        self.app = App(self.connected, self.version_of)
        self.listed: Callable[[Table], Table] = lambda found: found
        self.led: Callable[[set[str]], set[str]] = lambda found: found
        self._versions: dict[str, str] = {}
        self._addresses: dict[str, str] = {}

    def host_port(self, node_port: int) -> int:
        """Where the app is asked for a Service's node port."""
        for service in self.namespace.objects("Service"):
            name = service["metadata"]["name"]
            mine = any(port.get("nodePort") == node_port for port in service["spec"]["ports"])
            if mine and name != "addressbook-lb":
                return self.app.listen(partial(self.connected, name))
        return self.app.port

    def connected(self, service: str = "addressbook-lb") -> list[str]:
        """The pods that a Service sends connections to."""
        self.namespace.take_up()
        return [endpoint["targetRef"]["name"] for endpoint in self._endpoints(service)]

    def _endpoints(self, service: str) -> list[Object]:
        return [
            endpoint
            for item in self.namespace.held("EndpointSlice")
            if item["metadata"]["labels"]["kubernetes.io/service-name"] == service
            for endpoint in item["endpoints"]
            if endpoint["conditions"]["ready"]
        ]

    def version_of(self, name: str) -> str:
        """What the app in a pod calls itself."""
        # A pod that goes while it answers is the same version still.
        for pod in self.namespace.held("Pod"):
            self._versions[pod["metadata"]["name"]] = release_of(pod)
            # The run's own pods are reached by nobody.
            if "podIP" in pod["status"]:
                self._addresses[pod["metadata"]["name"]] = pod["status"]["podIP"]
        return self._versions[name]

    def connections(self, node_port: int) -> Table:
        """What the node has in its table: all that ever came to the app's own Service.

        The later it came, the longer its entry has to live. Each has a port of its own, as it has
        where an engine's proxy makes them: this machine's own are used again within a second.
        """
        assert node_port == NODE_PORT
        node, pods = "172.18.0.2", self._addresses
        return self.listed(
            {
                Connection(
                    ("172.18.0.1", node, number, node_port), (pods[pod], node, 3000, number)
                ): Entry(over=True, left=number)
                for number, (pod, port) in enumerate(self.app.reached)
                if port == self.app.port
            }
        )

    def destinations(self, namespace: str, service: str) -> set[str]:
        """Where the node leads connections to a Service."""
        assert namespace == self.namespace.name
        self.namespace.take_up()
        return self.led({f"{each['addresses'][0]}:3000" for each in self._endpoints(service)})


def release_of(pod: Object) -> str:
    """What the app in a pod calls itself."""
    image = pod["spec"]["containers"][0]["image"]
    return "1" if image == IMAGES["baseline"] else "2"
