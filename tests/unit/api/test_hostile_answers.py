"""Answers that nobody means: what is wrong with them is an ApiError."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from fakes.hostile import VALUES, altered, spoilt
from fakes.rude_server import Asked, RudeServer
from fakes.server import Reply, Server
from hypothesis import given
from hypothesis import strategies as st

from pytest_canary.api.addressbook import Addressbook, person
from pytest_canary.api.client import Api
from pytest_canary.api.read_back import compare
from pytest_canary.api.writes import Row
from pytest_canary.config.api_settings import ApiSettings
from pytest_canary.core.errors import ApiError

TIME = "2019-11-10T16:48:15.900Z"
ADA = {"id": 1, "firstName": "Ada", "lastName": "Canary", "updatedAt": TIME, "createdAt": TIME}
ROWS = (Row("canary0123456789ab", "first"), Row("canaryba9876543210", "second"))
PEOPLE = [{**ADA, "firstName": row.unique} for row in ROWS]
HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nX-Release: 2\r\n"


class Anything:
    """A server that answers with whatever bytes it is told, and closes the connection."""

    def __init__(self) -> None:
        self.content = b""
        self.server = RudeServer(self._answer)

    def _answer(self, connection: socket.socket, asked: Asked, stopping: threading.Event) -> None:
        connection.sendall(self.content)


@pytest.fixture(scope="module")
def anything() -> Iterator[Anything]:
    made = Anything()
    yield made
    made.server.stop()


@pytest.fixture(scope="module")
def told() -> Iterator[Server]:
    server = Server()
    yield server
    server.stop()


@given(
    content=spoilt(f"{HEAD}Content-Length: 2\r\n\r\n[]")
    | spoilt(f"{HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n")
    | spoilt(f"{HEAD}Content-Encoding: gzip\r\n\r\nnone")
    | st.binary(max_size=80).map(lambda content: content.decode("latin-1"))
)
def test_any_bytes_are_an_answer_or_told(anything: Anything, content: str) -> None:
    anything.content = content.encode("utf-8", "surrogatepass")
    api = Api(anything.server.url, ApiSettings(), 5)
    with contextlib.suppress(ApiError):
        api.version_of(api.send(api.settings.read))


@given(people=altered(PEOPLE) | VALUES)
def test_any_document_is_an_addressbook_or_told(told: Server, people: Any) -> None:
    told.reply = Reply(200, people)
    book = Addressbook(told.url, ApiSettings(), 5)
    for ask in (book.all, book.read, lambda: book.put("Ada", "Canary")):
        with contextlib.suppress(ApiError):
            ask()
    with contextlib.suppress(ApiError):
        person(people)


@given(body=altered(PEOPLE).map(json.dumps) | spoilt(json.dumps(PEOPLE)))
def test_any_body_is_held_against_what_was_written(body: str) -> None:
    found = compare(body, ROWS, ROWS[:1], "GET /all")
    assert found.acknowledged == 2
    assert len(found.lost) <= 2
    assert found.text
