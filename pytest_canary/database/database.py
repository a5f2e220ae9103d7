"""The PostgreSQL that runs in the cluster as Service `db`, for as long as the run does."""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from pytest_canary.config.settings import DatabaseSettings
from pytest_canary.core.errors import DatabaseError
from pytest_canary.core.output import LIMIT
from pytest_canary.core.waiting import Seen, Waiter
from pytest_canary.database.schema import SCHEMA_SQL, Schema, ledger_sql
from pytest_canary.k8s.exec import ExecError
from pytest_canary.k8s.namespace import Namespace
from pytest_canary.k8s.observer import Observer
from pytest_canary.k8s.rollout import is_ready, pods_of, rollout

SERVICE = "db"
SECRET = "db-params"  # noqa: S105 (a Secret's name, as the book has it)

# How psql names itself to the server, so that nobody takes it for the app.
APPLICATION = "pytest-canary"

# psql reads a whole script, its own commands included, only from its standard input.
PIPE = 'script=$1; shift; printf "%s" "$script" | psql "$@"'

# What is kept of an answer; a schema of 100,000 columns is less.
ANSWER = 64 * 2**20

# Letters of a statement that go into a sentence.
SHORT = 120


def parameters(settings: DatabaseSettings) -> dict[str, str]:
    """The six variables by which the app finds its database, with a password made up here."""
    return {
        "DB_HOST": SERVICE,
        "DB_PORT": "5432",
        "DB_SCHEMA": settings.name,
        "DB_USER": settings.user,
        "DB_PASSWORD": secrets.token_urlsafe(18),
        "DB_SSL": "false",
    }


def secret(values: Mapping[str, str]) -> dict[str, Any]:
    """The Secret `db-params`."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": SECRET},
        "stringData": dict(values),
    }


def manifests(settings: DatabaseSettings, image: str) -> list[dict[str, Any]]:
    """The Service `db` and its Deployment; the data lives as long as the pod."""
    labels = {"app.kubernetes.io/name": SERVICE, "app.kubernetes.io/managed-by": "pytest-canary"}

    def from_secret(key: str) -> dict[str, Any]:
        return {"secretKeyRef": {"name": SECRET, "key": key}}

    container = {
        "name": "postgres",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "env": [
            {"name": "POSTGRES_USER", "valueFrom": from_secret("DB_USER")},
            {"name": "POSTGRES_PASSWORD", "valueFrom": from_secret("DB_PASSWORD")},
            {"name": "POSTGRES_DB", "valueFrom": from_secret("DB_SCHEMA")},
        ],
        "ports": [{"containerPort": 5432}],
        # Over TCP: while it initialises, PostgreSQL answers on its socket only.
        "readinessProbe": {
            "exec": {"command": ["pg_isready", "-q", "-h", "127.0.0.1", "-U", settings.user]},
            "periodSeconds": 1,
        },
    }
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": SERVICE, "labels": labels},
            "spec": {"selector": labels, "ports": [{"port": 5432}]},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": SERVICE, "labels": labels},
            "spec": {
                "replicas": 1,
                "strategy": {"type": "Recreate"},
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {"containers": [container], "terminationGracePeriodSeconds": 5},
                },
            },
        },
    ]


class Database:
    """The run's database, asked by psql in its own pod: no driver and no open port are needed."""

    def __init__(
        self, namespace: Namespace, observer: Observer, settings: DatabaseSettings, waiter: Waiter
    ) -> None:
        self.namespace = namespace
        self.observer = observer
        self.settings = settings
        self.waiter = waiter

    def wait_until_ready(self, timeout: float) -> None:
        """Return when the database takes connections."""

        def look() -> Seen[None]:
            deployment = self.observer.snapshot().deployments.get(SERVICE)
            if deployment is None:
                return Seen("its Deployment is not there yet", False, None)
            status = rollout(deployment)
            return Seen(status.text, status.available > 0, None)

        self.waiter.until("the database", look, timeout=timeout, change=self.observer.change)

    def query(self, sql: str, *, database: str | None = None) -> list[tuple[str, ...]]:
        """Run SQL and return its rows, each column as text; NULL is the empty text.

        Raises:
            DatabaseError: PostgreSQL refuses the statement, or does not answer.
        """
        words = ["psql", *self._options(database, APPLICATION), "-c", sql]
        return self._answer(words, sql, timeout=30)

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
        pods = [p for p in pods_of(self.observer.snapshot().pods.values(), SERVICE) if is_ready(p)]
        if not pods:
            raise DatabaseError("the database has no ready pod; see `kubectl describe pod` for why")
        shown = " ".join(sql.split())
        keep = LIMIT if heard else ANSWER
        try:
            done = self.namespace.exec(
                pods[0]["metadata"]["name"],
                "postgres",
                words,
                timeout=timeout,
                keep=keep,
                heard=heard,
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

    def schema(self, database: str | None = None) -> Schema:
        """Everything in a database's schema; the app's own where none is named."""
        return frozenset(self.query(SCHEMA_SQL, database=database))

    def ledger(self, schema: Schema) -> list[tuple[str, ...]]:
        """What migration tools have noted in tables of this schema: table and entry."""
        sql = ledger_sql(schema)
        return self.query(sql) if sql else []


def rows(text: str) -> list[tuple[str, ...]]:
    """The rows of psql's CSV; an empty line is a row whose one column is NULL."""
    return [tuple(row) or ("",) for row in csv.reader(io.StringIO(text, newline=""))]
