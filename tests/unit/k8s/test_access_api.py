"""What a user may, and a token for an account, through a real HTTP API on loopback."""

import datetime
from pathlib import Path
from typing import Any

import pytest
from fakes.api_server import ApiServer, write_kubeconfig

from pytest_canary.k8s.access_api import AccessApi
from pytest_canary.k8s.connection import Connection
from pytest_canary.k8s.rights import Right

REVIEWS = "POST /apis/authorization.k8s.io/v1"


@pytest.fixture
def access(api_server: ApiServer, tmp_path: Path) -> AccessApi:
    write_kubeconfig(tmp_path / "kubeconfig", api_server)
    return AccessApi(Connection(tmp_path / "kubeconfig", "it"), "shop-test")


def test_each_verb_is_asked_for_and_what_lacks_is_named(
    api_server: ApiServer, access: AccessApi
) -> None:
    asked: list[Any] = []

    def answer(review: Any) -> tuple[int, Any]:
        asked.append(review["spec"]["resourceAttributes"])
        return 201, {"status": {"allowed": asked[-1]["verb"] == "get"}}

    api_server.answers[f"{REVIEWS}/selfsubjectaccessreviews"] = answer
    scale = Right("deployments/scale", ("get", "patch"), "apps")
    itself = Right("namespaces", ("delete",))
    assert access.missing_rights([scale, itself]) == [
        "patch deployments.apps/scale",
        "delete namespaces",
    ]
    by_verb = {each["verb"]: each for each in asked}
    assert by_verb["patch"] == {
        "verb": "patch",
        "group": "apps",
        "resource": "deployments",
        "subresource": "scale",
        "namespace": "shop-test",
    }
    # A namespace's own rights are by its name.
    assert by_verb["delete"]["name"] == "shop-test"
    asked.clear()
    access.missing_rights([itself], everywhere=True)
    assert asked[0]["namespace"] == ""


def test_the_users_own_rules_are_those_that_a_role_may_have(
    api_server: ApiServer, access: AccessApi
) -> None:
    rule = {"verbs": ["*"], "apiGroups": ["networking.k8s.io"], "resources": ["ingresses"]}
    rules = [rule, {"verbs": ["get"], "apiGroups": None, "resources": None}]
    status = {"resourceRules": rules, "nonResourceRules": [], "incomplete": True}
    api_server.answers[f"{REVIEWS}/selfsubjectrulesreviews"] = (201, {"status": status})
    assert list(access.own_rules()) == [rule]
    assert api_server.bodies == [{"spec": {"namespace": "shop-test"}}]


def test_a_token_comes_with_the_time_that_it_really_holds(
    api_server: ApiServer, access: AccessApi
) -> None:
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
    status = {"token": "t0ken", "expirationTimestamp": f"{end:%Y-%m-%dT%H:%M:%SZ}"}
    path = "/api/v1/namespaces/shop-test/serviceaccounts/walker/token"
    api_server.answers[f"POST {path}"] = (201, {"status": status})
    token = access.token("walker", 86_400)
    assert token.text == "t0ken"
    assert 3500 < token.seconds <= 3601
    assert api_server.bodies == [{"spec": {"expirationSeconds": 86_400}}]
