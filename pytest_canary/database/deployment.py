"""What the run's database is made of: the variables the app finds it by, and its manifests."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from pytest_canary.config.settings import DatabaseSettings

SERVICE = "db"
SECRET = "db-params"  # noqa: S105 (a Secret's name)

# As much as the pods of the app that wait for it; PostgreSQL is at rest most of the time.
CPU_REQUEST = "100m"

# The variable that names the database itself.
NAME_VARIABLE = "DB_SCHEMA"

# The one that is to stay secret.
PASSWORD_VARIABLE = "DB_PASSWORD"  # noqa: S105 (a variable's name)


def parameters(settings: DatabaseSettings) -> dict[str, str]:
    """The six variables by which the app finds its database, with a password made up here."""
    return {
        "DB_HOST": SERVICE,
        "DB_PORT": "5432",
        NAME_VARIABLE: settings.name,
        "DB_USER": settings.user,
        # Letters and digits: an app's command line would take a leading dash for an option.
        PASSWORD_VARIABLE: secrets.token_hex(16),
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
            {"name": "POSTGRES_PASSWORD", "valueFrom": from_secret(PASSWORD_VARIABLE)},
            {"name": "POSTGRES_DB", "valueFrom": from_secret(NAME_VARIABLE)},
        ],
        "ports": [{"containerPort": 5432}],
        # Over TCP: while it initialises, PostgreSQL answers on its socket only. Asked until it has
        # started, and never after: on a busy machine a probe that comes late three times would take
        # the only database out of its Service, and the app's own 503s would be told as lost.
        "startupProbe": {
            "exec": {"command": ["pg_isready", "-q", "-h", "127.0.0.1", "-U", settings.user]},
            "periodSeconds": 1,
            "timeoutSeconds": 10,
            "failureThreshold": 600,
        },
        # Without a request the kernel gives the database a 25th of what a pod of 50m gets.
        "resources": {"requests": {"cpu": CPU_REQUEST}},
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
