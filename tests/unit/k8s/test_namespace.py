"""A namespace, through a real HTTP API on loopback: what is asked for, and what is told."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fakes.api_server import ApiServer, write_kubeconfig
from fakes.leaks import on_screen
from fakes.rude_server import RudeServer, says

from pytest_canary.core.disclosure import Disclosure
from pytest_canary.core.errors import ClusterError
from pytest_canary.core.masking import MASK, Redactor
from pytest_canary.core.output import LIMIT
from pytest_canary.k8s.namespace import Namespace
from pytest_canary.k8s.namespace_api import NamespaceApi
from pytest_canary.k8s.slices import selectorless, slices_of


@pytest.fixture
def redactor() -> Redactor:
    return Redactor(["hunter22"])


@pytest.fixture
def namespace(api_server: ApiServer, redactor: Redactor, tmp_path: Path) -> Namespace:
    kubeconfig = tmp_path / "kubeconfig"
    write_kubeconfig(kubeconfig, api_server)
    return Namespace(kubeconfig, "canary-test", "it", redactor)


POD = "/api/v1/namespaces/canary-test/pods"


def test_a_namespace_is_what_a_run_asks_of_one(namespace: Namespace) -> None:
    api: NamespaceApi = namespace
    assert api.name == "canary-test"


def test_a_log_comes_without_secrets(api_server: ApiServer, namespace: Namespace) -> None:
    api_server.answers[f"GET {POD}/app-1/log"] = (200, "DB_PASSWORD=hunter22\naHVudGVyMjI=\n")
    assert namespace.logs("app-1", "app", 50) == f"DB_PASSWORD={MASK}\n{MASK}\n"
    assert api_server.asked == [
        f"GET {POD}/app-1/log?container=app&tailLines=50&limitBytes=1048576"
    ]


def test_a_log_is_looked_through_as_it_is(api_server: ApiServer, namespace: Namespace) -> None:
    disclosure = Disclosure({"DB_PASSWORD": "hunter22"})
    api_server.answers[f"GET {POD}/app-1/log"] = (200, "DB_PASSWORD=hunter22\n")
    assert "hunter22" not in namespace.logs("app-1", disclosure=disclosure)
    assert disclosure.variables == ["DB_PASSWORD"]


def test_the_log_before_a_restart_is_asked_for_as_such(
    api_server: ApiServer, namespace: Namespace
) -> None:
    api_server.answers[f"GET {POD}/app-1/log"] = (200, "killed\n")
    assert namespace.logs("app-1", lines=50, previous=True) == "killed\n"
    assert api_server.asked == [
        f"GET {POD}/app-1/log?previous=true&tailLines=50&limitBytes=1048576"
    ]


def test_of_a_log_of_long_lines_the_last_ones_are_kept(
    api_server: ApiServer, namespace: Namespace
) -> None:
    lines = [f"line {number} {'x' * 20_000}\n" for number in range(100)]
    api_server.answers[f"GET {POD}/app-1/log"] = (200, "".join(lines))
    told = "… lines before the last 10 left out: 1.0 MB and more …\n"
    assert namespace.logs("app-1", lines=100) == told + "".join(lines[-10:])


def test_of_a_log_that_is_one_line_the_beginning_is_kept_and_no_half_of_a_secret(
    api_server: ApiServer, namespace: Namespace
) -> None:
    line = "x" * (LIMIT - 6) + "hunter22" + "x" * 100
    api_server.answers[f"GET {POD}/app-1/log"] = (200, f"first\n{line}")
    found = namespace.logs("app-1")
    assert found.startswith("… lines before the last 1 left out: 1.0 MB and more …\nxxx")
    assert found.endswith("xxx\n… the rest of the line left out …\n")
    assert "hunt" not in found


def test_a_secret_that_is_told_later_is_masked_in_a_log_too(
    api_server: ApiServer, namespace: Namespace, redactor: Redactor
) -> None:
    api_server.answers[f"GET {POD}/app-1/log"] = (200, "s3cr3t-of-later")
    assert namespace.logs("app-1") == "s3cr3t-of-later"
    redactor.add("s3cr3t-of-later")
    assert namespace.logs("app-1") == MASK
    assert namespace.beside("kube-system").name == "kube-system"


def test_a_refusal_is_told_in_the_servers_words_without_secrets(
    api_server: ApiServer, namespace: Namespace
) -> None:
    api_server.answers[f"GET {POD}"] = (403, {"message": "pods is forbidden to hunter22"})
    with pytest.raises(ClusterError) as failure:
        namespace.objects("Pod")
    assert failure.value.sentence == (
        f"can't list kind Pod in namespace canary-test: pods is forbidden to {MASK}"
    )
    assert "hunter22" not in on_screen(failure.value)


@pytest.mark.parametrize(
    ("ask", "what"),
    [
        (lambda it: it.objects("Pod"), "list kind Pod"),
        (lambda it: it.add({"kind": "Secret", "metadata": {"name": "db"}}), "create Secret db"),
        (lambda it: it.dry_apply({"apiVersion": "v1", "kind": "Pod"}), "try an object out"),
    ],
)
def test_no_secret_is_told_of_what_answers_in_the_api_servers_place(
    namespace: Namespace, redactor: Redactor, ask: Callable[[Namespace], Any], what: str
) -> None:
    other = RudeServer(says(b"hunter22 is no HTTP\r\n\r\n"))
    text = re.sub("http://127.0.0.1:[0-9]{2,}", other.url, namespace.kubeconfig.read_text())
    namespace.kubeconfig.write_text(text)
    with pytest.raises(ClusterError, match=f"^can't {what}: {other.url}") as failure:
        ask(Namespace(namespace.kubeconfig, "canary-test", "it", redactor))
    other.stop()
    assert f"{MASK} is no HTTP" in failure.value.evidence
    assert "hunter22" not in on_screen(failure.value)


@pytest.mark.parametrize(
    ("ask", "what"),
    [
        (lambda it: it.cluster.nodes(), "list the nodes"),
        (lambda it: it.cluster.all_pods(), "list all pods"),
        (lambda it: it.access.token("it", 600), "get a token for ServiceAccount it"),
        (lambda it: it.cluster.memory("node-1"), "ask the kubelet of node node-1"),
    ],
)
def test_a_cluster_that_refuses_says_what(
    namespace: Namespace, ask: Callable[[Namespace], Any], what: str
) -> None:
    with pytest.raises(ClusterError) as failure:
        ask(namespace)
    assert failure.value.sentence.startswith(f"can't {what} in namespace canary-test: no /api/v1/")


def test_a_cluster_that_is_gone_says_so(namespace: Namespace) -> None:
    gone = Namespace(namespace.kubeconfig, "canary-test")
    with pytest.raises(ClusterError) as failure:
        gone.cluster.nodes()
    assert failure.value.sentence == (
        "can't list the nodes: http://127.0.0.1:1 does not answer; see that the cluster runs, and "
        "that the context is the right one"
    )


def test_the_cluster_around_a_namespace_is_told(
    api_server: ApiServer, namespace: Namespace
) -> None:
    spaces = [
        {"metadata": {"name": name, "labels": {"run": name}}} for name in ("canary-test", "other")
    ]
    api_server.answers |= {
        "GET /api/v1/nodes": (200, {"items": [{"metadata": {"name": "node-1"}}]}),
        "GET /api/v1/pods": (200, {"items": [{"metadata": {"name": "coredns"}}]}),
        "GET /api/v1/namespaces": (200, {"items": spaces}),
        "GET /api/v1/namespaces/canary-test": (200, spaces[0]),
        "GET /api/v1/nodes/node-1/proxy/stats/summary": (200, {"pods": []}),
    }
    assert namespace.cluster.nodes() == [{"metadata": {"name": "node-1"}}]
    assert namespace.cluster.all_pods() == [{"metadata": {"name": "coredns"}}]
    assert namespace.cluster.other_namespaces("run") == ["other"]
    assert namespace.cluster.memory("node-1") == {}
    assert namespace.exists()
    assert namespace.label("run") == "canary-test"
    assert namespace.label("walk") is None
    assert api_server.asked[2].endswith("?labelSelector=run")
    # Few may list all namespaces of somebody's cluster.
    assert not namespace.beside("other").exists()


@pytest.mark.parametrize("kind", ["Secret", "Service", "Pod"])
def test_an_object_is_added_and_not_changed(
    api_server: ApiServer, namespace: Namespace, kind: str
) -> None:
    path = f"/api/v1/namespaces/canary-test/{kind.lower()}s"
    body = {"kind": kind, "metadata": {"name": "it"}}
    api_server.answers[f"POST {path}"] = (201, body)
    namespace.add(body)
    assert (api_server.asked, api_server.bodies) == ([f"POST {path}"], [body])
    api_server.answers[f"POST {path}"] = (409, {"message": "it already exists"})
    with pytest.raises(ClusterError, match=f"can't create {kind} it in namespace canary-test"):
        namespace.add(body)


def test_the_pods_of_a_job_carry_the_runs_label_too(
    namespace: Namespace, api_server: ApiServer
) -> None:
    labelled = Namespace(namespace.kubeconfig, "canary-test", "it", labels={"run": "a1b2c3"})
    api_server.answers["POST /apis/batch/v1/namespaces/canary-test/jobs"] = 201, {}
    template = {"metadata": {"labels": {"app": "it"}}, "spec": {}}
    labelled.add(
        {"kind": "Job", "metadata": {"name": "it"}, "spec": {"template": template}},
    )
    (sent,) = api_server.bodies
    assert sent["metadata"]["labels"] == {"run": "a1b2c3"}
    assert sent["spec"]["template"]["metadata"]["labels"] == {"app": "it", "run": "a1b2c3"}


def test_a_job_that_is_refused_is_told(namespace: Namespace, api_server: ApiServer) -> None:
    path = "POST /apis/batch/v1/namespaces/canary-test/jobs"
    body = {"kind": "Job", "metadata": {"name": "it"}, "spec": {"template": {}}}
    refusal = "Job.batch is invalid: spec.template.spec.restartPolicy: Required value"
    api_server.answers[path] = 422, {"message": refusal}
    with pytest.raises(ClusterError, match="can't create Job it in namespace canary-test: Job"):
        namespace.add(body)
    api_server.answers[path] = 502, "no JSON"
    with pytest.raises(ClusterError, match="can't create Job it in namespace canary-test: "):
        namespace.add(body)


def test_a_job_is_found_and_deleted_with_its_pods(
    namespace: Namespace, api_server: ApiServer
) -> None:
    path = "/apis/batch/v1/namespaces/canary-test/jobs"
    api_server.answers[f"GET {path}"] = 200, {"items": [{"metadata": {"name": "it"}}]}
    api_server.answers[f"DELETE {path}/it"] = 404, {"message": "it is gone"}
    assert namespace.job("it") == {"metadata": {"name": "it"}}
    assert namespace.job("another") is None
    namespace.delete_job("it")


def test_what_is_added_carries_the_runs_label_and_its_own(
    api_server: ApiServer, namespace: Namespace
) -> None:
    labelled = Namespace(namespace.kubeconfig, "canary-test", "it", labels={"run": "a1b2c3"})
    api_server.answers["POST /api/v1/namespaces/canary-test/services"] = (201, {})
    labelled.add({"kind": "Service", "metadata": {"name": "it", "labels": {"app": "it"}}})
    assert api_server.bodies[0]["metadata"]["labels"] == {"app": "it", "run": "a1b2c3"}


@pytest.mark.parametrize("empty", [True, False])
def test_an_endpoint_slice_is_made_and_then_replaced(
    api_server: ApiServer, namespace: Namespace, empty: bool
) -> None:
    service = {"metadata": {"name": "track-app", "uid": "uid-of-it"}}
    pod = {
        "metadata": {"name": "app-1", "namespace": "canary-test", "uid": "uid-of-app-1"},
        "spec": {"nodeName": "node-1"},
        "status": {"podIP": "10.244.0.7"},
    }
    (body,) = slices_of(service, [(pod, 3000)]).values()
    if empty:
        body["endpoints"] = []
    name, labels = "track-app-3000", {**body["metadata"]["labels"], "run": "a1b2c3"}
    sent = {**body, "metadata": {**body["metadata"], "labels": labels}}
    path = "/apis/discovery.k8s.io/v1/namespaces/canary-test/endpointslices"
    labelled = Namespace(namespace.kubeconfig, "canary-test", "it", labels={"run": "a1b2c3"})
    api_server.answers[f"POST {path}"] = (201, {})
    labelled.write_slice(body)
    assert api_server.asked == [f"PUT {path}/{name}", f"POST {path}"]
    api_server.answers[f"PUT {path}/{name}"] = (200, {})
    labelled.write_slice(body)
    assert api_server.asked[2:] == [f"PUT {path}/{name}"]
    assert api_server.bodies == [sent] * 3
    api_server.answers[f"PUT {path}/{name}"] = (403, {"message": "address not allowed"})
    with pytest.raises(ClusterError) as failure:
        labelled.write_slice(body)
    assert failure.value.sentence == (
        f"can't write EndpointSlice {name} in namespace canary-test: address not allowed"
    )


def test_a_service_without_a_selector_is_made_as_it_is(
    api_server: ApiServer, namespace: Namespace
) -> None:
    api_server.answers["POST /api/v1/namespaces/canary-test/services"] = (201, {})
    namespace.add(selectorless("track-app"))
    assert api_server.bodies == [selectorless("track-app")]


def test_what_is_gone_already_is_deleted(api_server: ApiServer, namespace: Namespace) -> None:
    namespace.delete_pod("app-1")
    namespace.delete_deployment("app")
    namespace.delete_service("app-lb")
    namespace.delete()
    namespace.delete_job("migrate")
    assert api_server.asked == [
        f"DELETE {POD}/app-1?gracePeriodSeconds=0",
        "DELETE /apis/apps/v1/namespaces/canary-test/deployments/app?propagationPolicy=Background",
        "DELETE /api/v1/namespaces/canary-test/services/app-lb",
        "DELETE /api/v1/namespaces/canary-test",
        f"DELETE {POD}?gracePeriodSeconds=0",
        "DELETE /apis/batch/v1/namespaces/canary-test/jobs/migrate?propagationPolicy=Background",
    ]


def test_a_name_leads_nowhere_else(api_server: ApiServer, namespace: Namespace) -> None:
    namespace.delete_service("../secrets/db")
    assert api_server.asked == [
        "DELETE /api/v1/namespaces/canary-test/services/..%2Fsecrets%2Fdb",
    ]


def test_the_way_to_a_pod_takes_the_users_token_along(
    api_server: ApiServer, namespace: Namespace
) -> None:
    url, session = namespace.proxy("app-1", 3000)
    assert url == f"http://127.0.0.1:{api_server.server_port}{POD}/app-1:3000/proxy"
    assert session.headers["Authorization"] == "Bearer t0ken-of-the-user"
