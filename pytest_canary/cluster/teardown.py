"""Removing what a run made, and looking whether anything of it is left."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from urllib3.exceptions import HTTPError

from pytest_canary.cluster.run import Run, abandoned
from pytest_canary.core import processes
from pytest_canary.core.errors import CanaryError, ClusterError, CommandError
from pytest_canary.core.waiting import Seen, Waiter

if TYPE_CHECKING:
    from pytest_canary.cluster.engine import Engine
    from pytest_canary.k8s.namespace import Namespace

KUBECONFIG = "kubeconfig.run"
RUN_LABEL = "pytest-canary/run"
KIND_LABEL = "io.x-k8s.kind.cluster"


@dataclass(frozen=True)
class Belongings:
    """What a run has on this machine; after the cleanup, what it left.

    Attributes:
        containers: names of the cluster's node containers.
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

    def left_by(self, before: Belongings) -> dict[str, tuple[object, ...]]:
        """What of the earlier belongings is still there, by kind; nothing where all is gone."""
        kinds = self.__dataclass_fields__
        still = {
            kind: tuple(each for each in getattr(self, kind) if each in getattr(before, kind))
            for kind in kinds
        }
        return {kind: items for kind, items in still.items() if items}


@dataclass
class Trail:
    """Where to look for a run's belongings.

    The volumes and ports are found while the containers are there, as nothing names them later.
    """

    run: Run
    engine: Engine
    namespace: Namespace | None = None
    volumes: set[str] = field(default_factory=set)
    ports: set[int] = field(default_factory=set)

    def look(self) -> Belongings:
        """What is there now."""
        record, client = self.run.record, self.engine.client
        containers = []
        if record.cluster:
            filters: dict[str, str | list[str] | bool] = {"label": f"{KIND_LABEL}={record.cluster}"}
            containers = client.containers.list(all=True, filters=filters, ignore_removed=True)
        for container in containers:
            mounts = container.attrs.get("Mounts", [])
            self.volumes |= {m["Name"] for m in mounts if m.get("Type") == "volume"}
            for mapped in container.ports.values():
                self.ports |= {int(port["HostPort"]) for port in mapped or []}
        volumes = {volume.name for volume in client.volumes.list()}
        return Belongings(
            containers=tuple(str(c.name) for c in containers),
            volumes=tuple(sorted(volumes & self.volumes)),
            networks=("kind",) if record.network and self._network_is_ours() else (),
            ports=tuple(sorted(port for port in self.ports if _listens(port))),
            processes=tuple(processes.alive()),
            files=tuple(str(path) for path in self._files() if path.exists()),
            contexts=_contexts(record.cluster),
            objects=self._objects(),
            images=tuple(ref for ref in record.images if self.engine.find(ref)),
        )

    def _network_is_ours(self) -> bool:
        """Whether the network is there, and no other run's cluster has moved in meanwhile."""
        own = f"{self.run.record.cluster}-"
        return any(
            network.name == "kind"
            and all(
                inside["Name"].startswith(own)
                for inside in (network.attrs.get("Containers") or {}).values()
            )
            for network in self.engine.client.networks.list(names=["kind"], greedy=True)
        )

    def _objects(self) -> tuple[str, ...]:
        try:
            if self.namespace is None or not self.namespace.exists():
                return ()
            return tuple(
                f"{kind} {item['metadata']['name']}"
                for kind in ("Deployment", "Pod", "Service", "Secret")
                for item in self.namespace.objects(kind)
            )
        except ClusterError as error:
            if isinstance(error.__cause__, HTTPError):
                return ()  # the cluster itself is gone, and everything in it
            raise

    def _files(self) -> list[Path]:
        return [self.run.folder, Path(".pytest-kind") / str(self.run.record.cluster)]


def tear_down(run: Run, engine: Engine) -> None:
    """Remove everything that a run's record names, and then its folder.

    Goes on after an error, so that one thing that can't be removed saves no other.

    Raises:
        CanaryError: with every error; the folder is kept then, for the next attempt.
    """
    errors: list[str] = []

    def attempt(step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:
            errors.append(str(error))

    record = run.record
    processes.kill_all()
    if record.namespace:
        attempt(
            lambda: delete_namespace(run.folder / KUBECONFIG, str(record.namespace), record.run)
        )
    if record.cluster:
        attempt(lambda: delete_cluster(run))
    for ref in record.images:
        attempt(lambda ref=ref: engine.untag(ref))  # type: ignore[misc]
    if record.network:
        attempt(lambda: _delete_network(engine))
    if errors:
        raise CanaryError(
            f"run {record.run} could not be cleaned up; `pytest --canary-reap` tries again",
            "\n".join(errors),
        )
    run.remove()


def delete_cluster(run: Run) -> None:
    """Delete the cluster that a run's record names."""
    from pytest_canary.cluster.kind import Cluster

    record = run.record
    kind = Path(record.kind) if record.kind and Path(record.kind).exists() else None
    Cluster(str(record.cluster), run.folder, kind=kind).delete()


def delete_namespace(kubeconfig: Path, name: str, run: str, timeout: float = 120) -> None:
    """Delete a run's namespace in a cluster that outlives it, and wait until it is gone.

    One that does not carry the run's label is somebody else's, and stays.

    A cluster that can't be reached any more has been deleted meanwhile, or will be asked again by
    the next run: its namespaces carry a label that tells.
    """
    from pytest_canary.k8s.namespace import Namespace

    if not kubeconfig.exists():
        return
    namespace = Namespace(kubeconfig, name)

    def look() -> Seen[None]:
        return Seen("it is still there", not namespace.exists(), None)

    try:
        if namespace.label(RUN_LABEL) != run:
            return
        namespace.delete()
        Waiter().until(f"namespace {name} to be gone", look, timeout=timeout)
    except ClusterError as error:
        if "refused" not in str(error):
            raise ClusterError(f"namespace {name} can't be deleted: {error}") from error


def _delete_network(engine: Engine) -> None:
    import docker

    for network in engine.client.networks.list(names=["kind"]):
        if network.name == "kind":
            try:
                network.remove()
            except docker.errors.APIError as error:
                # Another cluster has moved in meanwhile: the network is no longer only ours.
                if "active endpoints" not in str(error):
                    raise CommandError(f"network kind can't be removed: {error}") from error


def reap(engine: Engine, *, kept: bool, tell: Callable[[str], None]) -> int:
    """Remove what runs have left whose process is gone.

    Args:
        engine: the container engine.
        kept: also what was kept on purpose, with --canary-keep or --canary-reuse.
        tell: told of each run that is removed.

    Returns:
        How many runs were removed.

    Raises:
        CanaryError: some could not be removed; the others were.
    """
    removed = 0
    errors: list[str] = []
    for run in abandoned(kept=kept):
        record = run.record
        what = record.cluster or record.namespace or "its files"
        tell(f"run {record.run} of {record.project} is gone and left {what}; removing it")
        try:
            tear_down(run, engine)
            removed += 1
        except CanaryError as error:
            errors.append(str(error))
        finally:
            run.release()
    if errors:
        raise CanaryError("\n".join(errors))
    return removed


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
        except (OSError, yaml.YAMLError):
            continue
        for kind in ("contexts", "clusters", "users"):
            entries = (document or {}).get(kind) or []
            found += [
                f"{kind} {e['name']} in {path}" for e in entries if e["name"] == f"kind-{cluster}"
            ]
    return tuple(found)
