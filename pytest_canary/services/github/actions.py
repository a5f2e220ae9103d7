"""What stands in for actions that are often used; settings add others, and come first."""

from __future__ import annotations

from collections.abc import Mapping

_NOTHING = (
    "actions/cache",
    "actions/cache/restore",
    "actions/cache/save",
    "actions/setup-go",
    "actions/setup-java",
    "actions/setup-node",
    "actions/setup-python",
    "actions/upload-artifact",
    "aws-actions/configure-aws-credentials",
    "azure/login",
    "azure/setup-helm",
    "azure/setup-kubectl",
    "digitalocean/action-doctl",
    "docker/setup-buildx-action",
    "docker/setup-qemu-action",
    "google-github-actions/auth",
    "google-github-actions/setup-gcloud",
)
_KUBECONFIG = (
    "azure/aks-set-context",
    "azure/k8s-set-context",
    "google-github-actions/get-gke-credentials",
)

CHECKOUT = "actions/checkout"

STAND_INS: Mapping[str, str] = {
    CHECKOUT: "checkout",
    "docker/build-push-action": "canary_build_push",
    "docker/login-action": "docker login",
    **dict.fromkeys(_NOTHING, ""),
    # As the clouds' own programs have it: the run's cluster is the only one.
    **dict.fromkeys(_KUBECONFIG, "canary_give_kubeconfig"),
}
"""Commands for a job's shell, by the action's name; an empty one for nothing."""


def stand_in(action: str, more: Mapping[str, str]) -> str | None:
    """What stands in for an action; None where nothing does.

    Args:
        action: with its version: "actions/checkout@v4".
        more: the settings' own.
    """
    name = action.split("@")[0]
    return {**STAND_INS, **more}.get(name)
