"""What kubeadm itself says of what it is told, by way of kind, of a cluster's start."""

from __future__ import annotations

import json
import subprocess

import pytest
from acceptance.projects import needed

from pytest_canary.cluster.kind_config import config


def validated(documents: list[dict[str, object]]) -> subprocess.CompletedProcess[str]:
    """`kubeadm config validate`, in the node image, of these documents."""
    image = needed("NODE_IMAGE") or "kindest/node:v1.35.0"
    command = ["config", "validate", "--config=/dev/stdin"]
    return subprocess.run(
        ["docker", "run", "--rm", "--interactive", "--entrypoint=kubeadm", image, *command],
        input="\n---\n".join(map(json.dumps, documents)),
        capture_output=True,
        text=True,
        timeout=120,
    )


def told(version: str) -> list[dict[str, object]]:
    """What is told in one version of kubeadm's configuration."""
    patches = map(json.loads, json.loads(config("/pytest-canary/1"))["kubeadmConfigPatches"])
    return [each for each in patches if each["apiVersion"] == f"kubeadm.k8s.io/{version}"]


@pytest.mark.parametrize("version", ["v1beta3", "v1beta4"])
def test_kubeadm_takes_what_it_is_told(version: str) -> None:
    documents = told(version)
    assert len(documents) == 2
    done = validated(documents)
    assert (done.returncode, done.stdout.strip().splitlines()[-1:]) == (0, ["ok"]), done.stderr


@pytest.mark.parametrize("version", ["v1beta3", "v1beta4"])
def test_kubeadm_refuses_what_another_version_says(version: str) -> None:
    other = {"v1beta3": "v1beta4", "v1beta4": "v1beta3"}[version]
    documents = [each | {"apiVersion": f"kubeadm.k8s.io/{version}"} for each in told(other)]
    done = validated(documents)
    assert done.returncode != 0
    assert "extraArgs" in done.stderr
