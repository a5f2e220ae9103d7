"""Which pods get the Service's connections, by the count of the kind node: no header is needed.

Every connection to the node port is in the kernel's table there, with the pod that has got it. Who
opened it can't be told, as the container engine's proxy hides the client's port. So all are counted
that come while some are made: the traffic's too, which come to a pod the same way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_canary.api.connections import each_answer
from pytest_canary.cluster.conntrack import connections_between
from pytest_canary.core.errors import ClusterError, NotApplicable
from pytest_canary.k8s.objects import is_over

if TYPE_CHECKING:
    from pytest_canary.api.client import Api
    from pytest_canary.cluster.conntrack import Connection, Table
    from pytest_canary.core.waiting import Clock
    from pytest_canary.k8s.objects import Object, Snapshot

# Seconds between two looks at the table: a connection that was reset stays in it for ten, and the
# engine's proxy doesn't come to use a port again within five.
INTERVAL = 5.0

# The part of the connections made that must be found in the table, of 1. A full one forgets some,
# whichever pod they went to; where most are missing, they go another way.
ENOUGH = 0.9


@dataclass(frozen=True)
class NodeCount:
    """Counts them.

    Attributes:
        api: makes connections through the Service.
        listed: the connections to its node port that the node has in its table.
        snapshot: the namespace as it is.
        clock: tells when to look.
        untold: why no header tells it either.
    """

    api: Api
    listed: Callable[[], Table]
    snapshot: Callable[[], Snapshot]
    clock: Clock
    untold: str

    def sample(
        self, called: Callable[[Object], str], connections: int, tolerated: float = 0.0
    ) -> Counter[str]:
        """Make so many connections, and count where all went that came meanwhile.

        Args:
            called: what a pod counts for.
            connections: how many are made.
            tolerated: the share of them that may fail, of 1.

        Raises:
            ApiError: more failed, or were not answered as promised.
            NotApplicable: the node can't tell.
        """
        known, pods = self._look(), self._pods()
        looked = self.clock.monotonic()
        came: list[Connection] = []
        for _ in each_answer(self.api, lambda answer: answer.status, connections, tolerated):
            if self.clock.monotonic() - looked >= INTERVAL:
                before, known = known, self._look()
                came += connections_between(before, known)
                looked = self.clock.monotonic()
        came += connections_between(known, self._look())
        if len(came) < ENOUGH * connections:
            raise NotApplicable(
                f"nobody can tell who gets the Service's connections: the node has {len(came)} in "
                f"its table where {connections} were made, and {self.untold}"
            )
        pods = {**self._pods(), **pods}
        return Counter(
            called(pods[each.pod]) if each.pod in pods else f"address {each.pod}" for each in came
        )

    def _look(self) -> Table:
        try:
            return self.listed()
        except ClusterError as error:
            raise NotApplicable(
                f"nobody can tell who gets the Service's connections: {error.sentence}, and "
                f"{self.untold}"
            ) from error

    def _pods(self) -> Mapping[str, Object]:
        """The pods by address; one that has ended may have lost its own to another."""
        pods = [pod for pod in self.snapshot().pods.values() if not is_over(pod)]
        return {address: pod for pod in pods for address in _addresses(pod)}


def _addresses(pod: Object) -> list[str]:
    status = pod.get("status", {})
    given = [each.get("ip") for each in status.get("podIPs") or []]
    return [str(each) for each in (status.get("podIP"), *given) if each]
