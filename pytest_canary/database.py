"""The PostgreSQL that runs in the cluster as Service `db`, for as long as the run does."""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Mapping
from typing import Any

from pytest_canary.errors import DatabaseError
from pytest_canary.kube import Namespace
from pytest_canary.observer import Observer
from pytest_canary.rollout import is_ready, pods_of, rollout
from pytest_canary.settings import Database as DatabaseSettings
from pytest_canary.waiting import Seen, Waiter

SERVICE = "db"
SECRET = "db-params"  # noqa: S105 (a Secret's name, as the book has it)

Schema = frozenset[tuple[str, ...]]
"""Columns, indexes and constraints, each a tuple of words that starts with its kind."""

# A column's position is left out: a migration adds at the end what a new schema has in the middle.
SCHEMA_SQL = """
select 'column', table_schema::text, table_name::text, column_name::text, udt_name::text,
       case is_nullable when 'NO' then 'not null' else '' end
  from information_schema.columns where table_schema not in ('pg_catalog', 'information_schema')
union all
select 'index', schemaname::text, tablename::text, indexname::text, indexdef, ''
  from pg_indexes where schemaname not in ('pg_catalog', 'information_schema')
union all
select 'constraint', n.nspname::text, c.conrelid::regclass::text, c.conname::text,
       pg_get_constraintdef(c.oid), ''
  from pg_constraint c join pg_namespace n on n.oid = c.connamespace
 where n.nspname not in ('pg_catalog', 'information_schema')
"""


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
        pods = [p for p in pods_of(self.observer.snapshot().pods.values(), SERVICE) if is_ready(p)]
        if not pods:
            raise DatabaseError("the database has no ready pod; see `kubectl describe pod` for why")
        command = ["psql", "-U", self.settings.user, "-d", database or self.settings.name]
        command += ["-v", "ON_ERROR_STOP=1", "-qt", "--csv", "-c", sql]
        done = self.namespace.exec(pods[0]["metadata"]["name"], "postgres", command, timeout=30)
        if done.code != 0:
            raise DatabaseError(f"the database refuses `{' '.join(sql.split())}`", done.output)
        return rows(done.stdout)

    def schema(self, database: str | None = None) -> Schema:
        """Every column, index and constraint of a database; the app's own where none is named."""
        return frozenset(self.query(SCHEMA_SQL, database=database))


def rows(text: str) -> list[tuple[str, ...]]:
    """The rows of psql's CSV; an empty line is a row whose one column is NULL."""
    return [tuple(row) or ("",) for row in csv.reader(io.StringIO(text, newline=""))]


def described(schema: Schema) -> list[str]:
    """A schema's parts in words, sorted: "column public.person.email varchar"."""
    lines = []
    for kind, space, table, name, *rest in schema:
        detail = " ".join(part for part in rest if part)
        lines.append(f"{kind} {space}.{table.removeprefix(f'{space}.')}.{name} {detail}")
    return sorted(lines)
