"""A server with a certificate, which has one answer for each path."""

from __future__ import annotations

import json
import ssl
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from pytest_canary.registry.certificate import Certificate

DIGEST = "sha256:" + "0" * 64


@contextmanager
def serving(
    made: Certificate, answers: Mapping[str, tuple[int, Any]], port: int = 0
) -> Iterator[int]:
    """The port of a server on this machine; what it has no answer for is a 404."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, content = answers.get(self.path, (404, {}))
            text = content if isinstance(content, str) else json.dumps(content)
            body = b"" if self.command == "HEAD" else text.encode()
            self.send_response(status)
            self.send_header("Docker-Content-Digest", DIGEST)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815 (the library's name)

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Whoever does not trust it goes away in the midst of it."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "both.pem"
        path.write_text(made.key + made.certificate)
        context.load_cert_chain(path)
    with Quiet(("127.0.0.1", port), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
