"""The schema that counts: the one that a version's own migrations make on an empty database."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_canary.core.errors import ReleaseError
from pytest_canary.database.database import Database
from pytest_canary.database.schema import Schema
from pytest_canary.k8s.objects import Object
from pytest_canary.release.one_off import one_off
from pytest_canary.release.pod_commands import PodCommands

FRESH = "migrate on an empty database"
"""What is awaited, as a clause."""


def fresh_schema(
    pods: PodCommands,
    database: Database,
    pod: Object,
    command: Sequence[str],
    container: str = "",
    *,
    serves: bool = False,
) -> Schema:
    """The schema that a version's migrations make on an empty database.

    Args:
        pods: runs them, in a pod of their own.
        database: the live one; the empty one is made beside it.
        pod: a pod of that version.
        command: migrate; empty for the container's own.
        container: the one that migrates; empty for the app's.
        serves: whether it is the app itself, which is ready when it has migrated.

    Raises:
        FoundError: it can't run, and why is known.
        ReleaseError: the migration fails there; with its output.
        WaitTimeoutError: it does not end.
    """
    with database.scratch("fresh") as name:
        app, own_name = container or pods.app_of(pod), name.replace("_", "-")
        own = one_off(pod, app, own_name, command, name, serves=serves)
        if serves:
            try:
                pods.serve_apart(own, "the candidate to be ready on an empty database")
                return database.schema(name)
            finally:
                pods.namespace.delete_pod(own_name)
        done = pods.run_apart(own, FRESH)
        if done.code != 0:
            raise ReleaseError(
                f"the candidate's migrate exits with code {done.code} on an empty database",
                done.output,
            )
        return database.schema(name)
