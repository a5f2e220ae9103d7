"""The addressbook, the API of an app whose settings name no other."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from pytest_canary.api.client import Api
from pytest_canary.core.errors import ApiError
from pytest_canary.core.wording import cut

# Letters of an answer that are shown.
SHOWN = 500

# RFC 3339's date-time: any fraction of a second and any offset, and the 60th second of a leap.
HOUR, MINUTE = r"([01]\d|2[0-3])", r"[0-5]\d"
TIMESTAMP = re.compile(
    rf"\d{{4}}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]{HOUR}:{MINUTE}:({MINUTE}|60)(\.\d+)?"
    rf"([Zz]|[+-]{HOUR}:{MINUTE})",
    re.ASCII,
)


@dataclass(frozen=True)
class Person:
    """One person, as the API has it. Both timestamps are RFC 3339's."""

    id: int
    firstName: str  # noqa: N815 (the API's names)
    lastName: str  # noqa: N815
    updatedAt: str  # noqa: N815
    createdAt: str  # noqa: N815


def person(document: Any) -> Person:
    """Read one person.

    Raises:
        ApiError: a field is missing, or is not what it promises.
    """
    if not isinstance(document, dict):
        raise ApiError(f"a person is not a JSON object: {_quote(document)}")
    absent = [name for name in Person.__annotations__ if name not in document]
    if absent:
        raise ApiError(f"a person has no {', '.join(absent)}: {_quote(document)}")
    if not isinstance(document["id"], int) or isinstance(document["id"], bool):
        raise ApiError(f"a person's id is not a whole number: {_quote(document)}")
    for name in ("firstName", "lastName"):
        if not isinstance(document[name], str):
            raise ApiError(f"a person's {name} is not a text: {_quote(document)}")
    for name in ("updatedAt", "createdAt"):
        if not isinstance(document[name], str) or not TIMESTAMP.fullmatch(document[name]):
            raise ApiError(
                f"a person's {name} is no time of RFC 3339, such as 2019-11-10T16:48:15.900Z: "
                f"{_quote(document)}"
            )
    return Person(**{name: document[name] for name in Person.__annotations__})


class Addressbook(Api):
    """The addressbook's client: `put` and `all` return people, or raise ApiError."""

    def put(self, first_name: str, last_name: str) -> Person:
        """`PUT /person`, form-encoded; the person as it was stored."""
        form = {"firstName": first_name, "lastName": last_name}
        # What comes back is looked at as a person, below.
        request = self.settings.write.model_copy(update={"form": form, "contains": None})
        answer = self.expect(request)
        what = f"PUT /person of {self.where}"
        stored = self._person(self._json(answer.text, what), what)
        if (stored.firstName, stored.lastName) != (first_name, last_name):
            raise self.error(
                f"{what} stored {stored.firstName} {stored.lastName}, not {first_name} {last_name}",
                answer.shown,
            )
        return stored

    def all(self) -> list[Person]:
        """`GET /all`: everyone."""
        return self._people(super().read())

    def read(self) -> str:
        """`GET /all`, of which every element must be a person."""
        body = super().read()
        self._people(body)
        return body

    def acknowledgement(self, unique: str) -> str:
        """Put a person of this first name, and return who was stored."""
        stored = self.put(unique, "Canary")
        return f"person {stored.id} ({stored.firstName} {stored.lastName})"

    def _people(self, body: str) -> list[Person]:
        what = f"GET /all of {self.where}"
        people = self._json(body, what)
        if not isinstance(people, list):
            raise self.error(f"{what} does not answer with a list: {_quote(people)}")
        return [self._person(document, what) for document in people]

    def _person(self, document: Any, what: str) -> Person:
        try:
            return person(document)
        except ApiError as error:
            raise self.error(f"{what}: {error.sentence}") from None

    def _json(self, text: str, what: str) -> Any:
        try:
            return json.loads(text)
        except RecursionError as error:
            sentence = f"{what} answers with JSON that is nested too deeply"
            raise self.error(sentence, cut(text, SHOWN)) from error
        except ValueError as error:  # no JSON, or a number of thousands of digits
            sentence = f"{what} does not answer with JSON: {error}"
            raise self.error(sentence, cut(text, SHOWN)) from error


def _quote(document: Any) -> str:
    """A document in an error."""
    return cut(repr(document), SHOWN)
