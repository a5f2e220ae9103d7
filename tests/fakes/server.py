"""A real HTTP server on loopback that answers as it is told, and remembers what it was asked."""

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fakes import connections
from fakes.connections import Connections


@dataclass
class Asked:
    """One request, and the client's port, which tells its connection."""

    method: str
    path: str
    headers: dict[str, str]
    body: str
    port: int


@dataclass
class Reply:
    """What to answer; `drop` closes the connection instead, `cut` in the midst of the body."""

    status: int = 200
    body: Any = ""
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    cut: bool = False

    @property
    def text(self) -> str:
        return connections.text(self.body)


class Server:
    """Answers every request with `reply`, which may be a function of the request.

    Attributes:
        keeps: whether it keeps connections open that the client wants closed.
    """

    def __init__(self) -> None:
        self.keeps = False
        self.asked: list[Asked] = []
        self.reply: Reply | Callable[[Asked], Reply] = Reply()
        self._connections = Connections(self._serve)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._connections.port}"

    def stop(self) -> None:
        self._connections.stop()

    def _serve(self, connection: socket.socket) -> None:
        _, port = connection.getpeername()
        while request := connections.read(connection):
            asked = Asked(request.method, request.path, request.headers, request.body, port)
            self.asked.append(asked)
            reply = self.reply(asked) if callable(self.reply) else self.reply
            if reply.drop:
                return
            whole = connections.reply(reply.status, reply.headers, reply.body)
            if reply.cut:
                connection.sendall(whole[: -len(reply.text) // 2])
                return
            connection.sendall(whole)
            # Keeps connections open where the client wants it.
            if request.headers.get("Connection") == "close" and not self.keeps:
                return
