"""Commands in pods, through a real websocket on loopback: every way in which one ends."""

import base64
import contextlib
import hashlib
import json
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import websocket
import yaml
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from pytest_canary.core.masking import MASK, Redactor
from pytest_canary.core.output import Output
from pytest_canary.k8s.connection import Connection
from pytest_canary.k8s.exec import (
    ERROR,
    STDERR,
    STDOUT,
    Exec,
    ExecError,
    exit_code,
    given_up,
    open_exec,
)
from pytest_canary.k8s.namespace import Namespace

SUCCESS = {"status": "Success"}
FAILURE = {
    "status": "Failure",
    "reason": "NonZeroExitCode",
    "message": "command terminated with non-zero exit code: exit status 3",
    "details": {"causes": [{"reason": "ExitCode", "message": "3"}]},
}
NO_SUCH_COMMAND = {
    "status": "Failure",
    "reason": "InternalError",
    "message": 'exec: "npm": executable file not found in $PATH: unknown',
}
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455's own


class Kubelet:
    """Accepts one exec after the other, and sends what it is told."""

    def __init__(self) -> None:
        self.says: Callable[[Kubelet], None] = lambda _: None
        self.refuses = ""
        self.request = ""
        self.stopped = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def stop(self) -> None:
        self.stopped.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                self._connection, _ = self._listening.accept()
            except OSError:
                return
            with self._connection:
                request = self.request = self._connection.recv(65536).decode()
                if self.refuses:
                    body = self.refuses.encode()
                    length = f"Content-Length: {len(body)}".encode()
                    self._connection.sendall(
                        b"HTTP/1.1 403 Forbidden\r\n" + length + b"\r\n\r\n" + body
                    )
                    continue
                key = next(line for line in request.splitlines() if "WebSocket-Key" in line)
                digest = hashlib.sha1(key.split(": ")[1].encode() + GUID.encode()).digest()
                self._connection.sendall(
                    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                    b"Connection: Upgrade\r\nSec-WebSocket-Protocol: v4.channel.k8s.io\r\n"
                    b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n"
                )
                with contextlib.suppress(OSError):  # who asked has hung up
                    self.says(self)

    def send(self, channel: int, data: bytes) -> None:
        self._frame(2, bytes([channel]) + data)

    def end(self, status: Any) -> None:
        self.send(ERROR, json.dumps(status).encode())
        self.close()

    def close(self) -> None:
        self._frame(8, struct.pack("!H", 1000))

    def hang(self) -> None:
        self.stopped.wait(10)

    def _frame(self, kind: int, data: bytes) -> None:
        size = len(data)
        length = bytes([size]) if size < 126 else bytes([126]) + struct.pack("!H", size)
        self._connection.sendall(bytes([0x80 | kind]) + length + data)


@pytest.fixture
def kubelet() -> Iterator[Kubelet]:
    running = Kubelet()
    yield running
    running.stop()


@pytest.fixture
def redactor() -> Redactor:
    return Redactor()


@pytest.fixture
def namespace(kubelet: Kubelet, redactor: Redactor, tmp_path: Path) -> Namespace:
    kubeconfig = tmp_path / "kubeconfig"
    named = {
        "clusters": [{"name": "it", "cluster": {"server": kubelet.url}}],
        "users": [{"name": "it", "user": {"token": "t0ken-of-the-user"}}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
    }
    kubeconfig.write_text(yaml.safe_dump(named | {"current-context": "it"}))
    return Namespace(kubeconfig, "canary-test", redactor=redactor)


def run(namespace: Namespace, timeout: float = 30, **more: Any) -> Exec:
    command = ["npm", "run", "migrate"]
    return namespace.exec("app-canary-1", "app", command, timeout=timeout, **more)


def test_a_commands_outputs_are_told_apart_and_kept_together(
    kubelet: Kubelet, namespace: Namespace
) -> None:
    def says(it: Kubelet) -> None:
        it.send(STDOUT, b"0001 -> 0002\n")
        it.send(STDERR, b"a warning\n")
        it.end(SUCCESS)

    kubelet.says = says
    assert run(namespace) == Exec(
        pod="app-canary-1",
        command="npm run migrate",
        code=0,
        output="0001 -> 0002\na warning",
        stdout="0001 -> 0002\n",
    )


def test_an_exit_code_is_the_callers_matter(kubelet: Kubelet, namespace: Namespace) -> None:
    kubelet.says = lambda it: it.end(FAILURE)
    assert run(namespace).code == 3


def test_a_letter_that_is_cut_in_two_comes_whole(kubelet: Kubelet, namespace: Namespace) -> None:
    def says(it: Kubelet) -> None:
        it.send(STDOUT, "Ž".encode()[:1])
        it.send(STDOUT, "Ž".encode()[1:])
        it.end(SUCCESS)

    kubelet.says = says
    assert run(namespace).stdout == "Ž"


def test_what_comes_is_heard_as_it_comes(kubelet: Kubelet, namespace: Namespace) -> None:
    heard: list[str] = []

    def says(it: Kubelet) -> None:
        for word in (b"one\n", b"two\n"):
            it.send(STDOUT, word)
        it.end(SUCCESS)

    kubelet.says = says
    run(namespace, heard=heard.append)
    assert "".join(heard) == "one\ntwo\n"


def test_a_command_that_does_not_exist_is_told_in_the_runtimes_own_words(
    kubelet: Kubelet, namespace: Namespace
) -> None:
    kubelet.says = lambda it: it.end(NO_SUCH_COMMAND)
    with pytest.raises(ExecError) as failure:
        run(namespace)
    assert failure.value.ending == "refused"
    assert 'could not run: exec: "npm": executable file not found' in failure.value.sentence


def test_a_command_that_says_nothing_is_given_up_at_its_deadline(
    kubelet: Kubelet, namespace: Namespace
) -> None:
    kubelet.says = lambda it: it.hang()
    with pytest.raises(ExecError) as failure:
        run(namespace, timeout=0.3)
    assert failure.value.ending == "hangs"
    assert str(failure.value) == (
        "`kubectl exec app-canary-1 -c app -- npm run migrate` was given up at its deadline of "
        "0.3 s: it has printed nothing"
    )


def test_an_output_that_never_ends_is_given_up_at_the_deadline_and_not_kept_whole(
    kubelet: Kubelet, namespace: Namespace
) -> None:
    def says(it: Kubelet) -> None:
        while not it.stopped.is_set():
            it.send(STDOUT, b"again\n" * 100)

    kubelet.says = says
    with pytest.raises(ExecError) as failure:
        run(namespace, timeout=2, keep=10_000)
    assert failure.value.ending == "endless"
    assert "was still printing at its deadline of 2 s: " in failure.value.sentence
    assert failure.value.sentence.endswith(" lines, the last: again")
    assert " lines left out" in failure.value.evidence
    assert len(failure.value.evidence) < 12_000


@pytest.mark.parametrize("closes", [True, False])
def test_a_connection_that_ends_without_an_exit_code_has_lost_its_pod(
    kubelet: Kubelet, namespace: Namespace, closes: bool
) -> None:
    def says(it: Kubelet) -> None:
        it.send(STDOUT, b"step 1\n")
        if closes:
            it.close()

    kubelet.says = says
    with pytest.raises(ExecError) as failure:
        run(namespace)
    assert failure.value.ending == "lost"
    assert "lost its pod before it ended" in failure.value.sentence
    assert failure.value.evidence == "step 1"


@pytest.mark.parametrize(
    "status",
    [
        b"no JSON",
        b"[]",
        b"5",
        b"[" * 50_000,
        b'{"details": 5}',
        b'{"details": {"causes": 5}}',
        b'{"details": {"causes": [5, {"reason": "ExitCode", "message": "three"}]}}',
        b'{"details": {"causes": [{"reason": "ExitCode"}]}}',
        b'{"details": {"causes": [{"reason": "ExitCode", "message": "' + b"9" * 5000 + b'"}]}}',
        b'{"status": "Failure", "message": "' + b"x" * 200_000 + b'"}',
    ],
)
def test_an_end_that_tells_no_exit_code_is_shown(
    kubelet: Kubelet, namespace: Namespace, status: bytes
) -> None:
    def says(it: Kubelet) -> None:
        for at in range(0, len(status), 30_000):
            it.send(ERROR, status[at : at + 30_000])
        it.close()

    kubelet.says = says
    with pytest.raises(ExecError) as failure:
        run(namespace)
    assert failure.value.ending == "refused"
    assert f"could not run: {status[:40].decode()}" in failure.value.sentence
    assert len(failure.value.sentence) < 1200


def test_what_is_cut_from_standard_output_is_told(kubelet: Kubelet, namespace: Namespace) -> None:
    def says(it: Kubelet) -> None:
        for _ in range(10):
            it.send(STDOUT, b"0123456789\n")
        it.end(SUCCESS)

    kubelet.says = says
    assert run(namespace, keep=40).cut
    assert not run(namespace).cut


# How it is asked for.


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


# Secrets in what it prints.


def test_a_secret_is_masked_in_what_a_person_reads_and_not_in_what_a_program_does(
    kubelet: Kubelet, namespace: Namespace, redactor: Redactor
) -> None:
    def says(it: Kubelet) -> None:
        for piece in (b"connecting with hun", b"ter22\n", b"aHVudGVyMjI=\n", b"port 5432 hun"):
            it.send(STDOUT, piece)
        it.end(SUCCESS)

    redactor.add("hunter22")
    kubelet.says = says
    heard: list[str] = []
    done = run(namespace, heard=heard.append)
    assert done.output == f"connecting with {MASK}\n{MASK}\nport 5432 hun"
    assert done.stdout == "connecting with hunter22\naHVudGVyMjI=\nport 5432 hun"
    assert "".join(heard) == done.stdout
    assert "hunter22" not in repr(done)


def test_a_secret_is_masked_in_what_an_error_says(
    kubelet: Kubelet, namespace: Namespace, redactor: Redactor
) -> None:
    redactor.add("hunter22", "migrate")
    kubelet.says = lambda it: it.end(NO_SUCH_COMMAND | {"message": "no hunter22 in $PATH"})
    with pytest.raises(ExecError, match=re.escape(f"could not run: no {MASK} in $PATH")):
        run(namespace)
    kubelet.refuses = "hunter22 may not"
    with pytest.raises(ExecError) as refused:
        run(namespace)
    assert "hunter22" not in str(refused.value)
    kubelet.refuses = ""

    def says(it: Kubelet) -> None:
        it.send(STDERR, b"hunter22 is wrong\nhunter2")
        it.hang()

    kubelet.says = says
    with pytest.raises(ExecError) as hanging:
        run(namespace, timeout=0.3)
    assert hanging.value.output == f"{MASK} is wrong\nhunter2"
    assert f"-- npm run {MASK}`" in hanging.value.sentence


# How it stood at its deadline.


def printed(*lines: str) -> Output:
    output = Output()
    for line in lines:
        output.take(f"{line}\n")
    return output


def test_one_that_has_been_silent_for_long_hangs_whatever_it_printed_before() -> None:
    assert given_up(120, 110, printed("altering person")) == (
        "hangs",
        "was given up at its deadline of 120 s: it has printed nothing for 110 s, "
        "the last: altering person",
    )


def test_one_that_printed_just_now_is_still_printing() -> None:
    ending, why = given_up(120, 0.2, printed(*(f"row {number}" for number in range(1204))))
    assert ending == "endless"
    assert why == ("was still printing at its deadline of 120 s: 1,204 lines, the last: row 1203")


@pytest.mark.parametrize(
    ("status", "code"), [(SUCCESS, 0), (FAILURE, 3), (NO_SUCH_COMMAND, None), ({}, None)]
)
def test_an_exit_code_is_read_from_the_status_that_ends_an_exec(
    status: Any, code: int | None
) -> None:
    assert exit_code(status) == code
