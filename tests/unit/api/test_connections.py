"""Many new connections, against a real server on loopback: who answers them."""

import itertools
import threading
from collections.abc import Callable
from typing import Any

import pytest
import requests
from fakes.server import Asked, Reply, Server

from pytest_canary.api.client import Api
from pytest_canary.api.connections import AT_A_TIME, sample
from pytest_canary.api.factory import client_for
from pytest_canary.config.settings import Settings
from pytest_canary.core.errors import ApiError

API = {
    "read": {"method": "GET", "path": "/notes"},
    "write": {"method": "POST", "path": "/notes", "json": {"text": "{unique}"}, "status": 201},
    "version-header": "X-Version",
}


@pytest.fixture
def api(server: Server, configured: Callable[..., Settings]) -> Api:
    return client_for(server.url, configured(api=API))


def each_nth(number: int, status: int) -> Callable[[Asked], Reply]:
    """Answers one of so many requests with this status."""
    turns = itertools.count(1)
    return lambda asked: Reply(200 if next(turns) % number else status, "", {"X-Version": "1"})


def test_a_sample_counts_connections_by_version(api: Api, server: Server) -> None:
    turns = itertools.count(1)
    server.reply = lambda asked: Reply(200, "", {"X-Version": str(next(turns) % 3 // 2)})
    assert sample(api, 9) == {"0": 6, "1": 3}
    assert len({asked.port for asked in server.asked}) == 9


def test_a_samples_connections_have_nothing_in_common(api: Api, server: Server) -> None:
    """A cookie, or a connection that is kept, would bring them to the same pod."""
    server.keeps = True
    server.reply = Reply(200, "", {"X-Version": "1", "Set-Cookie": "pod=shop-stable-1"})
    sample(api, 9)
    assert len({asked.port for asked in server.asked}) == 9
    assert [asked.headers.get("Cookie") for asked in server.asked] == [None] * 9


def test_a_sample_with_a_failed_connection_fails(api: Api, server: Server) -> None:
    server.reply = each_nth(4, 503)
    with pytest.raises(
        ApiError, match="GET /notes of the Service answers with status 503, not 200"
    ):
        sample(api, 9)


def test_a_sample_in_which_some_fail_is_weighed(api: Api, server: Server) -> None:
    server.reply = each_nth(4, 503)
    assert sample(api, 20, tolerated=0.25) == {"1": 15}
    with pytest.raises(ApiError, match=r"503, not 200; 5 of [12]\d connections failed"):
        sample(api, 20, tolerated=0.2)


def test_some_connections_are_made_at_a_time(api: Api, server: Server) -> None:
    """Each of four is answered when the others have come too; none of a fifth is there then."""
    four = threading.Barrier(AT_A_TIME, timeout=10)

    def reply(asked: Asked) -> Reply:
        four.wait()
        return Reply(200, "", {"X-Version": "1"})

    server.reply = reply
    assert sample(api, 3 * AT_A_TIME) == {"1": 3 * AT_A_TIME}


def test_no_more_are_made_than_are_asked_for(api: Api, server: Server) -> None:
    server.reply = Reply(200, "", {"X-Version": "1"})
    assert sample(api, 30) == {"1": 30}
    assert len(server.asked) == 30


def test_a_way_with_credentials_takes_one_at_a_time(api: Api, server: Server) -> None:
    """Its session keeps connections, and is not made for several threads."""
    threads = set()

    class Noting(requests.Session):
        def send(self, *args: Any, **kwargs: Any) -> requests.Response:
            threads.add(threading.get_ident())
            return super().send(*args, **kwargs)

    server.reply = Reply(200, "", {"X-Version": "1"})
    assert sample(api.at(server.url, Noting(), "a pod"), 9) == {"1": 9}
    assert len(threads) == 1


def test_a_sample_asks_for_what_the_traffic_may_leave_to_it(
    server: Server, configured: Callable[..., Settings]
) -> None:
    """A bounded read may have no version header, and the app's own read fail now and then."""
    one = {"method": "GET", "path": "/notes/{unique}"}
    api = client_for(server.url, configured(api={**API, "bounded-read": one}))
    server.reply = Reply(200, "", {"X-Version": "1"})
    assert sample(api, 3) == {"1": 3}
    assert [asked.path for asked in server.asked] == ["/notes"] * 3
