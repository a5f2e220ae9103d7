"""The read that costs the same however many rows there are: of which row it is."""

from __future__ import annotations

from typing import Any

import pytest
from fakes.server import Reply, Server

from pytest_canary.api.bounded_read import bounded_read, rows_read
from pytest_canary.api.client import Api
from pytest_canary.api.writes import Row, Writes
from pytest_canary.config.api_settings import ApiSettings, Request
from pytest_canary.core.errors import ApiError

WRITTEN = [Row("canary1", "the first"), Row("canary2", "the second")]


def api_of(server: Server, rows: list[Row] = WRITTEN, **request: Any) -> Api:
    table = {"bounded-read": {"method": "GET", "path": "/page"} | request} if request else {}
    settings = ApiSettings.model_validate(
        {"write": {"method": "POST", "path": "/{unique}"}, "read": {"method": "GET", "path": "/"}}
        | table
    )
    return Api(server.url, settings, 5, writes=Writes(rows))


def test_where_none_is_set_there_is_none(server: Server) -> None:
    assert bounded_read(api_of(server)) is None


@pytest.mark.parametrize(("rows", "written"), [(WRITTEN, 0), ([], 1)])
def test_one_that_does_not_name_its_row_is_as_it_is_set(
    server: Server, rows: list[Row], written: int
) -> None:
    """It may ask for the first one by its number, so that there has to be one."""
    server.reply = Reply(200, "stored")
    found = bounded_read(api_of(server, rows, headers={"X-Page": "1"}, contains="of"))
    assert found == Request(method="GET", path="/page", headers={"X-Page": "1"}, contains="of")
    assert [each.method for each in server.asked] == ["POST"] * written


def test_one_that_asks_for_a_row_asks_for_the_first_that_is_there(server: Server) -> None:
    found = bounded_read(
        api_of(
            server,
            method="POST",
            path="/find/{unique}",
            json={"text": ["{unique}", None, 1]},
            headers={"X-Of": "{unique}"},
            contains="{unique}",
            status=203,
        )
    )
    assert found
    assert (found.method, found.path, found.status) == ("POST", "/find/canary1", 203)
    assert (found.json_, found.form) == ({"text": ["canary1", None, 1]}, None)
    assert (found.headers, found.contains) == ({"X-Of": "canary1"}, "canary1")
    assert not server.asked


def test_where_no_row_is_there_one_is_written(server: Server) -> None:
    server.reply = Reply(200, "stored")
    api = api_of(server, [], path="/find/{unique}")
    found = bounded_read(api)
    (row,) = api.writes.acknowledged
    assert found
    assert found.path == f"/find/{row.unique}"
    assert [asked.path for asked in server.asked] == [f"/{row.unique}"]


def test_where_none_can_be_written_it_is_said(server: Server) -> None:
    server.reply = Reply(500, "no")
    with pytest.raises(ApiError, match=r"^POST /canary\w+ of the Service answers with status 500"):
        bounded_read(api_of(server, [], path="/find/{unique}"))


@pytest.mark.parametrize(("request_", "rows"), [({}, 2), ({"headers": {}}, 0)])
def test_only_a_read_of_all_answers_with_more_the_more_there_are(
    server: Server, request_: dict[str, Any], rows: int
) -> None:
    assert rows_read(api_of(server, **request_)) == rows
