"""Connections on loopback, and what HTTP says over them, at little cost.

`http.server` starts a thread for each connection and reads its head as an e-mail: that takes longer
than all the rest of an answer, and some tests make thousands of connections.
"""

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import responses
from typing import Any


class Connections:
    """Accepts connections, and closes each when it is served.

    Whoever has served one waits for the next, so that there are as many threads as there are
    connections at a time, and one more.

    Args:
        serve: called with each connection.
    """

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        self._serve = serve
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = int(self._listening.getsockname()[1])
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._waiting = 1
        self._open: set[socket.socket] = set()
        self._stopped = False
        self._hire()

    def stop(self) -> None:
        """Accept no more, end what is open, and wait for who serves it."""
        # Or accept() sleeps on: closing a socket does not wake it.
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._stopped = True
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()
        self._listening.close()

    def _hire(self) -> None:
        # Whoever forgets to stop it keeps no test run from its end.
        thread = threading.Thread(target=self._work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._take(self._listening.accept()[0])

    def _take(self, connection: socket.socket) -> None:
        with connection:
            with self._lock:
                if self._stopped:
                    return
                self._open.add(connection)
                alone = self._waiting == 1
                if not alone:
                    self._waiting -= 1
            if alone:
                self._hire()
            try:
                # Who has gone needs no answer.
                with contextlib.suppress(OSError):
                    self._serve(connection)
            finally:
                with self._lock:
                    self._open.remove(connection)
                    self._waiting += 1


@dataclass(frozen=True)
class Request:
    """What a client has sent; its headers are called as it calls them."""

    method: str
    path: str
    headers: dict[str, str]
    body: str


def read(connection: socket.socket) -> Request | None:
    """The next request over a connection; None where no whole one comes any more."""
    data = b""
    while b"\r\n\r\n" not in data:
        if not (came := connection.recv(65536)):
            return None
        data += came
    head, _, body = data.partition(b"\r\n\r\n")
    first, *fields = head.decode("latin-1").split("\r\n")
    headers = {name: value.strip() for name, _, value in (each.partition(":") for each in fields)}
    length = int({name.lower(): value for name, value in headers.items()}.get("content-length", 0))
    while len(body) < length:
        if not (came := connection.recv(65536)):
            return None
        body += came
    method, path, _ = first.split(" ")
    return Request(method, path, headers, body.decode())


def text(body: Any) -> str:
    """A body as it goes out: one that is no text goes as JSON."""
    return body if isinstance(body, str) else json.dumps(body)


def reply(status: int, headers: Mapping[str, str], body: Any) -> bytes:
    """An answer, whole."""
    content = text(body).encode()
    lines = [f"HTTP/1.1 {status} {responses.get(status, '')}", f"Content-Length: {len(content)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + content
