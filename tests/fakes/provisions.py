"""A machine on which runs bring up a cluster: scripts for programs, an engine in memory."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from fakes.api_server import ApiServer, welcome
from fakes.engine import Engine

from pytest_canary.cluster.early_dns import GRACE
from pytest_canary.cluster.provision import Provision
from pytest_canary.cluster.provisioned import Provisioned
from pytest_canary.cluster.run import Run
from pytest_canary.config.baseline import Baseline
from pytest_canary.config.options import Options
from pytest_canary.config.plan import Plan
from pytest_canary.config.settings import Settings
from pytest_canary.core.errors import CanaryError
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Waiter

KUBECONFIG = {
    "users": [{"name": "it", "user": {"token": "t"}}],
    "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
}


class Bench:
    """A machine on which runs bring up a cluster."""

    def __init__(self, folder: Path, settings: Settings, server: ApiServer) -> None:
        self.folder = folder
        self.server = server
        self.options = Options(
            image="shop:2",
            baseline="none",
            cluster_name="dev",
            kind=self.program("kind", 'ls -l /proc/$$/fd >>"$(dirname $0)/kind-holds"'),
            kubectl=self.program(
                "kubectl-1.36", f"ls -l /proc/$$/fd >{folder}/kubectl-holds; cat {folder}/view"
            ),
        )
        self.program("docker", "")
        where = {"server": f"http://127.0.0.1:{server.server_port}"}
        view = KUBECONFIG | {"clusters": [{"name": "it", "cluster": where}]}
        (folder / "view").write_text(yaml.safe_dump(view))
        self.plan = Plan(settings, self.options, Baseline("none", "", "a test"))
        self.engine = Engine("dev-control-plane", folder / "deleted")
        self.runs: list[Run] = []
        self.dns_grace = GRACE

    def program(self, name: str, script: str) -> Path:
        path = self.folder / "programs" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def run(self) -> Run:
        self.runs.append(Run.start(self.folder))
        welcome(self.server, f"canary-{self.runs[-1].id}")
        self.engine.mounts = frozenset({self.runs[-1].record.mount})
        return self.runs[-1]

    def bring_up(self, run: Run, **options: Any) -> Provisioned:
        plan = replace(self.plan, options=replace(self.options, **options))
        given = (plan, run, run, self.engine, Waiter(), Processes())
        return Provision(*given, dns_grace=self.dns_grace).bring_up()

    def refused(self, run: Run, **options: Any) -> str:
        with pytest.raises(CanaryError) as failure:
            self.bring_up(run, **options)
        return failure.value.sentence
