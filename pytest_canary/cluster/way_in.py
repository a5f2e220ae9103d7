"""The way into the run's namespace: the kubectl, the kubeconfig and the home of what acts there."""

from __future__ import annotations

import shutil
from pathlib import Path

from pytest_canary.cluster.kind import Cluster
from pytest_canary.cluster.kubeconfig import write_kubeconfig
from pytest_canary.cluster.run import RUN_LABEL, Run
from pytest_canary.config.plan import Plan
from pytest_canary.core.errors import ClusterError
from pytest_canary.core.processes import Processes
from pytest_canary.k8s.namespace import Namespace


class WayIn:
    """Leads into the run's namespace.

    Args:
        plan: names the cluster and the namespace that are there, where the walk is in such.
        run: has the files.
        processes: run kubectl.
        cluster: the kind cluster; None where the walk is in one that it did not make.
    """

    def __init__(
        self, plan: Plan, run: Run, processes: Processes, cluster: Cluster | None = None
    ) -> None:
        self._options = plan.options
        self._run = run
        self._processes = processes
        self._cluster = cluster

    @property
    def namespace(self) -> str:
        """The namespace's name: the run's own, unless another is named."""
        return self._options.namespace or f"canary-{self._run.id}"

    def kubectl(self) -> Path:
        """The kubectl that is meant, in a folder of the run's with nothing beside it.

        That folder is put on PATH for the release's scripts: whatever it is called, and whatever
        else lies where it is, they find it and no other.

        Raises:
            ClusterError: there is none.
        """
        cluster, named = self._cluster, self._options.kubectl
        found: Path | str | None = cluster.kubectl_path if cluster else named
        found = found or shutil.which("kubectl")
        if not found:
            raise ClusterError("kubectl is not on PATH; install it, or name it: --kind-kubectl-bin")
        link = self._run.folder / "bin" / "kubectl"
        link.parent.mkdir(exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(Path(found).absolute())
        return link

    def owner(self) -> Namespace:
        """The namespace, which is not there yet, through its user's own credentials.

        Raises:
            ClusterError: the kubeconfig has no such context, or no kubectl can read it.
        """
        cluster, options = self._cluster, self._options
        write_kubeconfig(
            self._run.kubeconfig,
            source=str(cluster.kubeconfig_path) if cluster else options.kubeconfig,
            context=f"kind-{cluster.name}" if cluster else options.context,
            namespace=self.namespace,
            kubectl=self.kubectl(),
            processes=self._processes,
        )
        return Namespace(
            self._run.kubeconfig,
            self.namespace,
            redactor=self._processes.redactor,
            labels={RUN_LABEL: self._run.id},
        )

    def home(self) -> Path:
        """The folder that the release's transitions have for their home."""
        home = self._run.folder / "home"
        home.mkdir(exist_ok=True)
        return home
