"""A small addressbook on loopback that answers for every pod, and can be made to fail."""

import itertools
import json
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from fakes.connections import Connections, read, reply

PROXY = re.compile(r"/api/v1/namespaces/[^/]+/pods/([^/:]+):3000/proxy")

NOTES = {
    "checks": [{"method": "GET", "path": "/ready", "contains": "true"}],
    "write": {"method": "POST", "path": "/notes", "json": {"text": "{unique}"}, "status": 201},
    "read": {"method": "GET", "path": "/notes"},
}
"""The [api] of an app that is no addressbook, and tells no version."""

BOUNDED = {name: NOTES[name] for name in ("write", "read")} | {
    "bounded-read": {"method": "GET", "path": "/notes/{unique}", "contains": "{unique}"}
}
"""The same of an app that can be asked for one row."""


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
        reached: the pod of each connection through a Service, with the port that it was made to.
    """

    def __init__(self, pods: Callable[[], list[str]], version: Callable[[str], str]) -> None:
        self.rows: list[dict[str, Any]] = []
        self.faults: list[Fault] = []
        self.balance: Balance = lambda pods, turn: pods[turn % len(pods)]
        self.reached: list[tuple[str, int]] = []
        self._version = version
        self._ids = itertools.count(1)
        self._turns = itertools.count()
        self._lock = threading.Lock()
        self._services: list[Connections] = []
        self.port = self.listen(pods)

    def listen(self, pods: Callable[[], list[str]]) -> int:
        """Listen on one more port, for a Service that knows these pods; returns the port."""
        service = Connections(partial(self._serve, pods))
        self._services.append(service)
        return service.port

    def stop(self) -> None:
        """Stop listening."""
        for service in self._services:
            service.stop()

    def _serve(self, pods: Callable[[], list[str]], connection: socket.socket) -> None:
        request = read(connection)
        if request is None:
            return
        port = connection.getsockname()[1]
        found = self.answer(request.method, request.path, request.body, pods(), port)
        if found:
            headers = found.headers | {"Connection": "close"}
            connection.sendall(reply(found.status, headers, found.body))

    def answer(
        self, method: str, path: str, body: str, known: list[str], port: int
    ) -> Reply | None:
        """Answer as the pod that is asked for, or as the one of those known that is chosen."""
        found = PROXY.match(path)
        if found:
            pod, path = found[1], path[found.end() :]
        elif known:
            pod = self.balance(known, next(self._turns))
            self.reached.append((pod, port))
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
            case "GET", path if path.startswith("/notes/"):
                found = [row for row in self.rows if row["text"] == path.rpartition("/")[2]]
                return Reply(200, found[0]) if found else Reply(404, "no such note")
            case "GET", "/ready":
                return Reply(200, {"ready": True})
        return Reply(404, {"error": "there is no such path"})


# What can be wrong with it.


def only(pods: str, fault: Fault) -> Fault:
    """The fault, of those pods only whose name has this in it."""
    return lambda asked, reply: fault(asked, reply) if pods in asked.pod else reply


def breaks_the_connection(asked: Asked, reply: Reply) -> None:
    """Closes it without a word."""


def fails(asked: Asked, reply: Reply) -> Reply:
    """Answers with an error of its own."""
    return Reply(500, {"error": "column search_name does not exist"}, reply.headers)


def now_and_then(fault: Fault, every: int) -> Fault:
    """The fault, in one request of so many only."""
    turns = itertools.count(1)
    return lambda asked, reply: fault(asked, reply) if next(turns) % every == 0 else reply


def hangs(seconds: float) -> Fault:
    """Lets a client wait so long."""

    def hang(_: Asked, reply: Reply) -> Reply:
        time.sleep(seconds)
        return reply

    return hang


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
