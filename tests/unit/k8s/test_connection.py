"""The way to an API server: by which proxy, with which proofs, and what it leaves on the disk."""

import base64
import datetime
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import websocket
import yaml
from fakes.api_server import serving_api, write_kubeconfig
from fakes.server import Reply, Server

from pytest_canary.api.client import Api
from pytest_canary.api.transport import NoAnswerError, exchange
from pytest_canary.config.api_settings import ApiSettings
from pytest_canary.core.errors import ClusterError
from pytest_canary.k8s.connection import UnansweredError
from pytest_canary.k8s.exec import ExecError
from pytest_canary.k8s.namespace import Namespace

ELSEWHERE = "http://api.cluster.example"


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose environment names no proxy."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return tmp_path


def namespace(
    folder: Path, server: str, user: dict[str, Any] | None = None, **cluster: Any
) -> Namespace:
    kubeconfig = folder / "kubeconfig"
    more = {key.replace("_", "-"): value for key, value in cluster.items()}
    kubeconfig.write_text(
        yaml.safe_dump(
            {
                "clusters": [{"name": "it", "cluster": {"server": server, **more}}],
                "users": [{"name": "it", "user": user or {"token": "t"}}],
                "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
                "current-context": "it",
            }
        )
    )
    return Namespace(kubeconfig, "canary-test")


def ask_all(it: Namespace, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Ask for objects, ask a pod through the API server, and run a command in one.

    Returns:
        What the websocket is told of proxies.
    """
    it.exists()
    url, session = it.proxy("app-1", 3000)
    session.get(url, timeout=5)
    made: list[dict[str, Any]] = []

    def connect(_: object, url: str, **how: Any) -> None:
        made.append(how)
        raise OSError("no further")

    monkeypatch.setattr(websocket.WebSocket, "connect", connect)
    with pytest.raises(ExecError, match="no further"):
        it.exec("app-1", "app", ["true"], timeout=5)
    return {key: value for key, value in made[0].items() if "prox" in key}


NAMESPACES = "/api/v1/namespaces/canary-test"
POD = "/api/v1/namespaces/canary-test/pods/app-1:3000/proxy"


@pytest.mark.parametrize(
    ("what", "ask"),
    [
        ("list kind Pod", lambda it: it.objects("Pod")),
        ("look at namespace canary-test", lambda it: it.exists()),
        ("read the log of pod app-1", lambda it: it.logs("app-1")),
        ("ask the kubelet of node one", lambda it: it.cluster.memory("one")),
        ("create Secret db", lambda it: it.add({"kind": "Secret", "metadata": {"name": "db"}})),
        ("get a token for ServiceAccount ci", lambda it: it.access.token("ci", 600)),
    ],
)
def test_an_answer_that_breaks_off_in_its_midst_is_none(
    machine: Path, server: Server, what: str, ask: Callable[[Namespace], object]
) -> None:
    """As when the API server ends: whoever waits for the cluster waits on."""
    server.reply = Reply(body={"items": [{"metadata": {"name": "app-1"}}]}, cut=True)
    with pytest.raises(ClusterError, match=f"^can't {what}: {server.url} does not answer"):
        ask(namespace(machine, server.url))


def test_an_error_that_breaks_off_is_none_either(machine: Path, server: Server) -> None:
    server.reply = Reply(503, {"message": "the API server is shutting down"}, cut=True)
    with pytest.raises(UnansweredError, match="does not answer"):
        namespace(machine, server.url).objects("Pod")


def test_what_is_changed_is_merged(machine: Path, server: Server) -> None:
    namespace(machine, server.url).scale("app", 3)
    (asked,) = server.asked
    path = "/apis/apps/v1/namespaces/canary-test/deployments/app/scale"
    assert (asked.method, asked.path) == ("PATCH", path)
    assert asked.headers["Content-Type"] == "application/merge-patch+json"
    assert json.loads(asked.body) == {"spec": {"replicas": 3}}


LOGIN = """#!/bin/sh
echo >>{folder}/asked
printf '{{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential",'
printf '"status": {{"token": "t%s", "expirationTimestamp": "{end}"}}}}' $(wc -l <{folder}/asked)
"""


def test_a_token_that_ends_soon_is_renewed_once_for_each_request(
    machine: Path, server: Server
) -> None:
    """By the program that the kubeconfig names."""
    server.reply = Reply(body={"items": []})
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=1)
    program = machine / "login"
    program.write_text(LOGIN.format(folder=machine, end=f"{end:%Y-%m-%dT%H:%M:%SZ}"))
    program.chmod(0o755)
    login = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(program)}
    user = {"exec": login | {"interactiveMode": "Never"}}
    it = namespace(machine, server.url, user)
    before = len((machine / "asked").read_text())
    for _ in range(3):
        it.objects("Pod")
    assert len((machine / "asked").read_text()) == before + 3
    told = [each.headers["Authorization"] for each in server.asked]
    assert told == [f"Bearer t{before + number}" for number in (1, 2, 3)]


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_cluster_on_this_machine_is_asked_without_a_proxy(
    machine: Path, server: Server, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    server.reply = Reply(body={"items": []})
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    it = namespace(machine, server.url)
    assert ask_all(it, monkeypatch)["http_no_proxy"] == ["*"]
    assert [each.path for each in server.asked] == [NAMESPACES, POD]


@pytest.mark.parametrize("host", ["localhost", "127.8.9.1", "[::1]"])
def test_every_name_of_this_machine_is_this_machine(
    machine: Path, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    _, session = namespace(machine, f"https://{host}:6443").proxy("app-1", 3000)
    assert session.proxies == {}


def test_a_cluster_elsewhere_is_asked_by_the_environments_proxy(
    machine: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.reply = Reply(body={"items": []})
    monkeypatch.setenv("HTTP_PROXY", server.url.replace("//", "//me:p%40ss@"))
    it = namespace(machine, ELSEWHERE)
    assert ask_all(it, monkeypatch) == {
        "http_proxy_host": "127.0.0.1",
        "http_proxy_port": int(server.url.rpartition(":")[2]),
        "http_proxy_auth": ("me", "p@ss"),
        "http_no_proxy": ["no.such.host"],
        "proxy_type": "http",
    }
    assert [each.path for each in server.asked] == [ELSEWHERE + NAMESPACES, ELSEWHERE + POD]


def test_a_cluster_for_which_the_environment_wants_no_proxy_is_asked_without(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "corp.example,cluster.example")
    _, session = namespace(machine, ELSEWHERE).proxy("app-1", 3000)
    assert session.proxies == {}


@pytest.mark.parametrize("where", [ELSEWHERE, "http://127.0.0.1:1"])
def test_the_kubeconfigs_own_proxy_comes_first(
    machine: Path, server: Server, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    server.reply = Reply(body={"items": []})
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "*")
    it = namespace(machine, where, proxy_url=server.url)
    told = ask_all(it, monkeypatch)
    assert (told["http_proxy_host"], told["http_no_proxy"]) == ("127.0.0.1", ["no.such.host"])
    assert [each.path for each in server.asked] == [where + NAMESPACES, where + POD]


def test_the_proxy_is_that_of_the_context_that_is_meant(machine: Path) -> None:
    contexts = {name: {"server": ELSEWHERE, "proxy-url": f"http://{name}:1"} for name in "ab"}
    (machine / "kubeconfig").write_text(
        yaml.safe_dump(
            {
                "clusters": [{"name": f"of-{key}", "cluster": contexts[key]} for key in contexts],
                "users": [{"name": "it", "user": {"token": "t"}}],
                "contexts": [
                    {"name": key, "context": {"cluster": f"of-{key}", "user": "it"}}
                    for key in contexts
                ],
                "current-context": "a",
            }
        )
    )
    for context, proxy in ((None, "http://a:1"), ("a", "http://a:1"), ("b", "http://b:1")):
        _, session = Namespace(machine / "kubeconfig", "canary-test", context).proxy("app-1", 3000)
        assert session.proxies["http"] == proxy


def test_the_way_to_a_pod_expects_the_servers_name_that_the_kubeconfig_says(machine: Path) -> None:
    it = namespace(machine, "https://127.0.0.1:1", tls_server_name="api.example")
    url, session = it.proxy("app-1", 3000)
    with pytest.raises(NoAnswerError):
        exchange(session, "GET", url, deadline=5)
    assert Api(url, ApiSettings(), 5, session).credentials.server == "api.example"
    expects = session.get_adapter(url).poolmanager.connection_pool_kw  # type: ignore[attr-defined]
    assert expects["server_hostname"] == expects["assert_hostname"] == "api.example"
    assert session.verify is True


def test_keys_are_kept_beside_the_kubeconfig(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere, beside = machine / "tmp", machine / "run"
    for folder in (elsewhere, beside):
        folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere))
    key = base64.b64encode(f"the key of {machine}".encode()).decode()
    user = {"client-certificate-data": key, "client-key-data": key}
    namespace(beside, "https://127.0.0.1:1", user)
    assert list(elsewhere.iterdir()) == []
    kept = [each for each in beside.iterdir() if "the key of" in each.read_text()]
    assert [each.stat().st_mode & 0o777 for each in kept] == [0o600]


def test_the_clusters_clock_is_the_api_servers_and_not_this_machines(tmp_path: Path) -> None:
    """Objects have its times: by another clock a pod that has just begun would seem an hour old."""
    with serving_api() as running:
        running.answers["GET /api/v1/nodes"] = (200, {"items": []})
        write_kubeconfig(tmp_path / "kubeconfig", running)
        cluster = Namespace(tmp_path / "kubeconfig", "canary-test", "it").cluster
        here = datetime.datetime.now(datetime.UTC)
        assert abs(cluster.now() - here) < datetime.timedelta(minutes=1)
        running.ahead = 3600
        cluster.nodes()
        ahead = cluster.now() - here - datetime.timedelta(seconds=3600)
        assert abs(ahead) < datetime.timedelta(minutes=1)
