"""One request and its answer, which ends after so many seconds and bytes, however it comes.

What `requests` calls a timeout is the time between two bytes: an answer that drips has none.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
import time
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, ReadTimeoutError

from pytest_canary.core.wording import cut, plural

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# Bytes of an answer's body: some 50,000 rows. As JSON they take twenty times as much.
LIMIT = 8_000_000

# Letters that are shown of an answer that has no end.
SHOWN = 200

# Bytes that are read at once, at most.
CHUNK = 2**16


class NoAnswerError(Exception):
    """No answer came, or none that came to its end; the text says why."""


class TooLongError(NoAnswerError):
    """The answer has more than `LIMIT` bytes."""


@dataclass
class Received:
    """An answer, as far as it has come.

    Attributes:
        status: 0 where none has come.
    """

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)

    @property
    def text(self) -> str:
        """The body, in the encoding that it tells, and in UTF-8 where it tells none."""
        told = "charset=" in self.headers.get("Content-Type", "").lower()
        encoding = get_encoding_from_headers(self.headers) if told else None
        try:
            return self.body.decode(encoding or "utf-8", errors="replace")
        except LookupError:
            return self.body.decode(errors="replace")


class Exchange:
    """A request that is sent once or again and again, always the same.

    It is made ready once, which takes as long as all the rest.

    Args:
        session: sends it, by its own settings: those of the environment don't count.
        method: the request's.
        url: where to.
        request: its body and headers, as `requests` takes them.
    """

    def __init__(self, session: requests.Session, method: str, url: str, **request: Any) -> None:
        self._session = session
        self._request = requests.Request(method.upper(), url, **request)
        self._prepared: requests.PreparedRequest | None = None
        mounted = session.get_adapter(url)
        if not isinstance(mounted, _Adapter):
            session.mount(f"{urlsplit(url).scheme}://", _Adapter(expected_server(mounted)))

    def send(self, deadline: float) -> Received:
        """Send it and read its answer to the end; a redirect is an answer like any other.

        Args:
            deadline: seconds for all of it.

        Raises:
            NoAnswerError: the answer did not come, or not to its end.
        """
        received = Received()
        until = time.monotonic() + deadline
        token = _UNTIL.set(until)
        try:
            if self._prepared is None:
                self._prepared = self._session.prepare_request(self._request)
            _receive(
                self._session.send(
                    self._prepared, timeout=deadline, allow_redirects=False, stream=True
                ),
                received,
            )
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            late = time.monotonic() >= until or isinstance(error, _TIMEOUTS)
            raise NoAnswerError(_late(received, deadline) if late else _reason(error)) from error
        finally:
            _UNTIL.reset(token)
        if time.monotonic() >= until:
            raise NoAnswerError(_late(received, deadline))
        return received


def exchange(
    session: requests.Session, method: str, url: str, *, deadline: float, **request: Any
) -> Received:
    """Send a request once, as an `Exchange` does."""
    return Exchange(session, method, url, **request).send(deadline)


def header_text(value: bytes) -> str:
    """A header's value, the same whoever has received it; what is no UTF-8 is escaped."""
    return value.decode(errors="backslashreplace").strip()


def expected_server(adapter: BaseAdapter) -> str | None:
    """The name that a server has to prove, where it is another than the URL's."""
    manager = getattr(adapter, "poolmanager", None)
    return manager.connection_pool_kw.get("server_hostname") if manager else None


def _receive(response: requests.Response, received: Received) -> None:
    with contextlib.closing(response):
        received.status = response.status_code
        # requests takes them for Latin-1, and puts those of one name together.
        received.headers = CaseInsensitiveDict(
            {name: header_text(value.encode("latin-1")) for name, value in response.headers.items()}
        )
        # As it comes: of a read that does not come to its end, nothing is seen.
        while chunk := response.raw.read1(CHUNK, decode_content=True):
            received.body += chunk
            if len(received.body) > LIMIT:
                raise TooLongError


def _late(received: Received, deadline: float) -> str:
    late = f"timed out after {deadline:g} s"
    if not received.status:
        return late
    kind = received.headers.get("Content-Type", "an unknown type")
    return (
        f"{late}, when status {received.status} and {plural(len(received.body), 'byte')} of {kind} "
        f"had come, and no end: {cut(received.text, SHOWN)!r}"
    )


def _reason(error: Exception) -> str:
    """The innermost cause: requests wraps urllib3's, which wraps the socket's."""
    cause: BaseException = error
    while True:
        inner = cause.__cause__ or cause.__context__
        if inner is None:
            return str(cause) or type(cause).__name__
        cause = inner


_TIMEOUTS = (requests.Timeout, ReadTimeoutError, TimeoutError)

# When the answers that begin now have to have ended, by time.monotonic(); None for no such moment.
_UNTIL: ContextVar[float | None] = ContextVar("until", default=None)


class _Answer(http.client.HTTPResponse):
    def __init__(self, connection: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(connection, *args, **options)
        until = _UNTIL.get()
        if until is not None:
            self.fp = io.BufferedReader(_Reads(self.fp.detach(), connection, until))


class _Reads(io.RawIOBase):
    """What comes over a connection until a moment.

    Args:
        raw: reads it.
        connection: which.
        until: the moment, by time.monotonic().
    """

    def __init__(self, raw: io.RawIOBase, connection: socket.socket, until: float) -> None:
        self._raw = raw
        self._connection = connection
        self._until = until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        usual = self._connection.gettimeout()
        self._connection.settimeout(left)
        try:
            return self._raw.readinto(buffer)
        finally:
            self._connection.settimeout(usual)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Http(HTTPConnection):
    response_class = _Answer


class _Https(HTTPSConnection):
    response_class = _Answer


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


class _Adapter(HTTPAdapter):
    """Connects so that an answer is read until its moment, and keeps one connection at most.

    Args:
        expected: the name that the server has to prove; None for the URL's.
    """

    def __init__(self, expected: str | None) -> None:
        self._expected = expected
        super().__init__(pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        if self._expected:
            options |= {"server_hostname": self._expected, "assert_hostname": self._expected}
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
