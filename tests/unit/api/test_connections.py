"""Many new connections, against a real server on loopback: who answers them."""

from collections.abc import Callable

import pytest
from fakes.server import Reply, Server

from pytest_canary.api.client import Api
from pytest_canary.api.connections import sample
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


def test_a_sample_counts_connections_by_version(api: Api, server: Server) -> None:
    server.reply = lambda asked: Reply(200, "", {"X-Version": str(len(server.asked) % 3 // 2)})
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
    server.reply = lambda asked: Reply(
        503 if len(server.asked) == 4 else 200, "", {"X-Version": "1"}
    )
    with pytest.raises(
        ApiError, match="GET /notes of the Service answers with status 503, not 200"
    ):
        sample(api, 9)


def test_a_sample_in_which_some_fail_is_weighed(api: Api, server: Server) -> None:
    server.reply = lambda asked: Reply(
        503 if len(server.asked) % 4 == 0 else 200, "", {"X-Version": "1"}
    )
    assert sample(api, 20, tolerated=0.25) == {"1": 15}
    with pytest.raises(ApiError, match="with status 503, not 200; 5 of 20 connections failed"):
        sample(api, 20, tolerated=0.2)


def test_a_sample_asks_for_what_the_traffic_may_leave_to_it(
    server: Server, configured: Callable[..., Settings]
) -> None:
    """A bounded read may have no version header, and the app's own read fail now and then."""
    one = {"method": "GET", "path": "/notes/{unique}"}
    api = client_for(server.url, configured(api={**API, "bounded-read": one}))
    server.reply = Reply(200, "", {"X-Version": "1"})
    assert sample(api, 3) == {"1": 3}
    assert [asked.path for asked in server.asked] == ["/notes"] * 3
