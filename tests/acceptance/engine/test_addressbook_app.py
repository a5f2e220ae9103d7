"""The addressbook, built from app/, against a real PostgreSQL: what it answers."""

import re
import socket
from typing import Any

import pytest
from acceptance.engine.addressbook_containers import App, Bench

MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SAMMY = {"firstName": "Sammy", "lastName": "David Jr"}


def test_put_person_answers_in_the_books_words(app2: App) -> None:
    answer = app2.put("Sammy", "David Jr")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert re.fullmatch(
        r'\{"id":\d+,"firstName":"Sammy","lastName":"David Jr",'
        rf'"updatedAt":"({MOMENT})","createdAt":"\1"\}}',
        answer.text,
    )


def test_the_first_person_of_a_new_database_has_id_1(bench: Bench, database: str) -> None:
    bench.run(2, database, "migrate")
    with bench.app(2, database) as app:
        assert app("GET", "/all").json() == []
        assert app.put("Sammy", "David Jr").json()["id"] == 1


def test_all_lists_everyone_as_they_were_answered_and_by_id(app2: App) -> None:
    written = [app2.put("Ada", str(number)).json() for number in range(3)]
    listed = app2("GET", "/all").json()
    assert [person for person in listed if person in written] == written
    assert [person["id"] for person in listed] == sorted(person["id"] for person in listed)


def test_a_person_is_found_by_id_until_deleted(app2: App) -> None:
    person = app2.put("Grace", "Hopper").json()
    path = f"/person/{person['id']}"
    assert app2("GET", path).json() == person
    deleted = app2("DELETE", path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    for method in ("GET", "DELETE"):
        answer = app2(method, path)
        assert answer.status_code == 404
        assert answer.json() == {"error": f"There is no person {person['id']}."}


@pytest.mark.parametrize("name", ["Žluťoučký 🐎", "O'Brien; DROP TABLE person", "%_\\", "a&b=c+d"])
def test_a_name_comes_back_as_it_was_given(app2: App, name: str) -> None:
    person = app2.put(name, name).json()
    assert person["firstName"] == person["lastName"] == name
    assert app2("GET", f"/person/{person['id']}").json() == person
    assert f"{name} {name}" in app2.names(query=name)


def test_a_form_in_plain_utf_8_is_read_as_curl_sends_it(app2: App) -> None:
    body = "firstName=Zoë&lastName=Žižka".encode()
    answer = app2("PUT", "/person", data=body, headers=FORM)
    assert (answer.json()["firstName"], answer.json()["lastName"]) == ("Zoë", "Žižka")


def test_a_name_of_255_characters_is_the_longest(app2: App) -> None:
    assert app2.put("🐎" * 255, "x").status_code == 200
    assert app2.put("🐎" * 256, "x").status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "sentence"),
    [
        ("PUT", "/person", {"data": {"firstName": "A"}}, 400, "lastName is missing"),
        ("PUT", "/person", {"data": {"lastName": "A"}}, 400, "firstName is missing"),
        ("PUT", "/person", {"data": "", "headers": FORM}, 400, "firstName is missing"),
        ("PUT", "/person", {"data": {**SAMMY, "firstName": ""}}, 400, "firstName is empty"),
        ("PUT", "/person", {"data": {**SAMMY, "lastName": " \t"}}, 400, "lastName is empty"),
        ("PUT", "/person", {"data": {**SAMMY, "lastName": "x" * 256}}, 400, "has 256 characters"),
        ("PUT", "/person", {"data": {**SAMMY, "lastName": "a\0b"}}, 400, "a NUL character"),
        (
            "PUT",
            "/person",
            {"data": "firstName=a&firstName=b&lastName=c", "headers": FORM},
            400,
            "given once",
        ),
        ("PUT", "/person", {"data": b"firstName=%ff&lastName=c", "headers": FORM}, 400, "in UTF-8"),
        ("PUT", "/person", {"data": b"firstName=\xff&lastName=c", "headers": FORM}, 400, "UTF-8"),
        ("PUT", "/person", {"data": "&".join(["a=b"] * 30), "headers": FORM}, 400, "20 fields"),
        ("PUT", "/person", {"json": SAMMY}, 415, "not application/json"),
        ("PUT", "/person", {"data": b"firstName=a&lastName=b"}, 415, "not of no type"),
        ("PUT", "/person", {"files": {"firstName": "a"}}, 415, "not multipart/form-data"),
        ("PUT", "/person", {"data": {"firstName": "x" * 20_000}}, 413, "16384 bytes or less"),
        ("PUT", "/person", {"data": {"firstName": "x" * 5_000_000}}, 413, "16384 bytes or less"),
        ("GET", "/person/one", {}, 400, "must be a whole number"),
        ("GET", "/person/-1", {}, 400, "must be a whole number"),
        ("GET", "/person/1.0", {}, 400, "must be a whole number"),
        ("GET", "/person/%D9%A1", {}, 400, "must be a whole number"),
        ("DELETE", "/person/1%00", {}, 400, "must be a whole number"),
        ("GET", "/person/0", {}, 404, "no person 0"),
        ("GET", "/person/9223372036854775808", {}, 404, "no person 9223372036854775808"),
        ("DELETE", f"/person/{'9' * 5000}", {}, 404, "no person 9999"),
        ("GET", "/all?q=%00", {}, 400, "a NUL character"),
        ("POST", "/person", {"data": SAMMY}, 405, "/person does not take POST; it takes PUT"),
        ("GET", "/person", {}, 405, "/person does not take GET; it takes PUT"),
        ("PATCH", "/all", {}, 405, "/all does not take PATCH"),
        ("PROPFIND", "/person/1", {}, 405, "/person/1 does not take PROPFIND"),
        ("GET", "/", {}, 404, "nothing at /; try /all"),
        ("GET", "/all/", {}, 404, "nothing at /all/"),
        ("PUT", "/person/", {"data": SAMMY}, 404, "nothing at /person/"),
    ],
)
def test_a_mistake_is_answered_with_its_status_and_one_sentence(
    app2: App, method: str, path: str, options: dict[str, Any], status: int, sentence: str
) -> None:
    answer = app2(method, path, **options)
    assert answer.status_code == status, answer.text
    assert list(answer.json()) == ["error"]
    assert sentence in answer.json()["error"]
    assert answer.json()["error"].count("\n") == 0
    assert answer.headers["X-Release"] == "2"
    assert answer.headers["X-Pod"] == "addressbook-canary-7c66-mf6gk"


@pytest.mark.parametrize("release", [pytest.param(1, marks=pytest.mark.soak), 2])
def test_every_answer_names_its_release_and_pod(bench: Bench, database: str, release: int) -> None:
    bench.run(1, database, "migrate")
    with bench.app(release, database, POD_NAME="some-pod") as app:
        answers = [
            app.put("a", "b"),
            *(app("GET", p) for p in ("/all", "/live", "/no", "/metrics")),
        ]
        assert {answer.headers["X-Release"] for answer in answers} == {str(release)}
        assert {answer.headers["X-Pod"] for answer in answers} == {"some-pod"}
        host, port = app.address.split(":")
        with socket.create_connection((host, int(port)), timeout=5) as connection:
            connection.sendall(b"this is not HTTP\r\n\r\n")
            head = connection.recv(65536).decode().lower()
        assert head.startswith("http/1.1 400")
        assert f"x-release: {release}\r\n" in head


def test_metrics_count_requests_by_path_template_and_not_by_path(app2: App) -> None:
    app2("GET", "/person/123456789")
    app2("GET", "/made-up")
    app2("PROPFIND", "/all")
    text = app2("GET", "/metrics").text
    assert 'http_requests_total{method="GET",path="/person/{id}",status="404"}' in text
    assert 'http_requests_total{method="GET",path="other",status="404"}' in text
    assert 'http_requests_total{method="other",path="/all",status="405"}' in text
    assert (
        'http_request_duration_seconds_bucket{le="0.05",method="GET",path="/person/{id}"}' in text
    )
    assert 'addressbook_release_info{release="2"} 1.0' in text
    assert "123456789" not in text
    assert "made-up" not in text
