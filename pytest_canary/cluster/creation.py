"""A run's kind cluster: taken up where an earlier run has left it, or made, and noted as the run's.

What tells its containers from others of the same name is in the record before kind is asked.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from pytest_canary.cluster.container_engine import NETWORK, ContainerEngine
from pytest_canary.cluster.early_dns import GRACE, EarlyDns
from pytest_canary.cluster.kind import Cluster
from pytest_canary.cluster.kind_config import config
from pytest_canary.cluster.run import Run
from pytest_canary.cluster.teardown import delete_cluster
from pytest_canary.core.errors import ClusterError, CommandError
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Waiter

# kind looks for ports that are free and lets go of them before it takes them, so that of two
# clusters which begin at once both may have been given the same. The engine says so in seconds,
# by Docker's words or Podman's; and it won't happen time and again.
TAKEN = ("port is already allocated", "address already in use")
TRIES = 3


@dataclass(frozen=True)
class Creation:
    """Makes a cluster.

    Attributes:
        cluster: the cluster.
        run: owns it.
        engine: runs its containers.
        processes: run kubectl.
        waiter: waits for an old one to go.
        dns_grace: seconds after kind's own end in which CoreDNS can still be changed.
    """

    cluster: Cluster
    run: Run
    engine: ContainerEngine
    processes: Processes
    waiter: Waiter
    dns_grace: float = GRACE

    def take_up(self) -> bool:
        """Whether an earlier run has left what is wanted here, and it still runs."""
        record = self.run.record
        wanted = (self.cluster.name, self._spec())
        return (record.cluster, record.cluster_spec) == wanted and self._is_up()

    def make(
        self, timeout: float, begun: Callable[[], None], heard: Callable[[str], None]
    ) -> list[str]:
        """Make it, in the place of what an earlier run has left.

        Args:
            timeout: seconds until kind is given up.
            begun: called when the name is the run's.
            heard: told what kind says.

        Returns:
            What whoever reads the outcome should know, a sentence each.

        Raises:
            ClusterError: the name is somebody else's, or kind fails; with its output.
        """
        cluster, run = self.cluster, self.run
        if run.record.cluster:
            delete_cluster(run, self.engine, self.waiter)
        if cluster.exists():
            raise ClusterError(
                f"cluster {cluster.name} exists, and this run did not make it; choose another "
                f"--cluster-name, walk in it with --canary-context kind-{cluster.name}, or remove "
                "it with `pytest --canary-reap` where an earlier run has kept it"
            )
        run.note(cluster=cluster.name, cluster_spec=None, containers=None)
        if not self.engine.networks(NETWORK):
            run.note(network=True, network_id=None)
        begun()
        left = TRIES
        while True:
            left -= 1
            try:
                return self._create(timeout, heard)
            except ClusterError as error:
                taken = any(words in str(error) for words in TAKEN)
                if not (left and taken and _ended_by_itself(error.__cause__)):
                    raise
            heard("a port was taken meanwhile, once more")

    def _create(self, timeout: float, heard: Callable[[str], None]) -> list[str]:
        """One try, which kind takes back itself where it fails."""
        cluster = self.cluster
        dns = EarlyDns(cluster.node, self.processes, timeout, self.dns_grace)

        def listen(line: str) -> None:
            dns.hear(line)
            heard(line)

        try:
            with dns:
                cluster.create(mount=self.run.record.mount, timeout=timeout, heard=listen)
        except ClusterError as error:
            if _ended_by_itself(error.__cause__):
                self._note()
            raise
        self._note()
        return dns.notes

    def _note(self) -> None:
        """Note what there is, now that kind makes no more of it."""
        record = self.run.record
        nodes = self.engine.node_containers(self.cluster.name)
        self.run.note(
            containers=[node.id for node in nodes if record.owns(node)],
            cluster_spec=self._spec(),
        )
        networks = self.engine.networks(NETWORK)
        if record.network and record.network_id is None and networks:
            self.run.note(network_id=networks[0].id)

    def _spec(self) -> str:
        """What the cluster is made from; the node image by its content where it is known."""
        image = self.engine.find(self.cluster.image) if self.cluster.image else None
        content = image.id if image else self.cluster.image
        return f"{content} {config(self.run.record.mount)}"

    def _is_up(self) -> bool:
        """Whether an earlier run's cluster still runs, which it doesn't after a restart.

        Raises:
            CommandError: kubectl was killed, as where the session ends; that says nothing of it.
        """
        try:
            self.processes.run(
                [self.cluster.kubectl_path, "get", "--raw=/readyz"],
                timeout=20,
                env=os.environ | {"KUBECONFIG": str(self.cluster.kubeconfig_path)},
            )
        except CommandError as error:
            if error.code is not None and error.code < 0:
                raise
            return False
        return True


def _ended_by_itself(error: BaseException | None) -> bool:
    """Whether a command came to its own end, and was not killed while it made something."""
    return isinstance(error, CommandError) and error.code is not None and error.code > 0
