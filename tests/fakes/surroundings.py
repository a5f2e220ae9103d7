"""What is around the namespace of the API server in memory: its cluster, and its rights."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fakes.objects import Object

from pytest_canary.k8s.namespace_api import Access, ClusterAround
from pytest_canary.k8s.rights import Right

if TYPE_CHECKING:
    from fakes.cluster import Namespace


class Around(ClusterAround):
    """A cluster with one namespace."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace

    def now(self) -> datetime.datetime:
        return datetime.datetime.now(datetime.UTC)

    def nodes(self) -> list[Object]:
        return self._namespace.objects("Node")

    def all_pods(self) -> list[Object]:
        return self._namespace.objects("Pod")

    def other_namespaces(self, label: str) -> list[str]:
        return []

    def memory(self, node: str) -> dict[str, tuple[float, float]]:
        return {}


class Allowed(Access):
    """Everything, but what the namespace says."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace

    def missing_rights(self, rights: Iterable[Right], *, everywhere: bool = False) -> list[str]:
        asked = {
            f"{verb} {right.resource}.{right.group}" for right in rights for verb in right.verbs
        }
        return [each for each in self._namespace.lacking if each in asked]
