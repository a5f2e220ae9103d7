"""A look at what the release stands on: this machine, the cluster's nodes, the database's pod."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pytest_canary.core.errors import ClusterError, CommandError
from pytest_canary.database.deployment import SERVICE
from pytest_canary.diagnosis.disturbances import Platform, disturbances
from pytest_canary.k8s.objects import containers, is_ending, pods_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_canary.cluster.container_engine import ContainerEngine
    from pytest_canary.cluster.provisioned import Provisioned
    from pytest_canary.core.findings import Finding
    from pytest_canary.k8s.objects import Object
    from pytest_canary.k8s.observer import Observer


class PlatformWatch:
    """Remembers what the release stands on as it was at first."""

    def __init__(self) -> None:
        self._first: Platform | None = None

    def begin(self, first: Platform) -> None:
        """Remember the platform as it is."""
        self._first = first

    def disturbances(self, now: Callable[[], Platform]) -> list[Finding]:
        """What has happened to the platform since then; nothing before it has begun.

        Args:
            now: looks at it as it is.
        """
        return disturbances(self._first, now()) if self._first else []


def look(up: Provisioned, engine: ContainerEngine, observer: Observer) -> Platform:
    """The platform as it is; who does not answer is part of that.

    Args:
        up: the cluster.
        engine: has the node's container, where the run has made the cluster.
        observer: watches the run's namespace.
    """
    silent: dict[str, str] = {}
    node, started = "", ""
    nodes: tuple[Object, ...] = ()
    if up.cluster:
        node = up.cluster.node
        try:
            started = engine.start_time(node)
        except CommandError as error:
            silent["container engine"] = error.output.strip() or error.sentence
    try:
        nodes = tuple(up.namespace.cluster.nodes())
    except ClusterError as error:
        # A user of somebody else's cluster may not be allowed to see its nodes.
        if up.cluster:
            silent["API server"] = error.sentence
    return Platform(
        time.time() - time.monotonic(), node, started, nodes, _database(observer), silent
    )


def _database(observer: Observer) -> tuple[str, str, int] | None:
    """What the database's data lives with; None where there is no pod of it."""
    for pod in pods_of(observer.last_snapshot().pods.values(), SERVICE):
        restarts = sum(each.restarts for each in containers(pod))
        if not is_ending(pod):
            return pod["metadata"]["name"], pod["metadata"]["uid"], restarts
    return None
