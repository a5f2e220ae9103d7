"""What a run has on this machine, and what of it is left once it should be gone."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from pytest_canary.cluster.container_engine import NETWORK, ContainerEngine, node_name
from pytest_canary.cluster.guest import own_deployments, own_objects
from pytest_canary.cluster.run import Run, label_of, registry_label
from pytest_canary.core.errors import ClusterError, CommandError
from pytest_canary.core.processes import Processes
from pytest_canary.k8s.connection import UnansweredError

if TYPE_CHECKING:
    from pytest_canary.k8s.namespace_api import NamespaceApi
    from pytest_canary.k8s.objects import Object


def is_up(engine: ContainerEngine, cluster: str) -> bool:
    """Whether a kind cluster of this machine runs, be it that it does not answer."""
    try:
        engine.start_time(node_name(cluster))
    except CommandError:
        return False
    return True


@dataclass(frozen=True)
class Belongings:
    """What a run has on this machine.

    Attributes:
        containers: names of the cluster's node containers, of the run's registry, and of what its
            jobs have started.
        volumes: names of their volumes.
        networks: the engine's networks that the run made.
        ports: loopback ports that something listens on.
        processes: commands that still run.
        files: paths of its folders.
        contexts: entries in the user's own kubeconfig.
        images: names that the run gave to images.
        objects: kinds and names of what is in its namespace.
    """

    containers: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    processes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()


def leftovers(before: Belongings, after: Belongings) -> dict[str, tuple[object, ...]]:
    """What there was before and still is, by kind; nothing where all is gone."""
    still = {
        kind.name: tuple(
            each for each in getattr(after, kind.name) if each in getattr(before, kind.name)
        )
        for kind in fields(Belongings)
    }
    return {kind: items for kind, items in still.items() if items}


@dataclass
class Inventory:
    """Lists what a run has made that still exists.

    The volumes and ports are found while the containers are there, as nothing names them later.

    Attributes:
        run: whose things they are.
        engine: the container engine.
        processes: the run's commands.
        namespace: the run's; None while none is known.
        volumes, ports, deployments: those that were found so far.
    """

    run: Run
    engine: ContainerEngine
    processes: Processes
    namespace: NamespaceApi | None = None
    volumes: set[str] = field(default_factory=set)
    ports: set[int] = field(default_factory=set)
    deployments: set[str] = field(default_factory=set)

    def take(self) -> Belongings:
        """What is there now."""
        record = self.run.record
        nodes = self.engine.node_containers(record.cluster) if record.cluster else []
        # Somebody may have made a cluster of that name since.
        containers = [node for node in nodes if record.owns(node)]
        labels = [label_of(record.run), *([registry_label(record.run)] * record.registry)]
        others = [n for each in labels for n in self.engine.labelled_containers(each).values()]
        for container in containers:
            self.volumes |= container.volumes
            self.ports |= container.ports
        self.namespace = self.namespace or self._recorded_namespace()
        return Belongings(
            containers=(
                *(container.name for container in containers),
                *sorted(others),
            ),
            volumes=tuple(sorted(self.engine.volumes() & self.volumes)),
            networks=(NETWORK,) if record.network and self._network_is_ours(others) else (),
            ports=tuple(sorted(port for port in self.ports if _listens(port))),
            processes=tuple(self.processes.alive()),
            files=(str(self.run.folder),) if self.run.folder.exists() else (),
            contexts=_contexts(record.cluster),
            objects=self._objects(),
            images=(
                *(ref for ref in record.images if self.engine.find(ref)),
                *self._pushed_names(),
            ),
        )

    def _recorded_namespace(self) -> NamespaceApi | None:
        """Where the run has begun to put things, of a stage too that didn't come to its end."""
        from pytest_canary.k8s.namespace import Namespace

        name, kubeconfig = self.run.record.namespace, self.run.kubeconfig
        return Namespace(kubeconfig, name) if name and kubeconfig.exists() else None

    def _pushed_names(self) -> list[str]:
        """The names under which something was pushed to the run's registry."""
        record = self.run.record
        return self.engine.names_with(f"/{record.registry_part}/") if record.registry else []

    def _network_is_ours(self, others: Sequence[str]) -> bool:
        """Whether the network is there, and no other run's cluster has moved in meanwhile."""
        record = self.run.record
        own = f"{record.cluster}-"
        return any(
            record.network_id in (None, network.id)
            and all(name.startswith(own) for name in network.members - set(others))
            for network in self.engine.networks(NETWORK)
        )

    def _objects(self) -> tuple[str, ...]:
        try:
            if self.namespace is None or not self.namespace.exists():
                return ()
            return tuple(
                f"{kind} {item['metadata']['name']}"
                for kind in ("Deployment", "Pod", "Service", "Secret", *self._more_kinds())
                for item in self._own(kind, self.namespace.objects(kind))
            )
        except ClusterError as error:
            # A cluster that goes with the run needs not answer; one that stays has it all still.
            if isinstance(error, UnansweredError) and not self._outlives():
                return ()
            raise

    def _more_kinds(self) -> tuple[str, ...]:
        """What not every release has, and not everybody may list."""
        applied = self.run.record.applied
        return ("Job",) if any(name.startswith("job.batch/") for name in applied) else ()

    def _outlives(self) -> bool:
        """Whether the run is in a cluster of ours that stays, and that runs."""
        within = self.run.record.within
        return within is not None and is_up(self.engine, f"canary-{within}")

    def _own(self, kind: str, items: Sequence[Object]) -> Sequence[Object]:
        """All of a namespace of the run's own; in another's, what is the run's."""
        record = self.run.record
        if not record.guest:
            return items
        if kind == "Deployment":
            self.deployments |= own_deployments(items, record)
        return own_objects(items, record, self.deployments if kind == "Pod" else ())


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _contexts(cluster: str | None) -> tuple[str, ...]:
    """The cluster's entries in the user's own kubeconfig: there must never be one."""
    if cluster is None:
        return ()
    default = str(Path.home() / ".kube" / "config")
    found = []
    for path in os.environ.get("KUBECONFIG", default).split(os.pathsep):
        try:
            document = yaml.safe_load(Path(path).read_text())
        except (OSError, ValueError, RecursionError, yaml.YAMLError):
            continue  # nothing that kind or kubectl has written
        for kind in ("contexts", "clusters", "users"):
            entries = document.get(kind) if isinstance(document, dict) else None
            found += [
                f"{kind} kind-{cluster} in {path}"
                for each in (entries if isinstance(entries, list) else [])
                if isinstance(each, dict) and each.get("name") == f"kind-{cluster}"
            ]
    return tuple(found)
