"""The PostgreSQL that runs in the cluster as Service `db`, for as long as the run does."""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Callable, Iterator

from pytest_canary.config.settings import DatabaseSettings
from pytest_canary.core.errors import CanaryError, DatabaseError, WaitTimeoutError
from pytest_canary.core.output import LIMIT
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.database.blocking_changes import CATALOGUE_SQL, Catalogue, read_catalogue
from pytest_canary.database.deployment import SERVICE
from pytest_canary.database.lock_samples import APPLICATION, SHORT
from pytest_canary.database.migration_history import MigrationHistory, history_sql
from pytest_canary.database.schema import SCHEMA_SQL, Schema
from pytest_canary.database.schema_dump import DUMP_SQL, read_dump
from pytest_canary.k8s.exec import ExecError
from pytest_canary.k8s.namespace_api import NamespaceApi
from pytest_canary.k8s.objects import is_ready, pods_of, state
from pytest_canary.k8s.observer import Observer

# psql reads a whole script, its own commands included, only from its standard input.
PIPE = 'script=$1; shift; printf "%s" "$script" | psql "$@"'

# What is kept of an answer; a schema of 100,000 columns is less.
ANSWER = 64 * 2**20

# The oldest PostgreSQL that drops a database which is still in use.
OLDEST = 13

# A field as psql writes it, and what ends it. Python's csv module refuses one of more than 128 KiB,
# unless that limit is raised for everything in this process.
FIELD = re.compile(r'(?:"([^"]*+(?:""[^"]*+)*+)"|([^",\n]*))(,|\n)')

# Seconds for the watches to tell of a pod that is ready, or is again.
WATCHES = 5.0

# Says what PostgreSQL itself does in a transaction that is read-only.
REFUSAL_SQL = """\
create function canary_refuses() returns event_trigger language plpgsql as $$ begin
raise exception 'cannot execute % in a read-only transaction', tg_tag
using errcode = 'read_only_sql_transaction'; end $$;
create event trigger canary_refuses on ddl_command_start execute function canary_refuses()"""


class Database:
    """The run's database, asked by psql in its own pod: no driver and no open port are needed.

    The plugin's own: `namespace`, `observer`, `settings`, `waiter`, `catalogue`.
    """

    def __init__(
        self,
        namespace: NamespaceApi,
        observer: Observer,
        settings: DatabaseSettings,
        waiter: Waiter,
    ) -> None:
        self.namespace = namespace
        self.observer = observer
        self.settings = settings
        self.waiter = waiter

    def query(
        self, sql: str, *, database: str | None = None, timeout: float = 30
    ) -> list[tuple[str, ...]]:
        """Run SQL and return its rows, each column as text; NULL is the empty text.

        Args:
            sql: what runs.
            database: the app's own where none is named.
            timeout: seconds after which it is given up.

        Raises:
            DatabaseError: PostgreSQL refuses the statement, or does not answer.
        """
        words = ["psql", *self._options(database, APPLICATION), "-c", sql]
        return self._answer(words, sql, timeout=timeout)

    def script(
        self,
        script: str,
        *,
        timeout: float,
        database: str | None = None,
        application: str = APPLICATION,
        heard: Callable[[str], None] | None = None,
    ) -> list[tuple[str, ...]]:
        """Run a script of psql's, backslash commands included, and return the rows of all of it.

        Args:
            script: what psql reads.
            timeout: seconds after which it is given up.
            database: the app's own where none is named.
            application: what the server knows it by.
            heard: told its rows as they come, as CSV; none of them is returned then.

        Raises:
            DatabaseError: one of its statements is refused, or there is no answer.
        """
        words = ["sh", "-c", PIPE, "sh", script, *self._options(database, application)]
        return self._answer(words, script, timeout=timeout, heard=heard)

    def _options(self, database: str | None, application: str) -> list[str]:
        name = f"dbname={database or self.settings.name} application_name='{application}'"
        return ["-XU", self.settings.user, "-d", name, "-v", "ON_ERROR_STOP=1", "-qt", "--csv"]

    def _answer(
        self,
        words: list[str],
        sql: str,
        *,
        timeout: float,
        heard: Callable[[str], None] | None = None,
    ) -> list[tuple[str, ...]]:
        pod = self._ready_pod()
        shown = " ".join(sql.split())
        keep = LIMIT if heard else ANSWER
        try:
            with self.waiter.measure("command", "psql"):
                done = self.namespace.exec(
                    pod, "postgres", words, timeout=timeout, keep=keep, heard=heard
                )
        except ExecError as error:
            raise DatabaseError(
                f"the database does not answer: psql {error.why}", f"{shown}\n{error.output}"
            ) from error
        if done.code != 0:
            short = shown if len(shown) <= SHORT else f"{shown[:SHORT]}…"
            raise DatabaseError(f"the database refuses `{short}`", done.output)
        if done.cut and not heard:
            raise DatabaseError(f"the database's answer is longer than {ANSWER:,} bytes", shown)
        return [] if heard else rows(done.stdout)

    def _ready_pod(self) -> str:
        """The name of the database's pod, as soon as the watches tell that it is ready."""

        def look() -> Seen[str]:
            pods = pods_of(self.observer.snapshot().pods.values(), SERVICE)
            ready = [str(pod["metadata"]["name"]) for pod in pods if is_ready(pod)]
            there = ", ".join(f"{pod['metadata']['name']} {state(pod)}" for pod in pods)
            return Seen(there or "there is none", bool(ready), ready[0] if ready else "")

        try:
            return self.waiter.until(
                "the database's pod to be ready",
                look,
                timeout=WATCHES,
                change=self.observer.change,
            )
        except WaitTimeoutError as error:
            raise DatabaseError(
                "the database has no ready pod; see `kubectl describe pod` for why", error.sentence
            ) from error

    def version(self) -> int:
        """PostgreSQL's version as it writes it itself, such as 150018 for 15.18."""
        ((number,),) = self.query("show server_version_num")
        return int(number)

    def schema(self, database: str | None = None) -> Schema:
        """Everything in a database's schema; the app's own where none is named.

        Raises:
            DatabaseError: it can't be read, by a query or by pg_dump.
        """
        *parts, (_, dump) = self.script(f"{SCHEMA_SQL};{DUMP_SQL}", timeout=60, database=database)
        return frozenset({*parts, *read_dump(dump)})

    def catalogue(self) -> Catalogue:
        """The live database's tables, indexes and constraints, and who made them."""
        return read_catalogue(self.query(CATALOGUE_SQL))

    def history(self, schema: Schema) -> MigrationHistory:
        """What migration tools have noted in tables of this schema."""
        sql = history_sql(schema)
        return self.query(sql) if sql else []

    @contextlib.contextmanager
    def scratch(self, purpose: str, *, template: str = "") -> Iterator[str]:
        """An empty database beside the live one, until the block ends.

        Args:
            purpose: a word that goes into its name.
            template: the database that it is copied from; PostgreSQL's own choice where empty.

        Yields:
            Its name.

        Raises:
            DatabaseError: it can't be made; or dropped, where nothing else went wrong before.
        """
        name = f"canary_{purpose}_{secrets.token_hex(4)}"
        source = f" template {template}" if template else ""
        try:
            self.query(f'create database "{name}"{source}')
            yield name
        except BaseException:
            # What went wrong first is what is told.
            with contextlib.suppress(CanaryError):
                self._drop(name)
            raise
        self._drop(name)

    def refuse_changes(self, name: str) -> bool:
        """Let a database refuse every change to whoever connects to it from now on, superusers too.

        Returns:
            Whether it refuses them also to whoever begins a transaction as READ WRITE, as some
            drivers do. Only a superuser may see to that.

        Raises:
            DatabaseError: the database does not answer.
        """
        surely = True
        try:
            self.query(REFUSAL_SQL, database=name)
        except DatabaseError:
            surely = False
        self.query(f'alter database "{name}" set default_transaction_read_only = on')
        return surely

    def _drop(self, name: str) -> None:
        # With force, as whoever was given up may still be connected.
        self.query(f'drop database if exists "{name}" with (force)', timeout=60)

    def end_sessions(self, application: str) -> None:
        """End whoever the server knows by this name.

        Raises:
            DatabaseError: the database does not answer.
        """
        self.query(
            "select pg_terminate_backend(pid) from pg_stat_activity "  # noqa: S608 (ours)
            f"where application_name = '{application}'"
        )


def expect_answer(database: Database) -> None:
    """Expect that a database answers, as PostgreSQL does.

    Raises:
        DatabaseError: it answers otherwise, or not at all.
    """
    answer = database.query("select 40 + 2")
    if answer != [("42",)]:
        raise DatabaseError(
            f"the database answers `select 40 + 2` with {answer}, not with 42; "
            f"see whether image {database.settings.image} is a PostgreSQL"
        )


def expect_supported(version: int) -> None:
    """Expect a version of PostgreSQL that the walk can work with.

    Args:
        version: as PostgreSQL writes it itself, such as 150018 for 15.18.

    Raises:
        DatabaseError: it is older.
    """
    if version < OLDEST * 10_000:
        raise DatabaseError(
            f"the database is PostgreSQL {version // 10_000}, and {OLDEST} is the oldest that a "
            "walk works with; name a newer one in database.image"
        )


def rows(text: str) -> list[tuple[str, ...]]:
    """The rows of psql's CSV; an empty line is a row whose one column is NULL."""
    found: list[tuple[str, ...]] = []
    row: list[str] = []
    for field in FIELD.finditer(text):
        quoted, plain, end = field.groups()
        row.append(plain if quoted is None else quoted.replace('""', '"'))
        if end == "\n":
            found.append(tuple(row))
            row = []
    return found
