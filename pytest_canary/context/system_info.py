"""What a run ran on, for whoever reads its report later."""

from __future__ import annotations

import platform
from contextlib import suppress
from importlib import metadata
from typing import TYPE_CHECKING

from pytest_canary.config.git import git
from pytest_canary.config.plan import Plan
from pytest_canary.core.errors import CanaryError, CommandError

if TYPE_CHECKING:
    from pytest_canary.cluster.container_engine import ContainerEngine
    from pytest_canary.cluster.provisioned import Provisioned
    from pytest_canary.core.processes import Processes


def local(plan: Plan, processes: Processes) -> dict[str, str]:
    """What is known without a cluster, by name: Python, pytest, the settings, the revision.

    Args:
        plan: tells the settings.
        processes: run git, to ask for the revision.
    """
    found = {
        "python": platform.python_version(),
        "pytest": metadata.version("pytest"),
        "platform": platform.platform(),
        "settings": plan.settings.source,
    }
    try:
        root = plan.settings.root
        words = ("describe", "--always", "--dirty", "--tags")
        found["revision"] = git(root, *words, processes=processes).strip()
    except CommandError:
        pass  # not in git, or nothing committed yet
    return found


def remote(up: Provisioned, engine: ContainerEngine, processes: Processes) -> dict[str, str]:
    """What cluster and engine say of themselves, by name; what doesn't answer is left out.

    Args:
        up: the cluster.
        engine: the container engine.
        processes: run kind, to ask for its version.
    """
    found: dict[str, str] = {}
    # A shared cluster's users may not look at its nodes.
    with suppress(CanaryError):
        for node in up.namespace.cluster.nodes()[:1]:
            found["kubernetes"] = str(node["status"]["nodeInfo"]["kubeletVersion"])
    with suppress(CanaryError):
        found["engine"] = f"Docker {engine.version}"
        if up.cluster:
            found["node_image"] = up.cluster.image or "kind's own"
            version = processes.read([up.cluster.kind_path, "version"], timeout=20)
            found["kind"] = version.split("go1")[0].removeprefix("kind").strip()
    return found
