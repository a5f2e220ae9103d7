"""The account that a release runs as: made through a real HTTP API on loopback."""

import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from fakes.api_server import ApiServer, write_kubeconfig
from fakes.clock import Clock
from fakes.folders import DOCS

from pytest_canary.cluster.account import ACCOUNT, confine, expect_rights, manifests
from pytest_canary.core.errors import ClusterError
from pytest_canary.core.masking import MASK, Redactor
from pytest_canary.core.waiting import Waiter
from pytest_canary.k8s.namespace import Namespace
from pytest_canary.k8s.rights import ADDRESSING, CONFINING, MAKING, MIGRATING, RELEASE, Right

THERE = "/api/v1/namespaces/canary-1"
RBAC = "/apis/rbac.authorization.k8s.io/v1/namespaces/canary-1"
REVIEWS = "/apis/authorization.k8s.io/v1"
INGRESSES = {"verbs": ["*"], "apiGroups": ["networking.k8s.io"], "resources": ["ingresses"]}


@pytest.fixture
def api_server(api_server: ApiServer) -> ApiServer:
    given(api_server, hours=24)
    refusals = iter([False, True])
    api_server.answers |= {
        f"POST {THERE}/serviceaccounts": (201, {}),
        f"POST {RBAC}/roles": (201, {}),
        f"POST {RBAC}/rolebindings": (201, {}),
        f"POST {REVIEWS}/selfsubjectrulesreviews": (
            201,
            {"status": {"resourceRules": [INGRESSES]}},
        ),
        # The API server takes a moment to know of a new RoleBinding.
        f"POST {REVIEWS}/selfsubjectaccessreviews": lambda _: (
            201,
            {"status": {"allowed": next(refusals, True)}},
        ),
        "GET /api/v1/nodes": (200, {"items": []}),
        f"GET {THERE}/pods": (200, {"items": []}),
    }
    return api_server


def given(api_server: ApiServer, hours: int) -> None:
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=hours)
    status = {"token": "t0ken-of-the-account", "expirationTimestamp": end.isoformat()}
    api_server.answers[f"POST {THERE}/serviceaccounts/{ACCOUNT}/token"] = (201, {"status": status})


def confined(api_server: ApiServer, folder: Path, redactor: Redactor) -> Namespace:
    # As a run has it: one context.
    write_kubeconfig(folder / "kubeconfig.run", api_server)
    document = yaml.safe_load((folder / "kubeconfig.run").read_text())
    document["contexts"] = document["contexts"][:1]
    document["current-context"] = "it"
    (folder / "kubeconfig.run").write_text(yaml.safe_dump(document))
    owner = Namespace(folder / "kubeconfig.run", "canary-1")
    return confine(owner, folder, seconds=12_000, waiter=Waiter(Clock()), redactor=redactor)


def test_the_namespace_is_asked_with_the_accounts_token_alone(
    api_server: ApiServer, tmp_path: Path
) -> None:
    redactor = Redactor()
    namespace = confined(api_server, tmp_path, redactor)
    api_server.tokens.clear()
    namespace.objects("Pod")
    assert api_server.tokens == ["t0ken-of-the-account"]
    namespace.cluster.nodes()
    assert api_server.tokens[-1] == "t0ken-of-the-user"
    text = namespace.kubeconfig.read_text()
    assert namespace.kubeconfig.stat().st_mode & 0o777 == 0o600
    assert "t0ken-of-the-account" in text
    assert "t0ken-of-the-user" not in text
    assert redactor.redact("t0ken-of-the-account") == MASK


def test_the_account_may_in_its_namespace_what_its_user_may(
    api_server: ApiServer, tmp_path: Path
) -> None:
    confined(api_server, tmp_path, Redactor())
    made: dict[str, Any] = {each["kind"]: each for each in api_server.bodies if "kind" in each}
    assert set(made) == {"ServiceAccount", "Role", "RoleBinding"}
    assert made["Role"]["rules"] == [*(right.rule for right in RELEASE), INGRESSES]
    assert made["RoleBinding"]["roleRef"]["kind"] == "Role"
    assert made["RoleBinding"]["subjects"] == [{"kind": "ServiceAccount", "name": ACCOUNT}]
    # A Role counts in its own namespace alone.
    assert not any("namespace" in each["metadata"] for each in manifests())


def test_a_token_that_ends_before_the_walk_is_told(api_server: ApiServer, tmp_path: Path) -> None:
    given(api_server, hours=1)
    with pytest.raises(ClusterError) as failure:
        confined(api_server, tmp_path, Redactor())
    assert failure.value.sentence.startswith(
        f"the API server gives ServiceAccount {ACCOUNT} a token for 3"
    )
    assert failure.value.sentence.endswith("and the walk may take 12000 s; shorten the [deadlines]")


def reviewed(api_server: ApiServer, *refused: str) -> None:
    """Let the user do everything but some verbs on some resources."""

    def answer(review: Any) -> tuple[int, Any]:
        asked = review["spec"]["resourceAttributes"]
        return 201, {"status": {"allowed": f"{asked['verb']} {asked['resource']}" not in refused}}

    api_server.answers[f"POST {REVIEWS}/selfsubjectaccessreviews"] = answer


@pytest.mark.parametrize(
    ("makes", "refused", "told", "file"),
    [
        (True, ["create namespaces"], "create namespaces", "the ClusterRole in pytest-canary's"),
        (False, ["create namespaces", "create roles"], "create roles.rbac.", "the Role in pytest-"),
        (
            False,
            ["list events", "watch events", "get events", "create secrets", "list secrets"],
            "list secrets, create secrets, get events and 2 more in namespace canary-1",
            "docs/rights/namespace.yml",
        ),
    ],
)
def test_a_right_that_lacks_is_named_beforehand(
    api_server: ApiServer, tmp_path: Path, makes: bool, refused: list[str], told: str, file: str
) -> None:
    reviewed(api_server, *refused)
    write_kubeconfig(tmp_path / "kubeconfig", api_server)
    owner = Namespace(tmp_path / "kubeconfig", "canary-1", "it")
    with pytest.raises(ClusterError) as failure:
        expect_rights(owner, makes_namespace=makes)
    assert f"you may not {told}" in failure.value.sentence
    assert file in failure.value.sentence
    # What a walk can do without is not asked for.
    reviewed(api_server, "create endpointslices", "update endpointslices")
    expect_rights(owner, makes_namespace=makes)
    assert owner.access.missing_rights(ADDRESSING) == [
        "create endpointslices.discovery.k8s.io",
        "update endpointslices.discovery.k8s.io",
    ]
    assert all(each.endswith("reviews") for each in api_server.asked), "nothing is made"


def test_the_rights_for_a_job_are_asked_for_where_one_migrates(
    api_server: ApiServer, tmp_path: Path
) -> None:
    reviewed(api_server, "create jobs")
    write_kubeconfig(tmp_path / "kubeconfig", api_server)
    owner = Namespace(tmp_path / "kubeconfig", "canary-1", "it")
    expect_rights(owner, makes_namespace=False)
    with pytest.raises(ClusterError, match=r"you may not create jobs\.batch in namespace canary-1"):
        expect_rights(owner, makes_namespace=False, runs_jobs=True)


def rights(*given: Right) -> set[tuple[str, str, str]]:
    return {(right.group, right.resource, verb) for right in given for verb in right.verbs}


@pytest.mark.parametrize(
    ("file", "needed"),
    [
        ("namespace.yml", rights(*RELEASE, *CONFINING)),
        ("cluster.yml", rights(*RELEASE, *CONFINING, *MAKING)),
    ],
)
def test_the_documented_roles_are_what_a_walk_asks_for(
    file: str, needed: set[tuple[str, str, str]]
) -> None:
    role, binding = yaml.safe_load_all((DOCS / "rights" / file).read_text())
    given = {
        (group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert given == needed
    assert binding["roleRef"]["name"] == role["metadata"]["name"]


@pytest.mark.parametrize("file", ["namespace.yml", "cluster.yml"])
def test_the_documented_roles_have_what_a_walk_can_do_without_as_a_comment(file: str) -> None:
    text = (DOCS / "rights" / file).read_text()
    lines = [line.strip() for line in text.splitlines()]
    rules = [
        yaml.safe_load(line.removeprefix("# - ")) for line in lines if line.startswith("# - {")
    ]
    assert [right.rule for right in MIGRATING] == [
        rule for rule in rules if rule["resources"] == ["jobs"]
    ]
    assert [right.rule for right in ADDRESSING] == [
        rule for rule in rules if rule["resources"] == ["endpointslices"]
    ]
