"""Sends one request of the traffic over a connection of its own, once, and says what came of it."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import json
import ssl
from dataclasses import dataclass
from types import SimpleNamespace, TracebackType
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit, urlunsplit

from pytest_canary.api.client import Credentials
from pytest_canary.api.transport import header_text
from pytest_canary.api.writes import new_unique
from pytest_canary.config.api_settings import ApiSettings, Request
from pytest_canary.core.wording import cut
from pytest_canary.traffic.exchange import Kind
from pytest_canary.traffic.ledger import RequestOutcome

if TYPE_CHECKING:
    import aiohttp

# What this machine has run out of; the app is not to blame.
OWN = (errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM)

# Bytes of an answer's body that are kept, to show what a wrong one says.
SHOWN = 200


def trust(verify: bool | str | None) -> ssl.SSLContext | bool:
    """Whose word for a server counts, as aiohttp takes it."""
    return ssl.create_default_context(cafile=verify) if isinstance(verify, str) else bool(verify)


def loopback(base_url: str) -> bool:
    """Whether a URL leads to this machine and no other."""
    host = urlsplit(base_url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def without_lookup(base_url: str) -> str:
    """The URL with IPv4's address for localhost, which the Service's port is mapped to."""
    parts = urlsplit(base_url.rstrip("/"))
    if parts.hostname != "localhost":
        return base_url.rstrip("/")
    return urlunsplit(parts._replace(netloc=f"127.0.0.1:{parts.port or 80}"))


@dataclass(frozen=True)
class Prepared:
    """A request, ready but for the unique text.

    It is encoded once, with a text of the same make in the place of each unique one.
    """

    request: Request
    url: str
    body: bytes | None
    headers: dict[str, str]
    contains: str
    placeholder: str

    @classmethod
    def of(cls, base_url: str, request: Request) -> Prepared:
        """Prepare a request of the settings."""
        mark = new_unique()

        def fill(text: str) -> str:
            return text.replace("{unique}", mark)

        body, headers = None, {}
        if request.form is not None:
            body = urlencode(json.loads(fill(json.dumps(request.form)))).encode()
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
        elif request.json_ is not None:
            body = fill(json.dumps(request.json_)).encode()
            headers = {"Content-Type": "application/json"}
        return cls(
            request,
            base_url + fill(request.path),
            body,
            headers | request.headers,
            fill(request.contains or ""),
            mark,
        )

    def fill(self, unique: str) -> tuple[str, bytes | None, str]:
        """The URL, the body, and what its answer must contain."""
        mark = self.placeholder
        body = self.body and self.body.replace(mark.encode(), unique.encode())
        return self.url.replace(mark, unique), body, self.contains.replace(mark, unique)


class Body:
    """An answer's body as it comes in: looked through, and let go.

    A list of all rows is long, and hundreds of answers may be on their way.
    """

    def __init__(self, contains: str) -> None:
        self._needle = contains.encode()
        self._tail = b""
        self.head = b""
        self.size = 0
        self.found = not contains

    def take(self, chunk: bytes) -> None:
        """Look at the next part of it."""
        self.size += len(chunk)
        # One more, by which it is known to be cut.
        self.head += chunk[: SHOWN + 1 - len(self.head)]
        if not self.found:
            self._tail += chunk
            self.found = self._needle in self._tail
            self._tail = self._tail[max(0, len(self._tail) - len(self._needle) + 1) :]


def kind_of_answer(request: Request, status: int, found: bool) -> Kind:
    """What a full answer comes to.

    Args:
        request: tells what was promised.
        status: of the answer.
        found: whether its body has what it must contain.
    """
    if status == request.status and found:
        return Kind.ANSWERED
    # What was promised may be a 500; what then comes instead of it is wrong, not broken.
    return Kind.SERVER_ERROR if status >= 500 and status != request.status else Kind.WRONG


class NotSentAgainError(Exception):
    """Wraps what aiohttp would otherwise take for a reason to send the request again."""


async def _once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Send it once: aiohttp sends a PUT again by itself, which hides the loss and may double it."""
    import aiohttp

    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise NotSentAgainError from error


def failure(error: BaseException, connected: bool) -> Kind | None:
    """What an error of the client comes to; None for one that is a mistake of our own.

    Args:
        error: as it was raised.
        connected: whether there was a connection.
    """
    import aiohttp

    match error:
        case NotSentAgainError():
            return failure(error.__cause__, connected) if error.__cause__ else None
        case TimeoutError():
            return Kind.TIMEOUT if connected else Kind.CONNECT_TIMEOUT
        case aiohttp.ClientConnectorError():
            return _connection_failure(error.errno)
        case aiohttp.ServerDisconnectedError():
            return Kind.CLOSED
        case aiohttp.ClientPayloadError():
            return Kind.CUT
        case aiohttp.ClientResponseError():
            return Kind.GARBLED
        case OSError():
            return Kind.RESET if connected else _connection_failure(error.errno)
    return None


def _connection_failure(number: int | None) -> Kind:
    if number in OWN:
        return Kind.NO_ROOM
    return Kind.REFUSED if number == errno.ECONNREFUSED else Kind.UNREACHABLE


def words_of(error: BaseException) -> str:
    """The error in its own words, the innermost where it wraps another."""
    while error.__cause__ is not None:
        error = error.__cause__
    # What aiohttp adds to a message, such as a status 400 that nobody sent, misleads.
    return str(getattr(error, "message", "") or error) or type(error).__name__


@dataclass
class _Told:
    """What the head of an answer told."""

    status: int = 0
    version: str = ""
    pod: str = ""


class Sender:
    """The client, in the event loop that enters it.

    Args:
        settings: tell the headers by which versions and pods are known.
        deadline: seconds for one request.
        credentials: what each request brings along.
    """

    def __init__(
        self, settings: ApiSettings, deadline: float, credentials: Credentials | None = None
    ) -> None:
        self.deadline = deadline
        self._credentials = credentials or Credentials()
        self._version = settings.version_header or ""
        self._pod = settings.pod_header or ""

    async def __aenter__(self) -> Sender:
        import aiohttp

        async def note_connected(
            _session: object, context: SimpleNamespace, _params: object
        ) -> None:
            context.trace_request_ctx.connected = True

        trace = aiohttp.TraceConfig()
        trace.on_connection_create_end.append(note_connected)
        self._session = aiohttp.ClientSession(
            # One connection a request, as a Service balances connections; how many there are at a
            # time is bounded by whoever sends.
            connector=aiohttp.TCPConnector(
                force_close=True, limit=0, ssl=trust(self._credentials.verify)
            ),
            headers=self._credentials.headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            trace_configs=[trace],
            middlewares=[_once],
            trust_env=False,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def send(self, prepared: Prepared, unique: str) -> RequestOutcome:
        """Send a request, and read its answer to the end.

        Raises:
            Exception: what no server can cause.
        """
        context = SimpleNamespace(connected=False)
        answer = _Told()
        try:
            async with asyncio.timeout(self.deadline):
                return await self._exchange(prepared, unique, context, answer)
        except Exception as error:
            kind = failure(error, context.connected)
            if kind is None:
                raise
            late = kind in (Kind.TIMEOUT, Kind.CONNECT_TIMEOUT)
            text = f"none within {self.deadline:g} s" if late else _line(words_of(error))
            return RequestOutcome(kind, answer.status, answer.version, answer.pod, text)

    async def _exchange(
        self, prepared: Prepared, unique: str, context: SimpleNamespace, answer: _Told
    ) -> RequestOutcome:
        url, content, contains = prepared.fill(unique)
        body = Body(contains)
        async with self._session.request(
            prepared.request.method,
            url,
            data=content,
            headers=prepared.headers,
            allow_redirects=False,
            trace_request_ctx=context,
            proxy=self._credentials.proxy,
            server_hostname=self._credentials.server,
        ) as response:
            # Noted at once: an answer that breaks off has told who gave it.
            answer.status = response.status
            answer.version = _header(response, self._version)
            answer.pod = _header(response, self._pod)
            async for chunk in response.content.iter_any():
                body.take(chunk)
        kind = kind_of_answer(prepared.request, response.status, body.found)
        text = (
            "" if kind is Kind.ANSWERED else _line(cut(body.head.decode(errors="replace"), SHOWN))
        )
        return RequestOutcome(kind, answer.status, answer.version, answer.pod, text, body.size)


def _header(response: aiohttp.ClientResponse, name: str) -> str:
    """A header's value as the API's own client has it; where it is sent twice, both."""
    values = ", ".join(response.headers.getall(name, []))
    return header_text(values.encode(errors="surrogateescape"))


def _line(text: str) -> str:
    return " ".join(text.split())
