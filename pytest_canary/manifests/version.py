"""The two tracks that a version is put on, and what who applies it sees."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

CANARY, STABLE = "canary", "stable"

TRACKS = (CANARY, STABLE)
"""The two Deployments of an app are `NAME-canary` and `NAME-stable`."""

HELM = "HELM_KUBE"
"""How the variables begin by which Helm is told of another cluster than the kubeconfig's."""


def apply_environment(
    variables: Mapping[str, str],
    parameters: Mapping[str, str],
    timeout: float,
    kubeconfig: str,
    home: str,
    kubectl: Path | None = None,
) -> dict[str, str]:
    """The environment that the apply script sees, and what its template is filled in from.

    Args:
        variables: those of the settings, which come before the process's own.
        parameters: those of the database, which come before both.
        timeout: seconds for which the bundled script waits for the rollout, unless one of the
            variables says so.
        kubeconfig: the file that says which cluster.
        home: the run's own folder, so that no ~/.kube/config is found.
        kubectl: the program that the script is to find; None for the one that PATH has.
    """
    environment = {
        # What the bundled apply.sh waits; so the setting holds for the script too.
        "ROLLOUT_TIMEOUT": f"{timeout:g}s",
        **{key: value for key, value in os.environ.items() if not key.startswith(HELM)},
        **variables,
        **parameters,
        "KUBECONFIG": kubeconfig,
        "HOME": home,
    }
    if kubectl:
        # A kubectl from elsewhere must be the one that apply.sh finds.
        path = os.environ.get("PATH", os.defpath)
        environment["PATH"] = f"{kubectl.parent}{os.pathsep}{path}"
    return environment
