"""An answer ends, however it comes: in seconds for the whole of it, and in bytes."""

from __future__ import annotations

import re
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import requests
from fakes.leaks import on_screen
from fakes.rude_server import Asked, Manner, RudeServer, answer, says, trickles

from pytest_canary.api.client import Api, session_of_one
from pytest_canary.api.transport import LIMIT, exchange
from pytest_canary.config.api_settings import ApiSettings, Request
from pytest_canary.core.errors import ApiError
from pytest_canary.core.masking import MASK, Redactor

HEAD = b"HTTP/1.1 200 X\r\nContent-Type: text/event-stream\r\n"
SLEEPY = Request(method="GET", path="/all")


@contextmanager
def serving(manner: Manner) -> Iterator[str]:
    server = RudeServer(manner)
    try:
        yield server.url
    finally:
        server.stop()


def drips(begin: bytes, drop: bytes) -> Manner:
    """Says this, then now and then the same, and never the end."""

    def manner(connection: socket.socket, asked: Asked, stopping: threading.Event) -> None:
        connection.sendall(begin)
        while not stopping.wait(0.03):
            connection.sendall(drop)

    return manner


def asked(url: str, timeout: float = 20, session: requests.Session | None = None) -> ApiError:
    with pytest.raises(ApiError) as failed:
        Api(url, ApiSettings(), timeout, session, "pod web-1").send(SLEEPY)
    return failed.value


CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "manner",
    [
        # A length that does not come, with a byte now and then.
        trickles,
        # An SSE endpoint, by chunks and to the connection's end.
        drips(CHUNKED, b"9\r\ndata: 1\n\n\r\n"),
        drips(HEAD + b"\r\n", b"data: 1\n\n"),
        # Not even the head has an end.
        drips(HEAD, b"X-Drip: 1\r\n"),
        drips(HEAD + b"X-Drip: ", b"1"),
        drips(b"", b"H"),
        # Nor the size of a chunk.
        drips(CHUNKED, b"0"),
    ],
)
def test_an_answer_that_drips_ends_at_the_deadline(manner: Manner) -> None:
    with serving(manner) as url, session_of_one() as session:
        for each in (None, session):
            expected = f"GET /all got no answer from pod web-1 at {url}: timed out after 0.2 s"
            assert asked(url, 0.2, each).sentence.startswith(expected)


@pytest.mark.parametrize(
    ("manner", "told"),
    [
        (drips(CHUNKED + b"9\r\nhunter22\n\r\n", b""), f"and no end: '{MASK}"),
        (says(b"hunter22 is no HTTP\r\n\r\n"), f"{MASK} is no HTTP"),
    ],
)
def test_an_answer_without_an_end_is_told_without_secrets(manner: Manner, told: str) -> None:
    knowing = Redactor(["hunter22"])
    with serving(manner) as url, pytest.raises(ApiError) as failed:
        Api(url, ApiSettings(), 3, redactor=knowing).send(SLEEPY)
    assert told in failed.value.sentence
    assert "hunter22" not in on_screen(failed.value)


def test_a_deadline_takes_no_thread() -> None:
    begun: set[threading.Thread] = set()

    def manner(connection: socket.socket, asked: Asked, stopping: threading.Event) -> None:
        begun.update(threading.enumerate())
        connection.sendall(answer())

    with serving(manner) as url, session_of_one() as session:
        before = set(threading.enumerate())
        exchange(session, "GET", url, deadline=20)
    assert [each for each in begun - before if "(_work)" not in each.name] == []


def test_what_has_come_of_an_answer_is_told() -> None:
    with serving(drips(HEAD + b"\r\ndata: 1\n\n", b":")) as url:
        sentence = asked(url, 3).sentence
    assert re.search(
        r": timed out after 3 s, when status 200 and \d+ bytes of text/event-stream had come, "
        r"and no end: 'data: .*'$",
        sentence,
    )


def endless(connection: socket.socket, asked: Asked, stopping: threading.Event) -> None:
    """Answers as fast as it can, and never comes to an end."""
    connection.sendall(HEAD + b"\r\n")
    while not stopping.is_set():
        connection.sendall(b"x" * 65536)


def bomb(connection: socket.socket, asked: Asked, stopping: threading.Event) -> None:
    """Sends a few kilobytes, of which 20 MB can be unpacked."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(packer.compress(b"\0" * 1_000_000) for _ in range(20)) + packer.flush()
    connection.sendall(HEAD + b"Content-Encoding: gzip\r\n\r\n" + packed)


@pytest.mark.parametrize("manner", [endless, bomb])
def test_an_answer_that_is_too_long_is_let_go(manner: Manner) -> None:
    with serving(manner) as url:
        assert asked(url).sentence == (
            "GET /all of pod web-1 answers with more than 8.0 MB; let it ask for less: for one "
            "page, or for the newest"
        )


def test_the_longest_answer_is_read_whole() -> None:
    with serving(says(answer(body="x" * LIMIT))) as url, session_of_one() as session:
        assert exchange(session, "GET", url, deadline=20).text == "x" * LIMIT


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        (b"application/json", '"Žižek"'.encode(), '"Žižek"'),
        (b"text/plain; charset=latin-1", "Müller".encode("latin-1"), "Müller"),
        (b"text/plain; charset=nonsense", "Müller".encode(), "Müller"),
        (b"text/plain", b"\xff", "\ufffd"),
    ],
)
def test_a_body_is_utf_8_unless_it_says_otherwise(kind: bytes, body: bytes, text: str) -> None:
    head = b"HTTP/1.1 200 X\r\nConnection: close\r\nContent-Type: " + kind + b"\r\n\r\n"
    with serving(says(head + body)) as url, session_of_one() as session:
        assert exchange(session, "GET", url, deadline=20).text == text


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\n\r\nno gzip", "incorrect header check"),
        (b"nonsense\r\n\r\n", "nonsense"),
        (b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "xyz"),
        (b"HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\nhalf", "4 bytes read"),
    ],
)
def test_an_answer_that_is_none_says_why(content: bytes, why: str) -> None:
    with serving(says(content)) as url:
        sentence = asked(url).sentence
    assert sentence.startswith(f"GET /all got no answer from pod web-1 at {url}: ")
    assert why in sentence


def test_a_session_of_somebody_elses_goes_on_to_work(server_says: Callable[[bytes], str]) -> None:
    url = server_says(answer(body="ok"))
    with session_of_one() as session:
        exchange(session, "GET", url, deadline=20)
        assert session.get(url, timeout=20).text == "ok"


@pytest.fixture
def server_says() -> Iterator[Callable[[bytes], str]]:
    servers: list[RudeServer] = []

    def start(content: bytes) -> str:
        servers.append(RudeServer(says(content)))
        return servers[-1].url

    yield start
    for server in servers:
        server.stop()
