"""A server on loopback, socket by socket, that can be ruder than an HTTP server knows how to be."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass


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
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    @property
    def open(self) -> int:
        """How many connections there are."""
        return self._open

    def stop(self) -> None:
        self._stopping.set()
        # Or accept() sleeps on: closing a socket does not wake it.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in (self._accepting, *self._threads):
            thread.join(10)
            assert not thread.is_alive()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(10)
            with self._lock:
                self._open += 1
                self.most = max(self.most, self._open)
            try:
                with contextlib.suppress(OSError):
                    self.manner(connection, self._read(connection), self._stopping)
            finally:
                with self._lock:
                    self._open -= 1

    def _read(self, connection: socket.socket) -> Asked:
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._some(connection)
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        lengths = [line for line in lines if line.lower().startswith("content-length:")]
        length = int(lengths[0].split(":")[1]) if lengths else 0
        while len(body) < length:
            body += self._some(connection)
        method, path, _ = lines[0].split()
        with self._lock:
            self.asked.append(Asked(len(self.asked), method, path, body.decode()))
            return self.asked[-1]

    @staticmethod
    def _some(connection: socket.socket) -> bytes:
        data = connection.recv(65536)
        if not data:
            raise ConnectionResetError("the client is gone")
        return data


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
    stopping.wait(0.05)
    resets(connection, asked, stopping)


def hangs(connection: socket.socket, asked: Asked, stopping: threading.Event) -> None:
    """Says nothing until the client has gone."""
    connection.recv(1)


def trickles(connection: socket.socket, asked: Asked, stopping: threading.Event) -> None:
    """Sends its head, then now and then a byte, and never the end."""
    connection.sendall(answer(body="", length=10_000))
    while not stopping.wait(0.02):
        connection.sendall(b"x")
