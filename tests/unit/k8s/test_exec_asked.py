"""How a command in a pod is asked for: in which words, with which proofs, by which way."""

import re
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import websocket
import yaml
from fakes.kubelet import SUCCESS, Kubelet, run
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from pytest_canary.k8s.connection import Connection
from pytest_canary.k8s.exec import ExecError, open_exec
from pytest_canary.k8s.namespace import Namespace


def test_a_command_is_asked_for_as_kubectl_does(kubelet: Kubelet, namespace: Namespace) -> None:
    kubelet.says = lambda it: it.end(SUCCESS)
    namespace.exec("app-canary-1", "app", ["sh", "-c", "echo 'a&b' c=d; é"], timeout=30)
    line, *headers = kubelet.request.splitlines()
    method, target, version = line.split()
    assert (method, version) == ("GET", "HTTP/1.1")
    asked = urlsplit(target)
    assert asked.path == "/api/v1/namespaces/canary-test/pods/app-canary-1/exec"
    assert parse_qs(asked.query) == {
        "command": ["sh", "-c", "echo 'a&b' c=d; é"],
        "container": ["app"],
        "stdin": ["false"],
        "stdout": ["true"],
        "stderr": ["true"],
        "tty": ["false"],
    }
    assert "authorization: Bearer t0ken-of-the-user" in headers
    assert "sec-websocket-protocol: v5.channel.k8s.io,v4.channel.k8s.io" in headers


def test_other_websockets_of_the_process_keep_their_deadline(
    kubelet: Kubelet, namespace: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert websocket.getdefaulttimeout() is None
    asked: list[float | None] = []
    connect: Callable[..., None] = websocket.WebSocket.connect

    def connecting(self: websocket.WebSocket, url: str, **options: Any) -> None:
        connect(self, url, **options)
        asked.append(self.gettimeout())

    monkeypatch.setattr(websocket.WebSocket, "connect", connecting)
    kubelet.says = lambda it: it.end(SUCCESS)
    run(namespace)
    assert asked == [10], "it connects with a deadline of its own"
    assert websocket.getdefaulttimeout() is None


def test_a_server_that_takes_the_connection_and_says_nothing_is_given_up(
    namespace: Namespace,
) -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    with silent:
        port = silent.getsockname()[1]
        text = namespace.kubeconfig.read_text()
        other = re.sub(r"http://127.0.0.1:\d+", f"http://127.0.0.1:{port}", text)
        namespace.kubeconfig.write_text(other)
        connection = Connection(namespace.kubeconfig)
        with pytest.raises(ExecError, match=r"can't be started: .*timed out") as failure:
            open_exec(connection, "canary-test", "app-canary-1", "app", ["true"], timeout=0.3)
    assert failure.value.ending == "refused"


def test_a_refusal_is_told_in_the_servers_words(kubelet: Kubelet, namespace: Namespace) -> None:
    kubelet.refuses = '{"message": "pods \\"app-canary-1\\" is forbidden"}'
    with pytest.raises(ExecError) as failure:
        run(namespace)
    assert failure.value.ending == "refused"
    sentence = failure.value.sentence
    assert sentence.startswith(
        "`kubectl exec app-canary-1 -c app -- npm run migrate` can't be started: "
        "Handshake status 403 Forbidden"
    )
    assert "is forbidden" in sentence


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_what_is_no_trouble_of_the_connection_is_no_refusal(
    namespace: Namespace, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(websocket.WebSocket, "connect", interrupted)
    with pytest.raises(error):
        run(namespace)


@pytest.mark.parametrize(
    ("user", "cluster", "options"),
    [
        ({}, {}, {"cert_reqs": ssl.CERT_REQUIRED, "ca_certs": DEFAULT_CA_BUNDLE_PATH}),
        ({}, {"insecure-skip-tls-verify": True}, {"cert_reqs": ssl.CERT_NONE}),
        (
            {"client-certificate": "cert", "client-key": "key"},
            {"certificate-authority": "ca", "tls-server-name": "api.example"},
            {
                "cert_reqs": ssl.CERT_REQUIRED,
                "ca_certs": "{folder}/ca",
                "certfile": "{folder}/cert",
                "keyfile": "{folder}/key",
                "server_hostname": "api.example",
            },
        ),
    ],
)
def test_both_prove_who_they_are_as_the_kubeconfig_says(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    user: dict[str, Any],
    cluster: dict[str, Any],
    options: dict[str, Any],
) -> None:
    for name in ("ca", "cert", "key"):
        (tmp_path / name).write_text("")
    (tmp_path / "kubeconfig").write_text(
        yaml.safe_dump(
            {
                "clusters": [
                    {"name": "it", "cluster": {"server": "https://127.0.0.1:1/base"} | cluster}
                ],
                "users": [{"name": "it", "user": user}],
                "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
                "current-context": "it",
            }
        )
    )
    made: list[Any] = []

    class Socket:
        def __init__(self, **how: Any) -> None:
            made.append(how)

        def connect(self, url: str, **how: Any) -> None:
            made.append((url, how))
            raise OSError("no further")

    monkeypatch.setattr(websocket, "WebSocket", Socket)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    with pytest.raises(ExecError, match="no further"):
        run(Namespace(tmp_path / "kubeconfig", "canary-test"))
    expected = {
        key: value.format(folder=tmp_path) if isinstance(value, str) else value
        for key, value in options.items()
    }
    tls, (url, how) = made
    assert tls == {"sslopt": expected}
    assert url.startswith("wss://127.0.0.1:1/base/api/v1/namespaces/canary-test/pods/")
    assert how == {
        "timeout": 10,
        "header": ["sec-websocket-protocol: v5.channel.k8s.io,v4.channel.k8s.io"],
        "http_proxy_host": "nobody",
        "http_no_proxy": ["*"],
    }


def test_a_cluster_on_this_machine_is_reached_whatever_proxy_the_environment_names(
    kubelet: Kubelet, namespace: Namespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "nothing.example")
    kubelet.says = lambda it: it.end(SUCCESS)
    assert run(namespace).code == 0
