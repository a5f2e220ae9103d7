"""What kind is told: ports that lead into the node, and how its control plane starts."""

import json
from typing import Any

from pytest_canary.cluster.kind_config import APP_PORTS, NODE_PORTS, TRACK_PORTS, config


def patches(kind: str) -> dict[str, dict[str, Any]]:
    """What kubeadm is told of a kind, by the version of its configuration."""
    document = json.loads(config("/pytest-canary/1"))
    found = [json.loads(patch) for patch in document["kubeadmConfigPatches"]]
    return {
        each["apiVersion"].removeprefix("kubeadm.k8s.io/"): each
        for each in found
        if each["kind"] == kind
    }


def test_each_track_has_a_node_port_beside_those_of_the_apps_services() -> None:
    """Whichever the API server gives it: all that there are lead to this machine's loopback."""
    (node,) = json.loads(config("/pytest-canary/1"))["nodes"]
    mapped = [each["containerPort"] for each in node["extraPortMappings"]]
    assert mapped == list(NODE_PORTS) == list(range(30000, 30010))
    assert (APP_PORTS, TRACK_PORTS) == (8, 2)
    assert {(each["hostPort"], each["listenAddress"]) for each in node["extraPortMappings"]} == {
        (0, "127.0.0.1")
    }
    told = patches("ClusterConfiguration")
    assert told["v1beta3"]["apiServer"]["extraArgs"] == {"service-node-port-range": "30000-30009"}
    assert told["v1beta4"]["apiServer"]["extraArgs"] == [
        {"name": "service-node-port-range", "value": "30000-30009"}
    ]


def test_both_versions_of_kubeadms_configuration_say_the_same() -> None:
    told = patches("ClusterConfiguration")
    assert told.keys() == {"v1beta3", "v1beta4"}
    for part in ("apiServer", "controllerManager", "scheduler", "etcd"):
        older, newer = (
            (told[version][part]["local"] if part == "etcd" else told[version][part])["extraArgs"]
            for version in ("v1beta3", "v1beta4")
        )
        assert older == {each["name"]: each["value"] for each in newer}


def test_what_stands_in_a_list_that_is_replaced_has_kinds_own_too() -> None:
    """kind's patches are JSON merge patches, which add to a map and take the place of a list."""
    newer = patches("ClusterConfiguration")["v1beta4"]
    assert {"name": "enable-hostpath-provisioner", "value": "true"} in newer["controllerManager"][
        "extraArgs"
    ]
    for each in patches("InitConfiguration").values():
        assert each["skipPhases"] == ["preflight", "kubelet-finalize"]


def test_who_writes_endpoints_does_not_look_before_it_has_heard_of_its_own_writing() -> None:
    """Or else it gives up for seconds, in which a pod that was told to end gets connections."""
    told = patches("ClusterConfiguration")["v1beta3"]["controllerManager"]["extraArgs"]
    assert told["endpointslice-updates-batch-period"] == "100ms"


def test_nobody_is_elected_or_spared_where_nobody_else_is() -> None:
    told = patches("ClusterConfiguration")["v1beta3"]
    for part in ("controllerManager", "scheduler"):
        arguments = told[part]["extraArgs"]
        assert arguments["leader-elect"] == "false"
        assert int(arguments["kube-api-qps"]) > 20 < int(arguments["kube-api-burst"])
    assert told["etcd"]["local"] == {
        "dataDir": "/var/lib/etcd",
        "extraArgs": {"unsafe-no-fsync": "true"},
    }
