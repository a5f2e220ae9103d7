"""How to reach PostgreSQL, for the server and for the commands."""

from typing import Any

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from addressbook.settings import DatabaseSettings

# What PostgreSQL's absence looks like: refused, gone, too slow, out of connections, or read-only
# in the middle of a fail-over. Anything else from the driver is a mistake of ours.
UNAVAILABLE = (OperationalError, InterfaceError, InternalError, PoolTimeout, TimeoutError)


def url(settings: DatabaseSettings) -> URL:
    """Return the URL that both the sync and the async engine take."""
    return URL.create(
        "postgresql+psycopg",
        username=settings.user,
        password=settings.password,
        host=settings.host,
        port=settings.port,
        database=settings.name,
    )


def connect_args(settings: DatabaseSettings, application: str) -> dict[str, Any]:
    """Return libpq's parameters; `application` is what the server's own list of sessions shows."""
    return {
        "sslmode": "require" if settings.ssl else "disable",
        "connect_timeout": 5,  # seconds; half of what a transaction may take
        "tcp_user_timeout": 5000,  # milliseconds until a server that went silent is given up
        "application_name": application,
    }


def reason(error: BaseException) -> str:
    """Return the driver's own words for `error`, in one line and without the statement."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    return lines[0] if lines else type(cause).__name__
