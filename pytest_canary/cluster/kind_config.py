"""What kind is told of a cluster: its one node, the ports that lead into it, how it starts."""

from __future__ import annotations

import json
from typing import Any

from pytest_canary.manifests.version import TRACKS

# A Service of type LoadBalancer gets a node port too. With this few of them, all can be mapped to
# loopback beforehand: no cloud and no port-forward, which would pin one pod, are needed. Which one
# a track's own Service gets is the API server's choice: it takes none that the app has.
APP_PORTS = 8
TRACK_PORTS = len(TRACKS)
NODE_PORTS = range(30000, 30000 + APP_PORTS + TRACK_PORTS)
NODE_PORT_RANGE = f"{NODE_PORTS[0]}-{NODE_PORTS[-1]}"

# A controller's client asks 20 times a second at most, and as it starts it asks for a token for
# each of some forty controllers: seconds in which nothing else happens. There is nobody whom one
# node's controllers have to spare, and nobody who could be elected in their place.
UNHURRIED = {"kube-api-qps": "300", "kube-api-burst": "600", "leader-elect": "false"}

# Who writes a Service's endpoints and looks again before it has heard of its own writing gives up
# for a second, or two or four where it does so again; a pod that was told to end gets connections
# meanwhile. Changes that are gathered for a moment don't come that early.
GATHERED = {"endpointslice-updates-batch-period": "100ms"}

# What the control plane's programs are told, by where kubeadm has it. Every Kubernetes that kind
# hands one of the versions below has these: 1.23, with etcd 3.5, and newer.
ARGUMENTS = {
    "apiServer": {"service-node-port-range": NODE_PORT_RANGE},
    # A list is replaced and not added to, so kind's own stands here too.
    "controllerManager": {"enable-hostpath-provisioner": "true", **UNHURRIED, **GATHERED},
    "scheduler": UNHURRIED,
    # A cluster that is thrown away needs not outlive a power cut; one that is kept for the next
    # run and has not outlived it is made anew.
    "etcd": {"unsafe-no-fsync": "true"},
}

# The first is kind's own. The second would restart the kubelet so that it reads its certificate
# from where it will be renewed in a year, just when it is to start the first pods.
SKIPPED = ["preflight", "kubelet-finalize"]


def config(mount: str) -> str:
    """The kind configuration: YAML by way of JSON.

    Args:
        mount: a path in the node that tells whose it is, as soon as the engine knows of it: kind
            has no other way to give a node something that it does not give to all.
    """
    # kind applies the patches whose version fits.
    patches = [patch for version in ("v1beta3", "v1beta4") for patch in _patches(version)]
    return json.dumps(
        {
            "kind": "Cluster",
            "apiVersion": "kind.x-k8s.io/v1alpha4",
            "nodes": [
                {
                    "role": "control-plane",
                    # Every machine has this one, so that no file is needed for it.
                    "extraMounts": [
                        {"hostPath": "/dev/null", "containerPath": mount, "readOnly": True}
                    ],
                    "extraPortMappings": [
                        {"containerPort": port, "hostPort": 0, "listenAddress": "127.0.0.1"}
                        for port in NODE_PORTS
                    ],
                }
            ],
            "kubeadmConfigPatches": [json.dumps(patch) for patch in patches],
        }
    )


def _patches(version: str) -> list[dict[str, Any]]:
    """What kubeadm is told, in one version of its configuration."""
    told = {part: _arguments(version, given) for part, given in ARGUMENTS.items()}
    api = f"kubeadm.k8s.io/{version}"
    return [
        {
            "apiVersion": api,
            "kind": "ClusterConfiguration",
            **{part: {"extraArgs": given} for part, given in told.items() if part != "etcd"},
            # kubeadm's own place for it, which it does not fill in where the rest is given.
            "etcd": {"local": {"dataDir": "/var/lib/etcd", "extraArgs": told["etcd"]}},
        },
        {"apiVersion": api, "kind": "InitConfiguration", "skipPhases": SKIPPED},
    ]


def _arguments(version: str, given: dict[str, str]) -> Any:
    """Arguments as a version has them: v1beta4 turned the map into a list."""
    if version == "v1beta3":
        return given
    return [{"name": name, "value": value} for name, value in given.items()]
