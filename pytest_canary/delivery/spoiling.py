"""A canary that can't start, as only of such a one a rollback is worth trying."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping

from pytest_canary.delivery.standing import Standing
from pytest_canary.k8s.objects import app_container
from pytest_canary.manifests.version import CANARY


def spoil(standing: Standing, versions: Collection[str], kubectl: Callable[..., object]) -> None:
    """Leave the canary pods that can't start, where there is one.

    Args:
        standing: knows its Deployment.
        versions: the images of the app's versions, by which it is known among its sidecars.
        kubectl: runs kubectl on the run's namespace.

    Raises:
        ReleaseError: kubectl fails.
    """
    deployed = standing.deployment(CANARY)
    if deployed is None:
        return
    wanted = standing.tracks[CANARY]

    def patch(spec: Mapping[str, object]) -> None:
        kubectl("patch", "deployment", wanted.name, "-p", json.dumps({"spec": spec}))

    container = app_container(deployed["spec"]["template"], versions)["name"]
    broken = [{"name": container, "command": ["/spoilt-by-the-rehearsal"]}]
    patch({"replicas": 0})
    patch({"template": {"spec": {"containers": broken}}})
    patch({"replicas": wanted.replicas})
