"""What is collected of a namespace before anything is undone; what can't be had says why."""

from types import SimpleNamespace
from typing import Any

from pytest_canary.core.disclosure import Disclosure
from pytest_canary.core.errors import ClusterError, ReleaseError
from pytest_canary.release.diagnostics import collect


def pod(name: str, *containers: tuple[str, int]) -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "spec": {"containers": [{"name": each} for each, _ in containers]},
        "status": {
            "containerStatuses": [{"name": each, "restartCount": n} for each, n in containers]
        },
    }


def logs(name: str, container: str, lines: int, *, previous: bool, disclosure: Disclosure) -> str:
    if container == "proxy":
        raise ClusterError("can't read the log of pod b")
    text = f"{name} {container}{' before' if previous else ''}: hunter22"
    disclosure.of_text()(text)
    return text.replace("hunter22", "********")


NAMESPACE: Any = SimpleNamespace(logs=logs)


def kubectl(*words: str) -> str:
    if words[0] == "describe":
        raise ReleaseError("kubectl is not there")
    return " ".join(words)


def test_every_container_has_its_log_and_that_from_before_it_restarted() -> None:
    pods = [pod("a", ("app", 0)), pod("b", ("app", 2), ("proxy", 0))]
    disclosure = Disclosure({"API_KEY": "b app before: hunter22"})
    found = collect(NAMESPACE, kubectl, pods, lambda _: disclosure)
    assert disclosure.variables == ["API_KEY"]
    assert found.logs == {
        "a.app.log": "a app: ********",
        "b.app.log": "b app: ********",
        "b.app.previous.log": "b app before: ********",
        "b.proxy.log": "can't read the log of pod b",
    }


def test_kubectl_says_the_rest_or_why_it_can_not() -> None:
    found = collect(NAMESPACE, kubectl, [], lambda _: Disclosure({}))
    assert found.objects == "get deployments,replicasets,pods,services -o wide"
    assert found.events == "get events --sort-by=.lastTimestamp"
    assert found.describe == "kubectl is not there"
