"""A real HTTP API on loopback that stands in for an API server, and the way to it."""

import contextlib
import datetime
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

Answer = tuple[int, Any]


class ApiServer(ThreadingHTTPServer):
    """Answers from `answers`, by method and path; one that can be called is given the body.

    Attributes:
        ahead: seconds by which its clock is ahead of this machine's.

    What follows WATCH instead of GET is for watches alone, which may be told bit by bit: texts that
    come from an iterator are sent as they come.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, Answer | Callable[[Any], Answer]] = {}
        self.asked: list[str] = []
        self.bodies: list[Any] = []
        self.tokens: list[str] = []
        self.ahead = 0.0


class Handler(BaseHTTPRequestHandler):
    server: ApiServer

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        given = json.loads(self.rfile.read(length)) if length else None
        if length:
            self.server.bodies.append(given)
        self.server.asked.append(f"{self.command} {self.path}")
        self.server.tokens.append(self.headers.get("Authorization", "").removeprefix("Bearer "))
        query, path = parse_qs(urlsplit(self.path).query), self.path.split("?")[0]
        found = self.server.answers.get(
            f"{self.command} {path}", (404, {"message": f"no {self.path}"})
        )
        if "watch" in query:
            found = self.server.answers.get(f"WATCH {path}", found)
        status, answer = found(given) if callable(found) else found
        if isinstance(answer, Iterator):
            self._stream(status, answer)
            return
        if "tailLines" in query and isinstance(answer, str):
            # As a kubelet does: the limit takes the end away.
            last = answer.splitlines(keepends=True)[-int(query["tailLines"][0]) :]
            answer = "".join(last)[: int(query["limitBytes"][0])]
        body = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string((timestamp or time.time()) + self.server.ahead)

    def _stream(self, status: int, texts: Iterator[str]) -> None:
        self.protocol_version = "HTTP/1.1"
        self.send_response(status)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # who was told may have gone
            for text in itertools.chain(texts, [""]):
                self.wfile.write(f"{len(text.encode()):x}\r\n{text}\r\n".encode())

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _answer  # noqa: N815 (the library's names)

    def log_message(self, *_: object) -> None:
        pass


def welcome(server: ApiServer, namespace: str) -> None:
    """Let a run make its namespace, and in it the account that its release has."""
    there = f"/api/v1/namespaces/{namespace}"
    roles = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    reviews = "/apis/authorization.k8s.io/v1"
    end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=24)
    token = {"token": "t0ken", "expirationTimestamp": end.isoformat()}
    accounts = [{"metadata": {"name": "default"}}]
    server.answers |= {
        "POST /api/v1/namespaces": (201, {}),
        f"GET {there}/serviceaccounts": (200, {"items": accounts}),
        f"POST {there}/serviceaccounts": (201, {}),
        f"POST {there}/serviceaccounts/pytest-canary/token": (201, {"status": token}),
        f"POST {roles}/roles": (201, {}),
        f"POST {roles}/rolebindings": (201, {}),
        f"POST {reviews}/selfsubjectrulesreviews": (201, {"status": {"resourceRules": []}}),
        f"POST {reviews}/selfsubjectaccessreviews": (201, {"status": {"allowed": True}}),
    }


@contextmanager
def serving_api() -> Iterator[ApiServer]:
    """One that runs."""
    with ApiServer() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield running
        finally:
            running.shutdown()
            thread.join()


def write_kubeconfig(path: Path, server: ApiServer) -> None:
    """Write a kubeconfig whose context "it" leads there, and whose current one leads nowhere."""
    there = {"it": f"http://127.0.0.1:{server.server_port}", "gone": "http://127.0.0.1:1"}
    document = {
        "clusters": [{"name": name, "cluster": {"server": url}} for name, url in there.items()],
        "users": [{"name": "it", "user": {"token": "t0ken-of-the-user"}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": "it"}} for name in there],
        "current-context": "gone",
    }
    path.write_text(yaml.safe_dump(document))
