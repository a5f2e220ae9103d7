"""One request of the traffic, on the wire and back."""

import asyncio
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import aiohttp
import pytest
from fakes import rude_server as rude
from fakes.rude_server import Manner, RudeServer
from fakes.server import Reply, Server

from pytest_canary.api.client import Credentials
from pytest_canary.api.factory import client_for
from pytest_canary.config.api_settings import PUT_PERSON as PUT
from pytest_canary.config.api_settings import Request
from pytest_canary.config.settings import Deadlines, Settings
from pytest_canary.traffic.exchange import Kind
from pytest_canary.traffic.ledger import RequestOutcome
from pytest_canary.traffic.sender import (
    Prepared,
    Sender,
    loopback,
    trust,
    without_lookup,
)

GET = Request(method="GET", path="/all", contains="needle")
JSON = Request.model_validate(
    {
        "method": "POST",
        "path": "/notes?of={unique}",
        "json": {"text": "{unique}", "more": ["ä", 1]},
        "headers": {"X-Tenant": "7"},
        "status": 201,
    }
)


@pytest.fixture
def settings(configured: Callable[..., Settings]) -> Settings:
    return configured(deadlines={"request": 20})


def impatient(settings: Settings) -> Settings:
    return settings.model_copy(update={"deadlines": Deadlines(request=2)})


def send(url: str, request: Request, settings: Settings, unique: str = "") -> RequestOutcome:
    return send_prepared(Prepared.of(url, request), settings, unique)


def send_prepared(prepared: Prepared, settings: Settings, unique: str = "") -> RequestOutcome:
    async def once() -> RequestOutcome:
        async with Sender(settings.api, settings.deadlines.request) as sender:
            return await sender.send(prepared, unique)

    return asyncio.run(once())


def rudely(
    manner: Manner, request: Request, settings: Settings
) -> tuple[RequestOutcome, RudeServer]:
    server = RudeServer(manner)
    try:
        return send(server.url, request, settings, "u1"), server
    finally:
        server.stop()


# On the wire


@pytest.mark.parametrize("request_", [PUT, JSON, GET], ids=["form", "json", "read"])
def test_a_request_goes_out_as_the_api_would_send_it(
    request_: Request, server: Server, settings: Settings
) -> None:
    client_for(server.url, settings).send(request_, "canary0123")
    send(server.url, request_, settings, "canary0123")
    theirs, ours = server.asked
    assert (ours.method, ours.path, ours.headers.get("X-Tenant")) == (
        theirs.method,
        theirs.path,
        theirs.headers.get("X-Tenant"),
    )
    assert ours.headers.get("Content-Type") == theirs.headers.get("Content-Type")
    assert ours.headers["Connection"] == theirs.headers["Connection"] == "close"
    if request_ is JSON:
        assert json.loads(ours.body) == json.loads(theirs.body)
    else:
        assert ours.body == theirs.body


def test_each_request_has_a_connection_of_its_own(server: Server, settings: Settings) -> None:
    async def many() -> None:
        async with Sender(settings.api, settings.deadlines.request) as sender:
            for _ in range(5):
                await sender.send(Prepared.of(server.url, PUT), "u")

    asyncio.run(many())
    assert len({asked.port for asked in server.asked}) == 5


def test_what_opens_the_way_goes_along(server: Server, settings: Settings) -> None:
    async def once() -> RequestOutcome:
        opens = Credentials({"Authorization": "Bearer t0ken"})
        async with Sender(settings.api, settings.deadlines.request, opens) as sender:
            return await sender.send(Prepared.of(server.url, JSON), "u")

    asyncio.run(once())
    headers = server.asked[0].headers
    assert (headers["Authorization"], headers["X-Tenant"]) == ("Bearer t0ken", "7")


def test_a_file_of_authorities_is_taken_by_itself(tmp_path: Path) -> None:
    assert (trust(True), trust(False), trust(None)) == (True, False, False)
    with pytest.raises(FileNotFoundError):
        trust(str(tmp_path / "gone"))


def test_the_environments_proxy_is_not_asked(
    server: Server, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert send(server.url, PUT, settings).kind is Kind.ANSWERED


def test_a_redirect_is_an_answer_and_not_followed(server: Server, settings: Settings) -> None:
    server.reply = Reply(302, "", {"Location": "/elsewhere"})
    assert send(server.url, GET, settings)[:2] == (Kind.WRONG, 302)
    assert len(server.asked) == 1


def test_the_unique_text_is_filled_in_everywhere() -> None:
    request = JSON.model_copy(update={"contains": "<{unique}>"})
    url, body, contains = Prepared.of("http://127.0.0.1:80", request).fill("u1")
    assert url == "http://127.0.0.1:80/notes?of=u1"
    assert json.loads(body or b"") == {"text": "u1", "more": ["ä", 1]}
    assert contains == "<u1>"


# And back


# aiohttp's own words, which tell how much it was since 3.14.
HALF = (
    "received 4 of 8 bytes"
    if tuple(map(int, aiohttp.__version__.split(".")[:2])) >= (3, 14)
    else "Not enough data to satisfy content length header"
)


def test_an_answer_tells_who_gave_it(server: Server, settings: Settings) -> None:
    server.reply = Reply(200, "a needle", {"X-Release": "2", "X-Pod": "web-1"})
    assert send(server.url, GET, settings) == (
        RequestOutcome(Kind.ANSWERED, 200, "2", "web-1", "", size=8)
    )


@pytest.mark.parametrize(
    ("sent", "version"),
    [
        ([b"1.4-\xc3\xbc"], "1.4-ü"),
        ([b"1.4-\xfc"], "1.4-\\xfc"),
        # By the app and by a proxy.
        ([b"2", b"2"], "2, 2"),
        ([b" 2 "], "2"),
    ],
)
def test_the_traffic_reads_a_version_as_the_checks_do(
    sent: list[bytes], version: str, settings: Settings
) -> None:
    head = b"".join(b"X-Release: " + each + b"\r\n" for each in sent)
    server = RudeServer(
        rude.says(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n" + head + b"\r\na needle")
    )
    try:
        api = client_for(server.url, settings)
        assert api.version_of(api.send(GET)) == version
        assert send(server.url, GET, settings)[:3] == (Kind.ANSWERED, 200, version)
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("manner", "kind", "status", "text"),
    [
        (rude.closes, Kind.CLOSED, 0, "Server disconnected"),
        (rude.resets, Kind.RESET, 0, "[Errno 104] Connection reset by peer"),
        (rude.resets_mid_body, Kind.CUT, 200, HALF),
        (rude.says(rude.answer(body="half", length=8)), Kind.CUT, 200, HALF),
        (rude.says(rude.HALF_A_CHUNK), Kind.CUT, 200, "Not enough data"),
        (rude.says(b"SSH-2.0-OpenSSH\r\n\r\n"), Kind.GARBLED, 0, "SSH-2.0"),
        (rude.hangs, Kind.TIMEOUT, 0, "none within 2 s"),
        (rude.trickles, Kind.TIMEOUT, 200, "none within 2 s"),
        (rude.says(rude.answer(503, "no pool")), Kind.SERVER_ERROR, 503, "no pool"),
        (rude.says(rude.answer(404, "what\n is?")), Kind.WRONG, 404, "what is?"),
        (rude.says(rude.answer(200, "<html>")), Kind.WRONG, 200, "<html>"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_what_goes_wrong_is_told_apart(
    manner: Manner, kind: Kind, status: int, text: str, method: str, settings: Settings
) -> None:
    request = GET.model_copy(update={"method": method})
    if kind is Kind.TIMEOUT:
        settings = impatient(settings)
    outcome, server = rudely(manner, request, settings)
    assert (outcome.kind, outcome.status) == (kind, status)
    assert text in outcome.text
    if status:
        # What the head told is kept, whatever came of the body.
        assert (outcome.version, outcome.pod) == ("2", "web-1")
    assert len(server.asked) == 1, "it was sent again"


def test_nobody_listening_is_told_apart(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    outcome = send(f"http://127.0.0.1:{port}", PUT, settings)
    assert outcome.kind is Kind.REFUSED
    assert "Connect call failed" in outcome.text


def test_a_connection_that_does_not_come_about_in_time_is_told_apart(settings: Settings) -> None:
    """Nobody accepts, and the queue is full: the kernel lets further connections wait."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(address)
        try:
            outcome = send(f"http://127.0.0.1:{address[1]}", PUT, impatient(settings))
        finally:
            for each in waiting:
                each.close()
    assert outcome.kind is Kind.CONNECT_TIMEOUT


def test_a_mistake_of_our_own_is_raised_not_counted(settings: Settings) -> None:
    class Broken(Prepared):
        def fill(self, unique: str) -> NoReturn:
            raise KeyError("boom")

    broken = Broken(**vars(Prepared.of("http://127.0.0.1:1", PUT)))
    with pytest.raises(KeyError, match="boom"):
        send_prepared(broken, settings)


# Where to


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:30000", True),
        ("http://localhost:8080", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:80", True),
        ("http://10.0.0.7:80", False),
        ("http://192.0.2.1", False),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://127.0.0.1@example.com/", False),
        ("http://0.0.0.0", False),
        ("nonsense", False),
    ],
)
def test_what_is_this_machine(url: str, here: bool) -> None:
    assert loopback(url) is here


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost:8080/", "http://127.0.0.1:8080"),
        ("http://localhost", "http://127.0.0.1:80"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ],
)
def test_localhost_needs_no_lookup(url: str, expected: str) -> None:
    assert without_lookup(url) == expected
