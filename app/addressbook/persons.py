"""The persons in the database: what they are, and the statements that read and write them."""

import unicodedata
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg.errors import UndefinedColumn
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    MetaData,
    Row,
    Table,
    Text,
    delete,
    func,
    insert,
    or_,
    select,
    text,
)
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection

PERSON = Table(
    "person",
    MetaData(),
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("first_name", Text, nullable=False),
    Column("last_name", Text, nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("search_name", Text),  # since schema 0002, written by release 2; read it nowhere else
)
VISIBLE = [PERSON.c[name] for name in ("id", "first_name", "last_name", "updated_at", "created_at")]
HAS_SEARCH_NAME = text(
    "SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('person')"
    " AND attname = 'search_name' AND NOT attisdropped)"
)
FULL_NAME = PERSON.c.first_name + " " + PERSON.c.last_name
LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Person:
    """One row, as every release shows it."""

    id: int
    first_name: str
    last_name: str
    updated_at: datetime
    created_at: datetime

    def as_json(self) -> dict[str, int | str]:
        """Return the book's answer: its keys, in its order."""
        return {
            "id": self.id,
            "firstName": self.first_name,
            "lastName": self.last_name,
            "updatedAt": _milliseconds(self.updated_at),
            "createdAt": _milliseconds(self.created_at),
        }


class Persons:
    """The persons of one database, on the schema of this release or of the one before.

    A canary serves before its own migration has run, and while it runs. So release 2 looks
    whether the column it would like is there, and does without until it is.
    """

    def __init__(
        self, begin: Callable[[], AbstractAsyncContextManager[AsyncConnection]], release: int
    ) -> None:
        self._begin = begin
        self._searches = release >= 2
        self._has_search_name = False

    async def add(self, first_name: str, last_name: str) -> Person:
        """Write a person and return it as the database has it."""
        values = {"first_name": first_name, "last_name": last_name}
        if self._searches and await self._see_search_name():
            try:
                return await self._insert(
                    {**values, "search_name": search_form(f"{first_name} {last_name}")}
                )
            except ProgrammingError as error:
                if not isinstance(error.orig, UndefinedColumn):
                    raise
                self._has_search_name = False  # the schema was taken back under our feet
        return await self._insert(values)

    async def all(self, query: str = "") -> list[Person]:
        """Return everyone by id; with a `query`, since release 2, those whose name has it."""
        statement = select(*VISIBLE).order_by(PERSON.c.id)
        if self._searches and query:
            # Rows that release 1 wrote have no search form: their names are compared as they are.
            matches = func.lower(FULL_NAME).contains(query.lower(), autoescape=True)
            if await self._see_search_name():
                form = search_form(query)
                matches = or_(PERSON.c.search_name.contains(form, autoescape=True), matches)
            statement = statement.where(matches)
        async with self._begin() as connection:
            return [_person(row) for row in await connection.execute(statement)]

    async def get(self, number: int) -> Person | None:
        """Return the person of that id, or None."""
        if number > LARGEST_ID:
            return None
        async with self._begin() as connection:
            rows = await connection.execute(select(*VISIBLE).where(PERSON.c.id == number))
            row = rows.one_or_none()
            return None if row is None else _person(row)

    async def delete(self, number: int) -> bool:
        """Delete the person of that id; return whether there was one."""
        if number > LARGEST_ID:
            return False
        async with self._begin() as connection:
            result = await connection.execute(delete(PERSON).where(PERSON.c.id == number))
        return result.rowcount == 1

    async def ping(self) -> None:
        """Ask the database for nothing, whatever its schema; raise what the driver raises."""
        async with self._begin() as connection:
            await connection.execute(text("SELECT 1"))

    async def _insert(self, values: dict[str, str]) -> Person:
        async with self._begin() as connection:
            result = await connection.execute(insert(PERSON).values(values).returning(*VISIBLE))
            return _person(result.one())

    async def _see_search_name(self) -> bool:
        if not self._has_search_name:
            async with self._begin() as connection:
                self._has_search_name = bool(await connection.scalar(HAS_SEARCH_NAME))
        return self._has_search_name


def search_form(name: str) -> str:
    """Return `name` without case and accents, so that `zoe` finds `Zoë`."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _person(row: Row[Any]) -> Person:
    return Person(row.id, row.first_name, row.last_name, row.updated_at, row.created_at)


def _milliseconds(moment: datetime) -> str:
    naive = moment.astimezone(UTC).replace(tzinfo=None)
    return naive.isoformat(timespec="milliseconds") + "Z"
