"""What the API server says of an object before it is applied, through a real HTTP API."""

import json
from pathlib import Path
from typing import Any

import pytest
from fakes.api_server import ApiServer, write_kubeconfig

from pytest_canary.core.errors import ClusterError
from pytest_canary.core.masking import MASK, Redactor
from pytest_canary.k8s.dry_run import LAST_APPLIED, NO_MATCH, Refusal, change
from pytest_canary.k8s.namespace import Namespace

QUERY = "?dryRun=All&fieldManager=kubectl-client-side-apply&fieldValidation=Strict"
APPS = "/apis/apps/v1"
DEPLOYMENTS = f"{APPS}/namespaces/canary-test/deployments"
BODY = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "shop"},
    "spec": {"a": 1},
}
SAID = (
    'Deployment.apps "shop" is invalid: spec.selector: Invalid value: hunter22: field is immutable'
)
STATUS = {
    "reason": "Invalid",
    "message": SAID,
    "details": {"causes": [{"field": "spec.selector", "message": "hunter22: field is immutable"}]},
}


@pytest.fixture
def api_server(api_server: ApiServer) -> ApiServer:
    kinds = [
        {"name": "deployments", "kind": "Deployment", "namespaced": True},
        {"name": "deployments/status", "kind": "Deployment", "namespaced": True},
    ]
    api_server.answers[f"GET {APPS}"] = (200, {"resources": kinds})
    nodes = [{"name": "nodes", "kind": "Node", "namespaced": False}]
    api_server.answers["GET /api/v1"] = (200, {"resources": nodes})
    return api_server


@pytest.fixture
def namespace(api_server: ApiServer, tmp_path: Path) -> Namespace:
    kubeconfig = tmp_path / "kubeconfig"
    write_kubeconfig(kubeconfig, api_server)
    return Namespace(kubeconfig, "canary-test", "it", Redactor(["hunter22"]))


def test_what_is_not_there_is_as_if_it_was_made(
    api_server: ApiServer, namespace: Namespace
) -> None:
    api_server.answers[f"POST {DEPLOYMENTS}"] = (201, BODY)
    assert namespace.dry_apply(BODY) is None
    assert api_server.asked == [
        f"GET {APPS}",
        f"GET {DEPLOYMENTS}/shop",
        f"POST {DEPLOYMENTS}{QUERY}",
    ]
    assert api_server.bodies == [BODY]
    # Its kinds are known from then on.
    assert namespace.dry_apply(BODY) is None
    assert api_server.asked.count(f"GET {APPS}") == 1


def test_what_is_there_is_as_if_it_was_changed(api_server: ApiServer, namespace: Namespace) -> None:
    api_server.answers[f"GET {DEPLOYMENTS}/shop"] = (200, {"metadata": {}})
    api_server.answers[f"PATCH {DEPLOYMENTS}/shop"] = (200, BODY)
    assert namespace.dry_apply(BODY) is None
    assert api_server.asked[-1] == f"PATCH {DEPLOYMENTS}/shop{QUERY}"


def test_a_refusal_has_the_api_servers_words_without_secrets(
    api_server: ApiServer, namespace: Namespace
) -> None:
    api_server.answers[f"GET {DEPLOYMENTS}/shop"] = (200, {"metadata": {}})
    api_server.answers[f"PATCH {DEPLOYMENTS}/shop"] = (422, STATUS)
    assert namespace.dry_apply(BODY) == Refusal(
        "Invalid",
        SAID.replace("hunter22", MASK),
        (("spec.selector", f"{MASK}: field is immutable"),),
    )


def test_a_refusal_that_is_no_status_is_told_as_it_is(
    api_server: ApiServer, namespace: Namespace
) -> None:
    api_server.answers[f"POST {DEPLOYMENTS}"] = (502, "bad gateway\n")
    assert namespace.dry_apply(BODY) == Refusal("Bad Gateway", "bad gateway")


def test_what_may_not_be_looked_at_is_refused(api_server: ApiServer, namespace: Namespace) -> None:
    api_server.answers["GET /api/v1/nodes/one"] = (403, {"reason": "Forbidden", "message": "no"})
    body = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "one"}}
    assert namespace.dry_apply(body) == Refusal("Forbidden", "no")


@pytest.mark.parametrize("version", ["apps/v1", "shop.invalid/v1"])
def test_a_kind_that_nobody_knows_is_told_in_kubectls_words(
    namespace: Namespace, version: str
) -> None:
    found = namespace.dry_apply(BODY | {"apiVersion": version, "kind": "Shop"})
    assert found == Refusal(NO_MATCH, f'no matches for kind "Shop" in version "{version}"')


def test_an_api_server_that_is_away_is_an_error(
    api_server: ApiServer, namespace: Namespace
) -> None:
    api_server.server_close()
    with pytest.raises(ClusterError, match=r"can't try an object out: http\S+ does not answer"):
        namespace.dry_apply(BODY)


@pytest.mark.parametrize(
    ("last", "body", "patch"),
    [
        (None, {"spec": {"a": 1}}, {"spec": {"a": 1}}),
        ({"spec": {"a": 1, "b": 2}}, {"spec": {"a": 1}}, {"spec": {"a": 1, "b": None}}),
        ({"data": {"k": "v"}}, {"spec": {}}, {"data": None, "spec": {}}),
        ({"spec": [1, 2]}, {"spec": [2]}, {"spec": [2]}),
        ("no JSON {", {"spec": 1}, {"spec": 1}),
        ({"spec": 1}, {"spec": {"a": {}}}, {"spec": {"a": {}}}),
    ],
)
def test_what_was_applied_before_and_is_no_more_goes(last: Any, body: Any, patch: Any) -> None:
    text = last if isinstance(last, str) else json.dumps(last)
    annotations = {} if last is None else {LAST_APPLIED: text}
    assert change({"metadata": {"annotations": annotations}}, body) == patch


def test_a_deployments_strategy_has_nothing_left_of_another_type() -> None:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%"}}
    live = {"metadata": {}, "spec": {"strategy": rolling}}
    body = {"kind": "Deployment", "spec": {"strategy": {"type": "Recreate"}}}
    assert change(live, body)["spec"]["strategy"] == {"type": "Recreate", "rollingUpdate": None}
    assert change(live, {"kind": "Deployment", "spec": {}})["spec"] == {}
