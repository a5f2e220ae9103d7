"""The pod that shows what a migration should have done."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from pytest_canary.release.one_off import one_off

Captured = Callable[[str], Any]


@pytest.fixture
def live(captured: Captured) -> dict[str, Any]:
    pod: dict[str, Any] = captured("canary").pod("addressbook-canary")
    return pod


def made(pod: dict[str, Any]) -> dict[str, Any]:
    app = pod["spec"]["containers"][0]["name"]
    return one_off(pod, app, "canary-fresh-1", ["npm", "run", "migrate"], "canary_fresh_1")


def test_the_pod_runs_the_command_with_the_image_and_the_settings_of_the_live_one(
    live: dict[str, Any],
) -> None:
    pod = made(live)
    (container,) = pod["spec"]["containers"]
    original = live["spec"]["containers"][0]
    assert container["command"] == ["npm", "run", "migrate"]
    assert container["image"] == original["image"]
    assert container["envFrom"] == [{"secretRef": {"name": "db-params"}}]
    assert container["securityContext"] == original["securityContext"]
    assert container["resources"] == original["resources"]
    assert pod["spec"]["restartPolicy"] == "Never"
    assert pod["spec"]["imagePullSecrets"] == [{"name": "registry"}]


def test_the_pod_has_no_label_so_nobody_sends_it_traffic_or_adopts_it(
    live: dict[str, Any],
) -> None:
    pod = made(live)
    assert pod["metadata"] == {"name": "canary-fresh-1"}
    assert set(pod) == {"apiVersion", "kind", "metadata", "spec"}


def test_the_pod_has_no_probe_that_would_restart_it(live: dict[str, Any]) -> None:
    original = live["spec"]["containers"][0]
    original["startupProbe"] = original["livenessProbe"]
    original["lifecycle"] = {"preStop": {"sleep": {"seconds": 3}}}
    original["args"] = ["serve"]
    (container,) = made(live)["spec"]["containers"]
    assert not {"livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "args"} & set(
        container
    )


def with_init_containers(pod: dict[str, Any]) -> dict[str, Any]:
    image = pod["spec"]["containers"][0]["image"]
    pod["spec"]["initContainers"] = [
        {"name": "wait", "image": "busybox"},
        {"name": "migrate", "image": image, "command": ["up"], "args": ["now"]},
        {"name": "late", "image": "busybox"},
    ]
    return pod


def test_an_init_container_that_migrates_is_the_pods_only_one_behind_those_before_it(
    live: dict[str, Any],
) -> None:
    pod = one_off(with_init_containers(live), "migrate", "canary-fresh-1", (), "canary_fresh_1")
    (container,) = pod["spec"]["containers"]
    assert (container["name"], container["command"], container["args"]) == (
        "migrate",
        ["up"],
        ["now"],
    )
    assert container["env"][0] == {"name": "DB_SCHEMA", "value": "canary_fresh_1"}
    assert [each["name"] for each in pod["spec"]["initContainers"]] == ["wait"]


def test_an_app_that_migrates_as_it_starts_keeps_its_command_and_its_probes(
    live: dict[str, Any],
) -> None:
    original = live["spec"]["containers"][0]
    app = original["name"]
    pod = one_off(live, app, "canary-fresh-1", (), "canary_fresh_1", serves=True)
    (container,) = pod["spec"]["containers"]
    assert container["readinessProbe"] == original["readinessProbe"]
    assert container.get("command") == original.get("command")
    assert pod["metadata"] == {"name": "canary-fresh-1"}, "no Service selects it"


def test_the_pod_is_the_schedulers_to_place(live: dict[str, Any]) -> None:
    assert live["spec"]["nodeName"]
    assert not {"nodeName", "tolerations", "priority"} & set(made(live)["spec"])


def test_the_pods_database_is_another_and_stands_before_what_refers_to_it(
    live: dict[str, Any],
) -> None:
    url = {"name": "DATABASE_URL", "value": "postgres://db/$(DB_SCHEMA)"}
    live["spec"]["containers"][0]["env"] = [
        {"name": "DB_SCHEMA", "value": "app"},
        url,
    ]
    (container,) = made(live)["spec"]["containers"]
    assert container["env"] == [{"name": "DB_SCHEMA", "value": "canary_fresh_1"}, url]


def test_the_database_is_another_under_whatever_name_the_pod_has_it(live: dict[str, Any]) -> None:
    """Or else the migration that is tried on an empty database runs on the live one."""

    def from_secret(name: str, secret: str, key: str) -> dict[str, Any]:
        return {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}

    container = live["spec"]["containers"][0]
    user = from_secret("PGUSER", "db-params", "DB_USER")
    theirs = from_secret("THEIRS", "other", "DB_SCHEMA")
    container["env"] = [user, from_secret("PGDATABASE", "db-params", "DB_SCHEMA"), theirs]
    container["envFrom"] = [
        {"secretRef": {"name": "db-params"}, "prefix": "APP_"},
        {"secretRef": {"name": "other"}, "prefix": "OTHER_"},
        {"configMapRef": {"name": "db-params"}, "prefix": "MAP_"},
    ]
    (found,) = made(live)["spec"]["containers"]
    changed = ("DB_SCHEMA", "APP_DB_SCHEMA", "PGDATABASE")
    assert found["env"] == [
        *({"name": name, "value": "canary_fresh_1"} for name in changed),
        user,
        theirs,
    ]


def test_an_init_container_works_on_the_other_database_too(live: dict[str, Any]) -> None:
    live["spec"]["initContainers"] = [{"name": "wait", "image": "app"}]
    (first,) = made(live)["spec"]["initContainers"]
    assert first["env"] == [{"name": "DB_SCHEMA", "value": "canary_fresh_1"}]


def test_a_sidecar_that_would_never_end_is_left_out(captured: Captured) -> None:
    pod = made(captured("containers").pod("sidecar"))
    assert [container["name"] for container in pod["spec"]["containers"]] == ["app"]


def test_the_command_runs_in_the_app_though_a_sidecar_comes_first(live: dict[str, Any]) -> None:
    proxy = {"name": "istio-proxy", "image": "proxyv2"}
    image = live["spec"]["containers"][0]["image"]
    live["spec"]["containers"].insert(0, proxy)
    pod = one_off(live, "addressbook", "canary-fresh-1", ["npm", "run", "migrate"], "fresh")
    (container,) = pod["spec"]["containers"]
    assert (container["name"], container["image"]) == ("addressbook", image)
    assert container["command"] == ["npm", "run", "migrate"]


def test_the_tokens_volume_is_left_to_kubernetes(captured: Captured) -> None:
    live = captured("containers").pod("init")
    assert "kube-api-access-" in json.dumps(live), "the capture has a token"
    config = {"name": "config", "configMap": {"name": "shop"}}
    mount = {"name": "config", "mountPath": "/etc/shop"}
    live["spec"]["volumes"].append(config)
    live["spec"]["containers"][0]["volumeMounts"].append(mount)
    pod = made(live)
    assert "kube-api-access-" not in json.dumps(pod)
    assert pod["spec"]["volumes"] == [config]
    assert pod["spec"]["containers"][0]["volumeMounts"] == [mount]


def test_the_live_pod_is_not_touched(live: dict[str, Any]) -> None:
    before = copy.deepcopy(live)
    made(live)
    assert live == before
