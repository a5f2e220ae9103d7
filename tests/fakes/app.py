"""A small addressbook on loopback that answers for every pod, and can be made to fail."""

import itertools
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

PROXY = re.compile(r"/api/v1/namespaces/[^/]+/pods/([^/:]+):3000/proxy")


@dataclass(frozen=True)
class Asked:
    """One request, and the pod that it came to."""

    pod: str
    version: str
    method: str
    path: str
    body: str


@dataclass
class Reply:
    """What goes back; a body that is no text goes as JSON."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


Fault = Callable[[Asked, Reply], Reply | None]
"""Turns a right answer into a wrong one; None breaks the connection."""


Balance = Callable[[list[str], int], str]
"""Which pod gets a connection, from those that the Service knows and the connection's number."""


class App:
    """The addressbook, all its pods in one.

    Attributes:
        port: where it listens for the app's own Service.
        rows: what is stored.
        faults: what is wrong with it; empty where it is healthy.
        balance: where the Service sends connections; to one pod after the other.
    """

    def __init__(self, pods: Callable[[], list[str]], version: Callable[[str], str]) -> None:
        self.rows: list[dict[str, Any]] = []
        self.faults: list[Fault] = []
        self.balance: Balance = lambda pods, turn: pods[turn % len(pods)]
        self._version = version
        self._ids = itertools.count(1)
        self._turns = itertools.count()
        self._lock = threading.Lock()
        self._servers: list[tuple[ThreadingHTTPServer, threading.Thread]] = []
        self.port = self.listen(pods)

    def listen(self, pods: Callable[[], list[str]]) -> int:
        """Listen on one more port, for a Service that knows these pods; returns the port."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(pods))
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        self._servers.append((server, thread))
        return int(server.server_address[1])

    def stop(self) -> None:
        """Stop listening."""
        for server, thread in self._servers:
            server.shutdown()
            thread.join()
            server.server_close()

    def answer(self, method: str, path: str, body: str, known: list[str]) -> Reply | None:
        """Answer as the pod that is asked for, or as the one of those known that is chosen."""
        found = PROXY.match(path)
        if found:
            pod, path = found[1], path[found.end() :]
        elif known:
            pod = self.balance(known, next(self._turns))
        else:
            return None
        asked = Asked(pod, self._version(pod), method, path, body)
        with self._lock:
            right = self._right(asked)
        right.headers["X-Release"] = asked.version
        reply: Reply | None = right
        for fault in self.faults:
            reply = fault(asked, reply) if reply else None
        return reply

    def _right(self, asked: Asked) -> Reply:
        match asked.method, asked.path:
            case "PUT", "/person":
                moment = "2019-11-10T16:48:15.900Z"
                stamps = {"updatedAt": moment, "createdAt": moment}
                row = {"id": next(self._ids), **dict(parse_qsl(asked.body)), **stamps}
                self.rows.append(row)
                return Reply(200, dict(row))
            case "GET", "/all":
                return Reply(200, [dict(row) for row in self.rows])
            case "POST", "/notes":
                self.rows.append(json.loads(asked.body))
                return Reply(201, "stored")
            case "GET", "/notes":
                return Reply(200, list(self.rows))
            case "GET", "/ready":
                return Reply(200, {"ready": True})
        return Reply(404, {"error": "there is no such path"})

    def _handler(self, pods: Callable[[], list[str]]) -> type[BaseHTTPRequestHandler]:
        app = self

        class Handler(BaseHTTPRequestHandler):
            wbufsize = -1  # head and body in one piece, or TCP waits between them

            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length).decode()
                reply = app.answer(self.command, self.path, body, pods())
                self.close_connection = True
                if reply is None:
                    return
                text = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())

            do_GET = do_PUT = do_POST = _answer  # noqa: N815 (http.server's names)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


# What can be wrong with it.


def only(pods: str, fault: Fault) -> Fault:
    """The fault, of those pods only whose name has this in it."""
    return lambda asked, reply: fault(asked, reply) if pods in asked.pod else reply


def breaks_the_connection(asked: Asked, reply: Reply) -> None:
    """Closes it without a word."""


def fails(asked: Asked, reply: Reply) -> Reply:
    """Answers with an error of its own."""
    return Reply(500, {"error": "column search_name does not exist"}, reply.headers)


def refuses_to(method: str, fault: Fault = fails) -> Fault:
    """The fault, in answers to this method only."""
    return lambda asked, reply: fault(asked, reply) if asked.method == method else reply


def forgets_what_it_writes(asked: Asked, reply: Reply) -> Reply:
    """Acknowledges every write, and shows none."""
    return Reply(200, [], reply.headers) if asked.path == "/all" else reply


def doubles_rows(asked: Asked, reply: Reply) -> Reply:
    """Shows every row twice."""
    return Reply(200, reply.body * 2, reply.headers) if asked.path == "/all" else reply


def tells_no_version(asked: Asked, reply: Reply) -> Reply:
    """Leaves the version's header out."""
    return Reply(reply.status, reply.body)


def says(version: str) -> Fault:
    """Says that it is another version than it is."""
    return lambda asked, reply: Reply(reply.status, reply.body, {"X-Release": version})


def stores(**fields: Any) -> Fault:
    """Answers a write with other values than it was given; None leaves one out."""

    def fault(asked: Asked, reply: Reply) -> Reply:
        if asked.method != "PUT":
            return reply
        body = {k: v for k, v in (reply.body | fields).items() if v is not None}
        return Reply(200, body, reply.headers)

    return fault


def answers(path: str, body: Any, status: int = 200) -> Fault:
    """Answers one path with something else."""
    return lambda asked, reply: Reply(status, body, reply.headers) if asked.path == path else reply
