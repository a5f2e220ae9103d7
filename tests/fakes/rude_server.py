"""A server on loopback, socket by socket, that can be ruder than an HTTP server knows how to be."""

import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass

from fakes.connections import Connections, read


@dataclass(frozen=True)
class Asked:
    """One request, and its place among all that came."""

    number: int
    method: str
    path: str
    body: str


Manner = Callable[[socket.socket, Asked, threading.Event], None]
"""How one connection is treated; the event says that the server is about to stop."""


class RudeServer:
    """Reads each request in full, and then does what its manner says.

    Attributes:
        asked: what came, in its order.
        most: how many connections there were at a time, at most.
    """

    def __init__(self, manner: Manner) -> None:
        self.manner = manner
        self.asked: list[Asked] = []
        self.most = 0
        self._open = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._connections = Connections(self._serve)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._connections.port}"

    @property
    def open(self) -> int:
        """How many connections there are."""
        return self._open

    def stop(self) -> None:
        self._stopping.set()
        self._connections.stop()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        with self._lock:
            self._open += 1
            self.most = max(self.most, self._open)
        try:
            if request := read(connection):
                with self._lock:
                    number = len(self.asked)
                    asked = Asked(number, request.method, request.path, request.body)
                    self.asked.append(asked)
                self.manner(connection, asked, self._stopping)
        finally:
            with self._lock:
                self._open -= 1


def answer(
    status: int = 200, body: str = "", length: int | None = None, release: str = "2"
) -> bytes:
    """An answer with its head; `length` is what it says of its body, where that is not true."""
    return (
        f"HTTP/1.1 {status} X\r\nContent-Length: {len(body) if length is None else length}\r\n"
        f"X-Release: {release}\r\nX-Pod: web-1\r\nConnection: close\r\n\r\n{body}"
    ).encode()


HALF_A_CHUNK = answer(body="8\r\nhalf").replace(b"Content-Length: 7", b"Transfer-Encoding: chunked")


# Manners.


def says(content: bytes) -> Manner:
    """Sends this, and closes the connection."""
    return lambda connection, asked, stopping: connection.sendall(content)


def echoes(connection: socket.socket, asked: Asked, stopping: threading.Event) -> None:
    """Answers with what was asked: as the addressbook does, a write with what it wrote."""
    connection.sendall(answer(body=asked.body or "[]"))


def closes(connection: socket.socket, asked: Asked, stopping: threading.Event) -> None:
    """Closes the connection without a word."""


def resets(connection: socket.socket, asked: Asked, stopping: threading.Event) -> None:
    """Resets the connection, as the kernel does for a process that was killed."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def resets_mid_body(connection: socket.socket, asked: Asked, stopping: threading.Event) -> None:
    """Resets the connection when half of the answer has gone."""
    connection.sendall(answer(body="half", length=8))
    # What is not yet read goes with a reset; the client must have had the head before.
    stopping.wait(0.5)
    resets(connection, asked, stopping)


def hangs(connection: socket.socket, asked: Asked, stopping: threading.Event) -> None:
    """Says nothing until the client has gone."""
    connection.recv(1)


def trickles(connection: socket.socket, asked: Asked, stopping: threading.Event) -> None:
    """Sends its head, then now and then a byte, and never the end."""
    connection.sendall(answer(body="", length=10_000))
    while not stopping.wait(0.02):
        connection.sendall(b"x")
