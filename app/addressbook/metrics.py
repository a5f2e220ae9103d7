"""What every request has in common: its figures, and a goodbye while the server drains."""

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics
from starlette.types import ASGIApp, Message, Receive, Scope, Send

disable_created_metrics()  # type: ignore[no-untyped-call]
REQUESTS = Counter("http_requests", "Requests answered.", ["method", "path", "status"])
DURATION = Histogram(
    "http_request_duration_seconds",
    "Time from a request's head to the end of its answer.",
    ["method", "path"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
RELEASE_INFO = Gauge("addressbook_release_info", "Always 1; the label says which.", ["release"])
# A client can invent methods and paths without end, and every label value is a series for ever.
METHODS = {"GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"}


class Observed:
    """ASGI middleware around everything, so that no answer escapes it."""

    def __init__(
        self, app: ASGIApp, paths: Mapping[Any, str], release: int, draining: Callable[[], bool]
    ) -> None:
        self._app = app
        self._paths = paths
        self._draining = draining
        RELEASE_INFO.labels(str(release)).set(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and count it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500

        async def observed_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if self._draining():
                    # Or a client's next request would meet a connection that is being closed.
                    headers = [*message.get("headers", ()), (b"connection", b"close")]
                    message = {**message, "headers": headers}
            await send(message)

        started = perf_counter()
        try:
            await self._app(scope, receive, observed_send)
        finally:
            method = scope["method"] if scope["method"] in METHODS else "other"
            path = self._paths.get(scope.get("endpoint"), "other")
            DURATION.labels(method, path).observe(perf_counter() - started)
            REQUESTS.labels(method, path, str(status)).inc()
