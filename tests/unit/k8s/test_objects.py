"""What API objects say of themselves, on objects that a real API server gave."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from pytest_canary.k8s.objects import (
    DEFAULT_CONTAINER,
    app_container,
    condition,
    container_status,
    containers,
    is_ready,
    node_is_ready,
    node_says,
    pods_of,
    state,
)

CANARY, STABLE = "addressbook-canary", "addressbook-stable"
Captured = Callable[[str], Any]


# Whose pods


def test_a_pod_without_owner_is_nobodys(captured: Captured) -> None:
    seen = captured("canary")
    for pod in seen.pods:
        del pod["metadata"]["ownerReferences"]
    assert pods_of(seen.pods, STABLE) == []


def test_a_deployment_whose_name_begins_like_anothers_has_its_own_pods(captured: Captured) -> None:
    assert pods_of(captured("canary").pods, "addressbook") == []


# Words for a pod


@pytest.mark.parametrize(
    ("capture", "prefix", "words"),
    [
        ("canary", CANARY, "ready"),
        ("terminating", "addressbook-stable-fb6bdb77b", "terminating"),
        ("not-ready", CANARY, "running, not ready"),
        ("crashing", CANARY, "CrashLoopBackOff"),
        ("exited", "addressbook-canary-8889bc88f", "exited with code 3"),
        ("unschedulable", CANARY, "Pending"),
        ("unobserved", "addressbook-stable-67dfc8f9b9", "ContainerCreating"),
        ("containers", "sidecar", "exited with code 3"),
        ("containers", "init", "exited with code 3"),
    ],
)
def test_what_holds_a_pod_up_is_said(
    captured: Captured, capture: str, prefix: str, words: str
) -> None:
    pod = captured(capture).pod(prefix)
    assert state(pod) == words
    assert is_ready(pod) is (words == "ready")


def test_a_node_is_ready_when_its_kubelet_says_so() -> None:
    node = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    assert node_is_ready(node)
    late = copy.deepcopy(node)
    late["status"]["conditions"][0]["status"] = "Unknown"
    assert not node_is_ready(late)
    assert not node_is_ready({})


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ([], "its kubelet has not said anything yet"),
        ([{"type": "Ready", "status": "False"}], "it does not say why"),
        (
            [
                {
                    "type": "Ready",
                    "status": "False",
                    "reason": "KubeletNotReady",
                    "message": "no CNI",
                }
            ],
            "KubeletNotReady: no CNI",
        ),
    ],
)
def test_what_a_kubelet_says_of_its_node(conditions: list[dict[str, str]], words: str) -> None:
    assert node_says({"status": {"conditions": conditions}}) == words


def test_a_condition_that_an_object_has_not_is_empty() -> None:
    ready = {"type": "Ready", "status": "True"}
    item = {"status": {"conditions": [ready]}}
    assert condition(item, "Ready") == ready
    assert condition(item, "Progressing") == condition({}, "Ready") == {}


# Containers


POD = {
    "metadata": {"name": "app-1"},
    "spec": {
        "initContainers": [{"name": "schema"}, {"name": "proxy", "restartPolicy": "Always"}],
        "containers": [{"name": "app"}, {"name": "late"}],
    },
    "status": {
        "initContainerStatuses": [{"name": "schema"}, {"name": "proxy", "restartCount": 1}],
        "containerStatuses": [{"name": "app", "restartCount": 2, "state": {"running": {}}}],
    },
}


def test_a_pods_containers_come_in_the_order_in_which_they_start() -> None:
    found = list(containers(POD))
    assert [(each.name, each.init, each.sidecar) for each in found] == [
        ("schema", True, False),
        ("proxy", False, True),
        ("app", False, False),
        ("late", False, False),
    ]
    assert [each.restarts for each in found] == [0, 1, 2, 0]
    assert [each.running for each in found] == [None, None, {}, None]
    assert [each.status for each in found][-1] == {}


def test_a_containers_status_is_looked_up_by_its_name() -> None:
    assert container_status(POD, "proxy")["restartCount"] == 1
    assert container_status(POD, "app")["restartCount"] == 2
    assert container_status(POD, "late") == container_status({}, "app") == {}


@pytest.mark.parametrize(
    ("images", "default", "app"),
    [
        (["proxy:1", "app:2"], None, "b"),
        (["proxy:1", "app:2"], "a", "b"),  # who asks for the version is not sent to another
        (["app:2", "app:2"], "b", "b"),
        (["app:2", "app:2"], None, "a"),
        (["mirror/proxy:1", "mirror/app:2"], "b", "b"),
        (["mirror/proxy:1", "mirror/app:2"], None, "a"),
        (["app:1", "other:1"], None, "a"),
    ],
)
def test_the_app_is_the_container_with_a_versions_image(
    images: list[str], default: str | None, app: str
) -> None:
    listed = [{"name": name, "image": image} for name, image in zip("ab", images, strict=True)]
    annotations = {DEFAULT_CONTAINER: default} if default else {}
    pod = {"metadata": {"annotations": annotations}, "spec": {"containers": listed}}
    assert app_container(pod, {"app:1", "app:2"})["name"] == app
