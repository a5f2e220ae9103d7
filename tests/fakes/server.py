"""A real HTTP server on loopback that answers as it is told, and remembers what it was asked."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


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
    """What to answer; `drop` closes the connection instead."""

    status: int = 200
    body: Any = ""
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False

    @property
    def text(self) -> str:
        return self.body if isinstance(self.body, str) else json.dumps(self.body)


class Server:
    """Answers every request with `reply`, which may be a function of the request.

    Attributes:
        keeps: whether it keeps connections open that the client wants closed.
    """

    def __init__(self) -> None:
        self.keeps = False
        self.asked: list[Asked] = []
        self.reply: Reply | Callable[[Asked], Reply] = Reply()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def stop(self) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            # Keeps connections open where the client wants it.
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                asked = Asked(
                    self.command, self.path, dict(self.headers), body, self.client_address[1]
                )
                server.asked.append(asked)
                self.close_connection = self.close_connection and not server.keeps
                reply = server.reply(asked) if callable(server.reply) else server.reply
                if reply.drop:
                    self.close_connection = True
                    return
                content = reply.text.encode()
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_PUT = do_POST = do_DELETE = answer  # noqa: N815 (the base class's names)

            def log_message(self, *_: object) -> None:
                pass

        return Handler
