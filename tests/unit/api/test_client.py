"""The client of an app's API, against a real server on loopback."""

import json
import socket
from collections.abc import Callable
from threading import Event
from urllib.parse import parse_qs

import pytest
import requests
from fakes.server import Asked, Reply, Server

from pytest_canary.api.addressbook import Addressbook
from pytest_canary.api.answers import complaint
from pytest_canary.api.client import Api
from pytest_canary.api.factory import client_for
from pytest_canary.api.read_back import compare, read_back
from pytest_canary.api.writes import Row, Writes, new_unique
from pytest_canary.config.api_settings import Request
from pytest_canary.config.settings import Settings
from pytest_canary.core.errors import ApiError
from pytest_canary.core.waiting import Waiter

READ = {"method": "GET", "path": "/notes"}
WRITE = {"method": "POST", "path": "/notes", "json": {"text": "{unique}"}, "status": 201}


@pytest.fixture
def api(server: Server, configured: Callable[..., Settings]) -> Api:
    api = {"read": READ, "write": WRITE, "version-header": "X-Version"}
    return client_for(server.url, configured(api=api, deadlines={"request": 20}))


def request(**values: object) -> Request:
    return Request.model_validate({"method": "GET", "path": "/x"} | values)


# One request


def test_an_answer_is_told_with_everything(api: Api, server: Server) -> None:
    server.reply = Reply(404, "nothing here", {"X-Version": "7"})
    answer = api.send(request())
    assert (answer.method, answer.path, answer.status) == ("GET", "/x", 404)
    assert (answer.text, answer.headers["x-version"]) == ("nothing here", "7")
    assert answer.seconds > 0
    assert answer.shown == "GET /x -> 404 'nothing here'"


def test_a_long_answer_is_shown_in_part(api: Api, server: Server) -> None:
    server.reply = Reply(200, "x" * 400)
    assert api.send(request()).shown == f"GET /x -> 200 '{'x' * 300}…'"


@pytest.mark.parametrize(
    ("promised", "reply", "sentence"),
    [
        ({}, Reply(200), None),
        ({"status": 404}, Reply(404), None),
        ({"contains": "ok"}, Reply(200, "it is ok"), None),
        ({}, Reply(500, "oops"), "GET /x of the Service answers with status 500, not 200"),
        ({"status": 201}, Reply(200), "GET /x of the Service answers with status 200, not 201"),
        ({"contains": "ok"}, Reply(200, "no"), "GET /x of the Service answers without 'ok'"),
        (
            {},
            Reply(302, "", {"Location": "/y"}),
            "GET /x of the Service answers with status 302, not 200",
        ),
    ],
)
def test_an_answer_is_measured_by_what_was_promised(
    api: Api, server: Server, promised: dict[str, object], reply: Reply, sentence: str | None
) -> None:
    server.reply = reply
    wanted = request(**promised)
    assert (complaint(wanted, api.send(wanted)) is None) == (sentence is None)
    if sentence:
        with pytest.raises(ApiError) as wrong:
            api.expect(wanted)
        assert wrong.value.sentence == sentence
        assert wrong.value.evidence == f"GET /x -> {reply.status} {reply.text!r}"


def test_a_redirect_is_not_followed(api: Api, server: Server) -> None:
    server.reply = Reply(302, "", {"Location": "/elsewhere"})
    assert api.send(request()).status == 302
    assert [asked.path for asked in server.asked] == ["/x"]


def test_the_unique_text_goes_into_path_form_and_json(api: Api, server: Server) -> None:
    api.send(request(method="PUT", path="/{unique}/y", form={"a": "<{unique}>"}), "u1")
    api.send(request(method="POST", json={"a": [{"b": "{unique}"}], "n": 1}), "u2")
    form, body = server.asked
    assert form.path == "/u1/y"
    assert parse_qs(form.body) == {"a": ["<u1>"]}
    assert form.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert json.loads(body.body) == {"a": [{"b": "u2"}], "n": 1}
    assert body.headers["Content-Type"] == "application/json"


def test_headers_are_sent_as_set(api: Api, server: Server) -> None:
    api.send(request(headers={"X-Tenant": "seven"}))
    assert server.asked[0].headers["X-Tenant"] == "seven"


def test_every_request_opens_a_connection_of_its_own(api: Api, server: Server) -> None:
    for _ in range(5):
        api.send(request())
    assert len({asked.port for asked in server.asked}) == 5
    assert {asked.headers["Connection"] for asked in server.asked} == {"close"}


def test_a_session_that_is_given_stays_open(api: Api, server: Server) -> None:
    with requests.Session() as session:
        other = api.at(server.url, session, "pod shop-canary-1")
        for _ in range(3):
            other.send(request())
        server.reply = Reply(500)
        with pytest.raises(ApiError, match="GET /x of pod shop-canary-1 answers with status 500"):
            other.expect(request())
    assert len({asked.port for asked in server.asked}) == 1


def test_the_environments_proxy_is_not_asked(
    api: Api, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert api.send(request()).status == 200


# No answer


def test_a_refused_connection_says_so(configured: Callable[..., Settings]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    with pytest.raises(ApiError) as wrong:
        client_for(url, configured()).send(request())
    assert wrong.value.sentence.startswith(f"GET /x got no answer from the Service at {url}: ")
    assert wrong.value.sentence.endswith("Connection refused")


def test_an_answer_that_does_not_come_in_time_says_so(
    server: Server, configured: Callable[..., Settings]
) -> None:
    given_up = Event()
    api = client_for(server.url, configured(deadlines={"request": 0.4}))

    def slow(_: Asked) -> Reply:
        given_up.wait(60)
        return Reply()

    server.reply = slow
    with pytest.raises(
        ApiError, match=f"GET /x got no answer from the Service at {server.url}: timed out"
    ):
        api.send(request())
    given_up.set()


def test_a_dropped_connection_says_so(api: Api, server: Server) -> None:
    server.reply = Reply(drop=True)
    with pytest.raises(ApiError) as wrong:
        api.send(request())
    assert wrong.value.sentence == (
        f"GET /x got no answer from the Service at {server.url}: "
        "Remote end closed connection without response"
    )


# Versions


def test_the_version_is_what_the_header_tells(api: Api, server: Server) -> None:
    server.reply = Reply(200, "", {"x-version": "7"})
    assert api.version() == "7"


def test_an_answer_without_the_header_says_what_to_do(api: Api, server: Server) -> None:
    with pytest.raises(ApiError) as wrong:
        api.version()
    assert wrong.value.sentence == (
        "GET /notes of the Service answers without the header X-Version, which "
        "api.version-header names; let the app send its version in it"
    )


def test_without_a_header_set_there_is_no_version(
    server: Server, configured: Callable[..., Settings]
) -> None:
    api = client_for(server.url, configured(api={"read": READ, "write": WRITE}))
    with pytest.raises(ApiError, match="no version can be told, as no api"):
        api.version()


# Rows


def test_every_write_has_a_text_of_its_own(api: Api, server: Server) -> None:
    server.reply = Reply(201)
    rows = [api.write() for _ in range(3)]
    assert [json.loads(asked.body)["text"] for asked in server.asked] == [r.unique for r in rows]
    assert len({row.unique for row in rows}) == 3
    assert api.writes.acknowledged == tuple(rows)
    assert rows[0].shown == "POST /notes -> 201 ''"
    assert all(new_unique().isalnum() for _ in range(50))


def test_a_write_that_is_not_acknowledged_is_no_row(api: Api, server: Server) -> None:
    server.reply = Reply(500)
    with pytest.raises(
        ApiError, match="POST /notes of the Service answers with status 500, not 201"
    ):
        api.write()
    assert api.writes.acknowledged == ()
    unique = json.loads(server.asked[0].body)["text"]
    (row,) = api.writes.unacknowledged
    assert row == Row(unique, f"POST /notes of {unique}, not acknowledged by the Service,")


def test_an_acknowledgement_may_have_to_hold_the_unique_text(api: Api, server: Server) -> None:
    wanted = request(contains="<{unique}>")
    server.reply = Reply(200, "<u1>")
    assert api.expect(wanted, "u1").text == "<u1>"
    with pytest.raises(ApiError, match="GET /x of the Service answers without '<u2>'"):
        api.expect(wanted, "u2")


def test_one_journal_has_what_is_written_every_way(api: Api, server: Server) -> None:
    server.reply = Reply(201)
    with requests.Session() as session:
        rows = [api.write(), api.at(server.url, session, "pod shop-canary-1").write()]
    assert api.writes.acknowledged == tuple(rows)


def test_rows_that_cannot_be_read_back_are_named(api: Api, server: Server) -> None:
    server.reply = Reply(200, ["a1", "a2"])
    rows = [Row("a1", "first"), Row("a3", "third"), Row("a2", "second")]
    assert read_back(api, Writes(rows)).wrong == ("third is missing",)
    assert read_back(api, Writes(rows[:1])).wrong == ()
    assert len(server.asked) == 2
    nothing = compare("", rows, (), "GET /notes")
    assert nothing.lost == ("first is missing", "third is missing", "second is missing")


def test_an_app_whose_requests_are_not_set_has_an_addressbooks_client(
    server: Server, configured: Callable[..., Settings]
) -> None:
    def client(**api: object) -> type[Api]:
        return type(client_for(server.url, configured(api=api)))

    assert client() is client(metrics="/m") is Addressbook
    assert client(read=READ, write=WRITE) is Api


# Waiting


def test_a_service_that_answers_at_last_is_waited_for(api: Api, server: Server) -> None:
    server.reply = lambda asked: Reply(503 if len(server.asked) < 3 else 200)
    told: list[tuple[str, str]] = []
    api.wait_until_reachable(Waiter(listener=lambda *each: told.append(each)), timeout=10)
    assert len(server.asked) == 3
    assert [what for what, _ in told] == ["the Service to answer"] * 2
    assert "status 503, not 200" in told[0][1]


def test_a_service_without_rows_is_reached_whatever_its_rows_have_to_say(
    server: Server, configured: Callable[..., Settings]
) -> None:
    reads = {"read": READ | {"contains": "text"}, "write": WRITE}
    server.reply = Reply(200, "[]")
    client_for(server.url, configured(api=reads)).wait_until_reachable(Waiter(), timeout=30)
    assert len(server.asked) == 1


def test_a_service_that_never_answers_says_what_was_seen_last(api: Api, server: Server) -> None:
    server.reply = Reply(503, "starting")
    with pytest.raises(ApiError) as wrong:
        api.wait_until_reachable(Waiter(), timeout=0.3)
    assert wrong.value.sentence == (
        "the Service did not answer within 0.3 s; "
        "last seen: GET /notes of the Service answers with status 503, not 200"
    )
    assert wrong.value.evidence == "GET /notes -> 503 'starting'"
    assert {asked.method for asked in server.asked} == {"GET"}, "only a read is sent again"
