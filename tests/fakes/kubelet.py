"""A kubelet on loopback, and a command in one of its pods."""

import base64
import contextlib
import hashlib
import json
import socket
import struct
import threading
from collections.abc import Callable
from typing import Any

from pytest_canary.k8s.exec import ERROR, Exec
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


def run(namespace: Namespace, timeout: float = 30, **more: Any) -> Exec:
    """Run a command in a pod."""
    command = ["npm", "run", "migrate"]
    return namespace.exec("app-canary-1", "app", command, timeout=timeout, **more)
