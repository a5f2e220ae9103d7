"""What came of a request: by its error, or by what its answer holds."""

import errno
import os
import tracemalloc
from types import SimpleNamespace

import aiohttp
import pytest

from pytest_canary.config.api_settings import Request
from pytest_canary.traffic.exchange import Kind
from pytest_canary.traffic.sender import (
    Body,
    NotSentAgainError,
    failure,
    kind_of_answer,
    words_of,
)

KEY = SimpleNamespace(host="127.0.0.1", port=1, ssl=None, is_ssl=False)


def unconnected(number: int) -> aiohttp.ClientConnectorError:
    return aiohttp.ClientConnectorError(KEY, OSError(number, os.strerror(number)))  # type: ignore[arg-type]


def wrapped(error: Exception) -> Exception:
    outer = NotSentAgainError()
    outer.__cause__ = error
    return outer


@pytest.mark.parametrize(
    ("error", "connected", "kind"),
    [
        (unconnected(errno.ECONNREFUSED), False, Kind.REFUSED),
        (unconnected(errno.EHOSTUNREACH), False, Kind.UNREACHABLE),
        (unconnected(errno.EMFILE), False, Kind.NO_ROOM),
        (unconnected(errno.EADDRNOTAVAIL), False, Kind.NO_ROOM),
        (TimeoutError(), False, Kind.CONNECT_TIMEOUT),
        (TimeoutError(), True, Kind.TIMEOUT),
        (wrapped(aiohttp.ServerDisconnectedError()), True, Kind.CLOSED),
        (wrapped(aiohttp.ClientOSError(errno.ECONNRESET, "reset")), True, Kind.RESET),
        (aiohttp.ClientConnectionResetError("closing"), True, Kind.RESET),
        (aiohttp.ClientPayloadError("short"), True, Kind.CUT),
        (OSError(errno.ECONNRESET, "reset"), True, Kind.RESET),
        (OSError(errno.ENFILE, "full"), False, Kind.NO_ROOM),
        (ValueError("ours"), True, None),
        (wrapped(ValueError("ours")), True, None),
        (NotSentAgainError(), True, None),
    ],
)
def test_an_error_of_the_client_is_of_one_kind(
    error: Exception, connected: bool, kind: Kind | None
) -> None:
    assert failure(error, connected) is kind


def test_an_error_is_told_in_the_words_of_what_caused_it() -> None:
    assert words_of(wrapped(OSError(104, "reset"))) == "[Errno 104] reset"
    assert words_of(ValueError()) == "ValueError"


# Judging


@pytest.mark.parametrize(
    ("promised", "status", "found", "kind"),
    [
        ({}, 200, True, Kind.ANSWERED),
        ({"status": 201}, 201, True, Kind.ANSWERED),
        ({"status": 201}, 200, True, Kind.WRONG),
        ({}, 404, True, Kind.WRONG),
        ({}, 409, True, Kind.WRONG),
        ({}, 500, True, Kind.SERVER_ERROR),
        ({}, 503, True, Kind.SERVER_ERROR),
        ({"contains": "ok"}, 200, True, Kind.ANSWERED),
        ({"contains": "ok"}, 200, False, Kind.WRONG),
        ({"status": 503}, 503, True, Kind.ANSWERED),
        ({"status": 503, "contains": "ok"}, 503, False, Kind.WRONG),
        ({"status": 503}, 500, True, Kind.SERVER_ERROR),
        ({"status": 503}, 200, True, Kind.WRONG),
    ],
)
def test_an_answer_is_judged_by_what_was_promised(
    promised: dict[str, object], status: int, found: bool, kind: Kind
) -> None:
    request = Request.model_validate({"method": "GET", "path": "/"} | promised)
    assert kind_of_answer(request, status, found) is kind


@pytest.mark.parametrize("size", [1, 2, 3, 5, 6, 100])
@pytest.mark.parametrize(
    ("text", "contains", "found"),
    [
        ("hay needle hay", "needle", True),
        ("needle", "needle", True),
        ("hay needl", "needle", False),
        ("nneedle", "needle", True),
        ("ä", "ä", True),
        ("x", "x", True),
        ("", "x", False),
        ("anything", "", True),
        ("", "", True),
    ],
)
def test_a_body_is_looked_through_as_it_comes(
    text: str, contains: str, found: bool, size: int
) -> None:
    body, data = Body(contains), text.encode()
    for at in range(0, len(data), size):
        body.take(data[at : at + size])
    assert body.found is found


def test_of_a_long_body_only_the_head_is_kept() -> None:
    body = Body("never")
    tracemalloc.start()
    try:
        for _ in range(1000):
            body.take(b"x" * 1000)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(body.head) <= 400
    assert held < 50_000, "and of the rest only what a needle may begin with"
