"""What the kernel of a kind node does with connections: where they are led, and which there are."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_canary.cluster import conntrack, service_rules
from pytest_canary.core.errors import ClusterError, CommandError
from pytest_canary.core.processes import Processes


@dataclass(frozen=True)
class NodeNetwork:
    """Asks a node.

    Attributes:
        node: the container that it is.
        processes: run what asks.
    """

    node: str
    processes: Processes

    def connections(self, port: int) -> conntrack.Table:
        """The TCP connections to a port of the node: those that are open, and for a while after.

        One that was closed is known for two minutes, one that was reset for ten seconds.

        Raises:
            ClusterError: the node doesn't tell, or it can't be read.
        """
        # Privileged, as kind's own commands are: only who runs the network may ask.
        asked = ["--privileged", self.node, "conntrack", "-L", "-p", "tcp", "--dport", str(port)]
        try:
            listing = self._read(asked)
        except CommandError as error:
            raise ClusterError(
                f"{self.node} does not list its connections: {error.last_words}", error.evidence
            ) from error
        return conntrack.table(listing, port)

    def destinations(self, namespace: str, service: str) -> set[str]:
        """Where kube-proxy has new connections to a Service led to by now: "10.244.0.6:3000".

        Returns:
            None of them where the node doesn't tell.
        """
        try:
            rules = self._read(["--privileged", self.node, "iptables-save", "-t", "nat"])
        except CommandError:
            return set()
        return service_rules.destinations(rules, namespace, service)

    def _read(self, asked: list[str]) -> str:
        return self.processes.read(["docker", "exec", *asked], timeout=60)
