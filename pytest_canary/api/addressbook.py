"""The book's addressbook, the API of an app whose settings name no other."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pytest_canary.api.client import Api, Row, new_unique
from pytest_canary.config.settings import Request
from pytest_canary.core.errors import ApiError

PUT = Request(method="PUT", path="/person", form={"firstName": "{unique}", "lastName": "Canary"})
ALL = Request(method="GET", path="/all")

# As the book shows it: "2019-11-10T16:48:15.900Z".
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@dataclass(frozen=True)
class Person:
    """One person, as the API has it. Both timestamps are ISO 8601, in UTC, to the millisecond."""

    id: int
    firstName: str  # noqa: N815 (the API's names)
    lastName: str  # noqa: N815
    updatedAt: str  # noqa: N815
    createdAt: str  # noqa: N815


def person(document: Any) -> Person:
    """Read one person.

    Raises:
        ApiError: a field is missing, or is not what the book shows.
    """
    if not isinstance(document, dict):
        raise ApiError(f"a person is not a JSON object: {document!r}")
    absent = [name for name in Person.__annotations__ if name not in document]
    if absent:
        raise ApiError(f"a person has no {', '.join(absent)}: {document!r}")
    if not isinstance(document["id"], int) or isinstance(document["id"], bool):
        raise ApiError(f"a person's id is not a whole number: {document!r}")
    for name in ("updatedAt", "createdAt"):
        if not TIMESTAMP.fullmatch(str(document[name])):
            raise ApiError(f"a person's {name} is not like 2019-11-10T16:48:15.900Z: {document!r}")
    return Person(**{name: document[name] for name in Person.__annotations__})


class Addressbook(Api):
    """The addressbook's client: `put` and `all` return people, or raise ApiError."""

    @property
    def write_request(self) -> Request:
        """`PUT /person`."""
        return PUT

    @property
    def read_request(self) -> Request:
        """`GET /all`."""
        return ALL

    def put(self, first_name: str, last_name: str) -> Person:
        """`PUT /person`, form-encoded; the person as it was stored."""
        form = {"firstName": first_name, "lastName": last_name}
        answer = self.expect(PUT.model_copy(update={"form": form}))
        what = f"PUT /person of {self.where}"
        stored = _person(_json(answer.text, what), what)
        if (stored.firstName, stored.lastName) != (first_name, last_name):
            raise ApiError(
                f"{what} stored {stored.firstName} {stored.lastName}, not {first_name} {last_name}",
                answer.shown,
            )
        return stored

    def all(self) -> list[Person]:
        """`GET /all`: everyone."""
        what = f"GET /all of {self.where}"
        people = _json(self.expect(ALL).text, what)
        if not isinstance(people, list):
            raise ApiError(f"{what} does not answer with a list: {people!r}")
        return [_person(document, what) for document in people]

    def write(self) -> Row:
        """Put a person who can be told from everyone else."""
        stored = self.put(new_unique(), "Canary")
        return Row(stored.firstName, f"person {stored.id} ({stored.firstName} {stored.lastName})")

    def missing(self, rows: Iterable[Row]) -> list[str]:
        """The rows that `GET /all` has not exactly once, in words."""
        times = Counter(someone.firstName for someone in self.all())
        return [
            f"{row.shown} is there {n} times" if n else f"{row.shown} is missing"
            for row in rows
            if (n := times[row.unique]) != 1
        ]


def _person(document: Any, what: str) -> Person:
    try:
        return person(document)
    except ApiError as error:
        raise ApiError(f"{what}: {error.sentence}") from None


def _json(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ApiError(f"{what} does not answer with JSON: {error}", text[:500]) from error
