"""A Service without a selector, and the EndpointSlices that lead it to chosen pods."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from fakes.manifests import parsed

from pytest_canary.k8s.objects import endpoints
from pytest_canary.k8s.slices import MANAGER, selectorless, slices_of, target_port
from pytest_canary.manifests.schema import of_version

Object = dict[str, Any]


def pod(name: str = "shop-1", address: str = "10.244.0.7", **spec: Any) -> Object:
    ports = [{"containerPort": 9100}, {"name": "web", "containerPort": 3000}]
    container = {"name": "shop", "image": "shop:1", "ports": ports}
    return {
        "metadata": {"name": name, "namespace": "canary-1", "uid": f"uid-{name}"},
        "spec": {"containers": [{"name": "bare", "image": "bare:1"}, container], **spec},
        "status": {"podIP": address},
    }


@pytest.mark.parametrize(
    ("port", "found"),
    [
        ({"port": 80, "targetPort": 8080}, 8080),
        ({"port": 80}, 80),
        ({"port": 80, "targetPort": "web"}, 3000),
        ({"port": 80, "targetPort": "metrics"}, 9102),
        ({"port": 80, "targetPort": "early"}, None),
        ({"port": 80, "targetPort": "grpc"}, None),
    ],
    ids=str,
)
def test_a_port_is_the_services_number_or_the_pods_of_that_name(
    port: Object, found: int | None
) -> None:
    def init(name: str, number: int, **more: str) -> Object:
        return {"name": name, "ports": [{"name": name, "containerPort": number}], **more}

    sidecar, first = init("metrics", 9102, restartPolicy="Always"), init("early", 9103)
    service = {"spec": {"ports": [port, {"port": 443, "targetPort": "other"}]}}
    assert target_port(service, pod(initContainers=[first, sidecar])) == found


def service(name: str = "track-shop-canary") -> Object:
    return selectorless(name) | {"metadata": {"name": name, "uid": "uid-of-it"}}


def test_a_service_without_a_selector_is_led_to_pods() -> None:
    found = slices_of(service(), [(pod(nodeName="node-1"), 3000)])
    assert found == {
        "track-shop-canary-3000": {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": "track-shop-canary-3000",
                "labels": {
                    "kubernetes.io/service-name": "track-shop-canary",
                    "endpointslice.kubernetes.io/managed-by": MANAGER,
                },
                "ownerReferences": [
                    {
                        "apiVersion": "v1",
                        "kind": "Service",
                        "name": "track-shop-canary",
                        "uid": "uid-of-it",
                    }
                ],
            },
            "addressType": "IPv4",
            "endpoints": [
                {
                    "addresses": ["10.244.0.7"],
                    "conditions": {"ready": True, "serving": True, "terminating": False},
                    "targetRef": {
                        "kind": "Pod",
                        "name": "shop-1",
                        "namespace": "canary-1",
                        "uid": "uid-shop-1",
                    },
                    "nodeName": "node-1",
                }
            ],
            "ports": [{"name": "http", "port": 3000, "protocol": "TCP"}],
        }
    }
    made = selectorless("track-shop-canary")["spec"]
    assert "selector" not in made
    assert made["ports"][0]["name"] == "http", "kube-proxy brings both together by it"


def test_pods_are_in_one_slice_a_port() -> None:
    pods = [(pod("a"), 3000), (pod("b"), 8080), (pod("c"), 3000)]
    found = slices_of(service(), pods)
    assert list(found) == ["track-shop-canary-3000", "track-shop-canary-8080"]
    assert endpoints(found.values(), "track-shop-canary") == {"a", "b", "c"}
    assert endpoints([found["track-shop-canary-3000"]], "track-shop-canary") == {"a", "c"}
    assert slices_of(service(), []) == {}


def test_addresses_of_the_sixth_version_are_told_as_such() -> None:
    (found,) = slices_of(service(), [(pod(address="fd00::7"), 3000)]).values()
    assert found["addressType"] == "IPv6"


@pytest.mark.parametrize("version", [(1, 30), (1, 35)], ids=str)
def test_both_fit_kubernetes_own_schema(version: tuple[int, int]) -> None:
    made = [selectorless("it"), *slices_of(service(), [(pod(nodeName="node-1"), 3000)]).values()]
    documents = parsed(yaml.safe_dump_all(made)).documents
    schema = of_version(version)
    assert [each.kind for each in documents if schema.knows(each)] == ["Service", "EndpointSlice"]
    assert [fault.sentence for each in documents for fault in schema.misfits(each)] == []
