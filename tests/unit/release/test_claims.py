"""What makes a release's objects known as the run's."""

import pytest

from pytest_canary.core.errors import ReleaseError
from pytest_canary.release.claims import Claims


class Kubectl:
    """Writes down what it is asked."""

    def __init__(self, error: ReleaseError | None = None) -> None:
        self.asked: list[str] = []
        self.error = error

    def __call__(self, *words: object) -> str:
        self.asked.append(" ".join(map(str, words)))
        if self.error:
            raise self.error
        return ""


def claimed(*lines: str, kubectl: Kubectl | None = None) -> tuple[Claims, list[str], list[str]]:
    noted: list[str] = []
    claims = Claims("pytest-canary/run=a1b2c3", noted.append)
    kubectl = kubectl or Kubectl()
    for line in lines:
        claims.hear(line, kubectl)
    return claims, noted, kubectl.asked


def test_what_is_created_is_noted_and_labelled_once() -> None:
    claims, noted, asked = claimed(
        "Waiting for deployment rollout",
        "deployment.apps/shop-canary created",
        "deployment.apps/shop-canary configured",
        "ingress.networking.k8s.io/shop serverside-applied",
    )
    assert noted == ["deployment.apps/shop-canary", "ingress.networking.k8s.io/shop"]
    assert asked == [f"label --overwrite {name} pytest-canary/run=a1b2c3" for name in noted]
    claims.check()


@pytest.mark.parametrize("how", ["configured", "unchanged"])
def test_what_was_there_before_is_told_and_never_labelled(how: str) -> None:
    claims, noted, asked = claimed(f"configmap/shop {how}")
    assert noted == asked == []
    with pytest.raises(ReleaseError, match="configmap/shop was there before the release"):
        claims.check()


def test_what_can_not_be_labelled_is_told() -> None:
    refused = ReleaseError("`kubectl label` exited with code 1")
    claims, noted, _ = claimed("service/shop-lb created", kubectl=Kubectl(refused))
    assert noted == ["service/shop-lb"], "noted all the same"
    with pytest.raises(ReleaseError) as failure:
        claims.check()
    assert failure.value is refused
