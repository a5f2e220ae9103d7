"""The persons in the database: what they are, and the statements that read and write them."""

import asyncio
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from psycopg.errors import UndefinedColumn
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    MetaData,
    Row,
    Select,
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
TIME_LIMIT = 10  # seconds for a transaction; behind a lock, it would otherwise wait for ever

Result = TypeVar("Result")


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

        async def write(search_name: bool) -> Person:
            more = {"search_name": search_form(f"{first_name} {last_name}")} if search_name else {}
            statement = insert(PERSON).values({**values, **more}).returning(*VISIBLE)
            async with self._transaction() as connection:
                return _person((await connection.execute(statement)).one())

        return await self._on_either_schema(write)

    async def all(self, query: str = "") -> list[Person]:
        """Return everyone by id; with a `query`, since release 2, those whose name has it."""
        everyone = select(*VISIBLE).order_by(PERSON.c.id)

        async def read(search_name: bool) -> list[Person]:
            # Rows that release 1 wrote have no search form: their names are compared as they are.
            matches = func.lower(FULL_NAME).contains(query.lower(), autoescape=True)
            if search_name:
                form = search_form(query)
                matches = or_(PERSON.c.search_name.contains(form, autoescape=True), matches)
            return await self._select(everyone.where(matches))

        if query and self._searches:
            return await self._on_either_schema(read)
        return await self._select(everyone)

    async def get(self, number: int) -> Person | None:
        """Return the person of that id, or None."""
        if number > LARGEST_ID:
            return None
        found = await self._select(select(*VISIBLE).where(PERSON.c.id == number))
        return found[0] if found else None

    async def delete(self, number: int) -> bool:
        """Delete the person of that id; return whether there was one."""
        if number > LARGEST_ID:
            return False
        async with self._transaction() as connection:
            result = await connection.execute(delete(PERSON).where(PERSON.c.id == number))
        return result.rowcount == 1

    async def ping(self) -> None:
        """Ask the database for nothing, whatever its schema; raise what the driver raises."""
        async with self._transaction() as connection:
            await connection.execute(text("SELECT 1"))

    async def _select(self, statement: Select[Any]) -> list[Person]:
        async with self._transaction() as connection:
            return [_person(row) for row in await connection.execute(statement)]

    async def _on_either_schema(self, run: Callable[[bool], Awaitable[Result]]) -> Result:
        """Run with `search_name` where there is one, and without where there is none."""
        if self._searches and not self._has_search_name:
            async with self._transaction() as connection:
                self._has_search_name = bool(await connection.scalar(HAS_SEARCH_NAME))
        if self._has_search_name:
            try:
                return await run(True)
            except ProgrammingError as error:
                if not isinstance(error.orig, UndefinedColumn):
                    raise
                self._has_search_name = False  # the schema was taken back meanwhile
        return await run(False)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        async with asyncio.timeout(TIME_LIMIT), self._begin() as connection:
            yield connection


def search_form(name: str) -> str:
    """Return `name` without case and accents, so that `zoe` finds `Zoë`."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _person(row: Row[Any]) -> Person:
    return Person(row.id, row.first_name, row.last_name, row.updated_at, row.created_at)


def _milliseconds(moment: datetime) -> str:
    naive = moment.astimezone(UTC).replace(tzinfo=None)
    return naive.isoformat(timespec="milliseconds") + "Z"
