"""The process: starts, serves, and shuts down without losing a request."""

import asyncio
import logging
import signal
from time import monotonic
from types import FrameType

import uvicorn
from sqlalchemy.ext.asyncio import create_async_engine
from starlette.routing import Route

from addressbook.database import connect_args, url
from addressbook.metrics import Observed
from addressbook.persons import Persons
from addressbook.settings import ServerSettings
from addressbook.web import application

FINISH_LIMIT = 10  # seconds for requests in flight, once no more are accepted

log = logging.getLogger("addressbook")


class Server(uvicorn.Server):
    """A server that goes on serving for a while after SIGTERM.

    Kubernetes takes a pod out of its Service at the same moment as it stops it, and the nodes
    need some time to hear of it. Connections that arrive meanwhile are answered.
    """

    def __init__(self, config: uvicorn.Config, delay: float) -> None:
        super().__init__(config)
        self._delay = delay
        self._stop_at: float | None = None

    @property
    def draining(self) -> bool:
        """Whether SIGTERM has been received."""
        return self._stop_at is not None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Start the delay at the first SIGTERM; stop at once at any other signal."""
        if sig == signal.SIGTERM:
            if self._stop_at is None:
                log.info("SIGTERM: serving for another %g s", self._delay)
                self._stop_at = monotonic() + self._delay
        else:
            super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Look ten times a second, as the base class does, whether it is time to stop."""
        if self._stop_at is not None and monotonic() >= self._stop_at:
            self.should_exit = True
        return await super().on_tick(counter)


def run(settings: ServerSettings, release: int) -> int:
    """Serve until told to stop; return 0, or 1 when the server could not start."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        return asyncio.run(_run(settings, release))
    except KeyboardInterrupt:
        return 0


async def _run(settings: ServerSettings, release: int) -> int:
    application_name = f"addressbook {release} {settings.pod}"
    engine = create_async_engine(
        url(settings.database),
        connect_args=connect_args(settings.database, application_name),
        pool_size=10,  # no more are made for one request alone: that costs more than the request
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=True,  # a restarted database costs no request
        hide_parameters=True,  # no names of people in the log
    )
    app = application(Persons(engine.begin, release))
    paths = {route.endpoint: route.path for route in app.routes if isinstance(route, Route)}
    config = uvicorn.Config(
        Observed(app, paths, release, lambda: server.draining),
        host="0.0.0.0",  # noqa: S104 (a pod is reached from outside)
        port=settings.port,
        lifespan="off",
        access_log=False,  # /metrics tells more, at less cost
        log_config=None,
        server_header=False,
        headers=[("X-Release", str(release)), ("X-Pod", settings.pod)],
        timeout_graceful_shutdown=FINISH_LIMIT,
    )
    server = Server(config, settings.shutdown_delay)
    log.info("addressbook release %d, database %s", release, settings.database)
    try:
        await server.serve()
    finally:
        await engine.dispose()
    return 0 if server.started else 1
