"""The addressbook's client, against a real server on loopback."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest
from fakes.server import Asked, Reply, Server

from pytest_canary.api.addressbook import Addressbook, Person, person
from pytest_canary.api.read_back import read_back
from pytest_canary.api.writes import Row, Writes
from pytest_canary.config.settings import Settings
from pytest_canary.core.errors import ApiError
from pytest_canary.core.wording import cut

# As it answers.
TIME = "2019-11-10T16:48:15.900Z"
ADA = {"id": 1, "firstName": "Ada", "lastName": "Lovelace", "updatedAt": TIME, "createdAt": TIME}


@pytest.fixture
def book(server: Server, configured: Callable[..., Settings]) -> Addressbook:
    settings = configured()
    return Addressbook(server.url, settings.api, settings.deadlines.request)


class Shelf:
    """What an addressbook does, with a fault where a test wants one."""

    def __init__(self) -> None:
        self.people: list[dict[str, Any]] = []
        self.stored: dict[str, Any] = {}

    def __call__(self, asked: Asked) -> Reply:
        if asked.method == "GET":
            return Reply(200, self.people)
        form = {name: values[0] for name, values in parse_qs(asked.body).items()}
        one = {**ADA, "id": len(self.people) + 1, **form, **self.stored}
        self.people.append(one)
        return Reply(200, one)


@pytest.fixture
def shelf(server: Server) -> Shelf:
    server.reply = made = Shelf()
    return made


def test_a_person_is_read_as_the_book_shows_it() -> None:
    assert person(ADA) == Person(1, "Ada", "Lovelace", TIME, TIME)
    assert person({**ADA, "email": "more is fine"}).id == 1


@pytest.mark.parametrize(
    "time",
    [
        "2019-11-10T16:48:15Z",
        "2019-11-10T16:48:15.9Z",
        "2019-11-10T16:48:15.900123Z",
        "2019-11-10T16:48:15.900123456789Z",
        "2019-11-10t16:48:15.900z",
        "2019-11-10T16:48:15+00:00",
        "2019-11-10T16:48:15.900123-08:30",
        "2016-12-31T23:59:60Z",
    ],
)
def test_a_time_has_any_fraction_and_any_offset(time: str) -> None:
    assert person({**ADA, "updatedAt": time, "createdAt": time}).updatedAt == time


@pytest.mark.parametrize("name", ADA)
def test_a_person_without_a_field_is_refused(name: str) -> None:
    without = {key: value for key, value in ADA.items() if key != name}
    with pytest.raises(ApiError) as wrong:
        person(without)
    assert wrong.value.sentence == f"a person has no {name}: {without!r}"


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ([ADA], "a person is not a JSON object"),
        (None, "a person is not a JSON object"),
        ({"id": 1}, "a person has no firstName, lastName, updatedAt, createdAt"),
        ({**ADA, "id": "1"}, "a person's id is not a whole number"),
        ({**ADA, "id": True}, "a person's id is not a whole number"),
        ({**ADA, "id": 1.5}, "a person's id is not a whole number"),
        ({**ADA, "id": None}, "a person's id is not a whole number"),
        ({**ADA, "firstName": ["Ada"]}, "a person's firstName is not a text"),
        ({**ADA, "lastName": None}, "a person's lastName is not a text"),
        (
            {**ADA, "updatedAt": 10**4000},
            "a person's updatedAt is no time of RFC 3339, such as 2019-11-10T16:48:15.900Z",
        ),
    ],
)
def test_what_is_no_person_is_refused(document: object, sentence: str) -> None:
    with pytest.raises(ApiError) as wrong:
        person(document)
    assert wrong.value.sentence == f"{sentence}: {cut(repr(document), 500)}"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("[" * 200_000, "GET /all of the Service answers with JSON that is nested too deeply"),
        (f"[{'1' * 5000}]", "GET /all of the Service does not answer with JSON: "),
        ("{}", "GET /all of the Service does not answer with a list: {}"),
        ("nothing", "GET /all of the Service does not answer with JSON: "),
    ],
)
def test_what_is_no_list_of_people_is_refused(
    book: Addressbook, server: Server, body: str, why: str
) -> None:
    server.reply = Reply(200, body)
    with pytest.raises(ApiError) as wrong:
        book.all()
    assert wrong.value.sentence.startswith(why)
    assert len(str(wrong.value)) < 800


@pytest.mark.parametrize(
    "time",
    [
        "",
        "2019-11-10",
        "2019-11-10T16:48Z",
        "2019-11-10T16:48:15",
        "2019-11-10 16:48:15Z",
        "2019-11-10T16:48:15.Z",
        "2019-11-10T16:48:15,9Z",
        "2019-11-10T16:48:15+0000",
        "2019-11-10T16:48:15+24:00",
        "2019-13-10T16:48:15Z",
        "2019-11-32T16:48:15Z",
        "2019-11-10T24:00:00Z",
        "2019-11-10T16:60:15Z",
        "2019-11-10T16:48:61Z",
        "٢٠١٩-11-10T16:48:15Z",
        "2019-11-10T16:48:15Z\n",
        "Sun, 10 Nov 2019 16:48:15 GMT",
        1573404495900,
        None,
    ],
)
def test_what_is_no_time_of_rfc_3339_is_refused(time: object) -> None:
    for name in ("updatedAt", "createdAt"):
        with pytest.raises(ApiError) as wrong:
            person({**ADA, name: time})
        told = f"a person's {name} is no time of RFC 3339, such as {TIME}: "
        assert wrong.value.sentence.startswith(told)


def test_a_person_is_put_form_encoded_and_returned_as_stored(
    book: Addressbook, server: Server, shelf: Shelf
) -> None:
    assert book.put("Zoë", "O'Neil & Co") == Person(1, "Zoë", "O'Neil & Co", TIME, TIME)
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("PUT", "/person")
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_a_put_that_stores_something_else_is_refused(book: Addressbook, shelf: Shelf) -> None:
    shelf.stored = {"lastName": "Byron"}
    with pytest.raises(ApiError) as wrong:
        book.put("Ada", "Lovelace")
    assert wrong.value.sentence == "PUT /person of the Service stored Ada Byron, not Ada Lovelace"
    assert wrong.value.evidence.startswith("PUT /person -> 200 ")


def test_everyone_is_read(book: Addressbook, shelf: Shelf) -> None:
    assert book.all() == []
    put = [book.put("Ada", "Lovelace"), book.put("Alan", "Turing")]
    assert book.all() == put


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (Reply(200, "<html>"), "GET /all of the Service does not answer with JSON: "),
        (
            Reply(200, {"people": []}),
            "GET /all of the Service does not answer with a list: {'people'",
        ),
        (Reply(200, [{"id": 1}]), "GET /all of the Service: a person has no firstName"),
        (Reply(500, "oops"), "GET /all of the Service answers with status 500, not 200"),
    ],
)
def test_an_answer_that_is_no_list_of_people_is_refused(
    book: Addressbook, server: Server, reply: Reply, sentence: str
) -> None:
    server.reply = reply
    with pytest.raises(ApiError) as wrong:
        book.all()
    assert wrong.value.sentence.startswith(sentence)


def test_a_put_answered_with_anything_but_json_shows_it(book: Addressbook, server: Server) -> None:
    server.reply = Reply(200, "stored!")
    with pytest.raises(
        ApiError, match="PUT /person of the Service does not answer with JSON"
    ) as wrong:
        book.put("Ada", "Lovelace")
    assert wrong.value.evidence == "stored!"


def test_a_written_row_is_found_again(book: Addressbook, shelf: Shelf) -> None:
    rows = [book.write() for _ in range(3)]
    assert rows[0].shown == f"person 1 ({rows[0].unique} Canary)"
    assert book.writes.acknowledged == tuple(rows)
    assert read_back(book, book.writes).wrong == ()


def test_lost_and_doubled_rows_are_told(book: Addressbook, shelf: Shelf) -> None:
    rows = [book.write() for _ in range(4)]
    del shelf.people[1]
    shelf.people += [dict(shelf.people[1]), dict(shelf.people[2]), dict(shelf.people[2])]
    assert read_back(book, book.writes).wrong == (
        f"{rows[1].shown} is missing",
        f"{rows[2].shown} is there 2 times",
        f"{rows[3].shown} is there 3 times",
    )


def test_what_is_read_back_must_be_people(book: Addressbook, shelf: Shelf) -> None:
    book.write()
    shelf.people.append({"id": 1})
    with pytest.raises(ApiError, match="GET /all of the Service: a person has no firstName"):
        read_back(book, book.writes)


def test_a_row_that_was_never_written_is_missing(book: Addressbook, shelf: Shelf) -> None:
    never = Writes([Row("x", "person 9 (x Canary)")])
    assert read_back(book, never).wrong == ("person 9 (x Canary) is missing",)


def test_the_version_is_in_the_books_header(book: Addressbook, server: Server) -> None:
    server.reply = Reply(200, [], {"X-Release": "2"})
    assert book.version() == "2"
