"""What the API server refuses to a release's account, as kubectl passes it on."""

import pytest

from pytest_canary.diagnosis.refusals import refusals

USER = 'User "system:serviceaccount:canary-1:pytest-canary" cannot'
# kubectl v1.35 against an API server of v1.35; its first lines say what it was about.
RETRIEVING = 'from server for: "STDIN": '


@pytest.mark.parametrize(
    ("line", "code", "sentence"),
    [
        (
            f'{RETRIEVING}deployments.apps "shop-stable" is forbidden: {USER} get resource '
            '"deployments" in API group "apps" in the namespace "production"',
            "OtherNamespace",
            "the release names deployments.apps shop-stable in namespace production, where nothing "
            "is rehearsed, and the API server has refused it",
        ),
        (
            'error: the namespace from the provided object "production" does not match the '
            "namespace \"canary-1\". You must pass '--namespace=production' to perform this "
            "operation.",
            "OtherNamespace",
            "the release names an object in namespace production, where nothing is rehearsed, and "
            "the API server has refused it",
        ),
        (
            f'{RETRIEVING}clusterroles.rbac.authorization.k8s.io "shop" is forbidden: {USER} get '
            'resource "clusterroles" in API group "rbac.authorization.k8s.io" at the cluster scope',
            "ClusterScoped",
            "the release may not get clusterroles.rbac.authorization.k8s.io shop, which belongs to "
            "the whole cluster",
        ),
        (
            f'{RETRIEVING}namespaces "production" is forbidden: {USER} get resource "namespaces" '
            'in API group "" in the namespace "production"',
            "ClusterScoped",
            "the release may not get namespaces production, which belongs to the whole cluster",
        ),
        (
            f'Error from server (Forbidden): {USER} create resource "ingresses" in API group '
            '"networking.k8s.io" in the namespace "canary-1"',
            "NotAllowed",
            "the release may not create ingresses.networking.k8s.io, as you may not in namespace "
            "canary-1",
        ),
    ],
)
def test_a_refusal_is_a_finding_that_says_what_to_do(line: str, code: str, sentence: str) -> None:
    (found,) = refusals(f"service/x created\n{line}\n{line}\n", "canary-1")
    assert (found.code, found.sentence) == (code, sentence)
    assert found.evidence == line.strip()
    assert found.next


@pytest.mark.parametrize(
    "line",
    [
        "deployment.apps/shop-stable created",
        'Error from server (NotFound): namespaces "production" not found',
        'deployments.apps "x" is forbidden: exceeded quota: small',
    ],
)
def test_what_is_no_refusal_is_left_to_others(line: str) -> None:
    assert refusals(line, "canary-1") == []
