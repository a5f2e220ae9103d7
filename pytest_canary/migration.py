"""Whether a migration did what it should have: exit code 0 is not enough.

The schema that counts is the one that the version's own migrations make on an empty database. A
migration that fails silently on the live one leaves something of it out.
"""

from __future__ import annotations

import copy
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_canary import commands
from pytest_canary.database import Database, Schema, described
from pytest_canary.errors import ReleaseError
from pytest_canary.kube import Exec
from pytest_canary.release import Release
from pytest_canary.waiting import Seen

Object = Mapping[str, Any]


@dataclass
class Migrated:
    """What a migration did.

    Attributes:
        ping, migrate: the two commands' ends.
        before, after: the live schema.
        fresh: the schema that the same migrations make on an empty database; None where the
            live one was empty itself.
    """

    ping: Exec | None
    migrate: Exec
    before: Schema
    after: Schema
    fresh: Schema | None

    @property
    def changes(self) -> list[str]:
        """The schema's change, as a diff's lines."""
        return difference(self.before, self.after)


def lacking(expected: Schema, actual: Schema) -> list[str]:
    """The parts of the expected schema that the actual one has not, in words."""
    return described(expected - actual)


def difference(before: Schema, after: Schema) -> list[str]:
    """A schema's change as a diff's lines: "- …" for what went, "+ …" for what came."""
    went = [f"- {line}" for line in described(before - after)]
    return went + [f"+ {line}" for line in described(after - before)]


def one_off(pod: Object, name: str, command: Sequence[str], database: str) -> dict[str, Any]:
    """A pod that runs one command like the given one would, on another database, and ends.

    No label goes along, so that no Service sends it traffic and no ReplicaSet adopts it.
    """
    spec = copy.deepcopy(dict(pod["spec"]))
    container = spec["containers"][0]
    for probe in ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "args"):
        container.pop(probe, None)
    container["command"] = list(command)
    # The token's volume is added anew to every pod; the node is the scheduler's to choose.
    spec = {k: v for k, v in spec.items() if k not in ("nodeName", "tolerations", "priority")}
    volumes = [v for v in spec.get("volumes", []) if not v["name"].startswith("kube-api-access-")]
    spec["volumes"] = volumes
    for each in [container, *spec.get("initContainers", [])]:
        env = [item for item in each.get("env", []) if item["name"] != "DB_SCHEMA"]
        # The first, as the others may refer to it: $(DB_SCHEMA) knows only what stands before.
        each["env"] = [{"name": "DB_SCHEMA", "value": database}, *env]
        each["volumeMounts"] = [
            mount
            for mount in each.get("volumeMounts", [])
            if not mount["name"].startswith("kube-api-access-")
        ]
    spec["containers"] = [container]
    spec["restartPolicy"] = "Never"
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def fresh_schema(release: Release, database: Database) -> Schema:
    """The schema that the canary's migrations make on an empty database.

    Raises:
        ReleaseError: the migration fails there; with its output.
        WaitTimeoutError: it does not end.
    """
    name = f"canary_fresh_{secrets.token_hex(4)}"
    pod = one_off(
        release.ready_pod("canary"),
        name.replace("_", "-"),
        release.settings.commands.migrate,
        name,
    )
    pod_name = pod["metadata"]["name"]
    database.query(f'create database "{name}"')
    try:
        release.namespace.apply(pod)
        code = _exit_code(release, pod_name)
        if code != 0:
            raise ReleaseError(
                f"the candidate's migrate exits with code {code} on an empty database",
                commands.masked(release.namespace.logs(pod_name), release.secrets),
            )
        return database.schema(name)
    finally:
        release.namespace.delete_pod(pod_name)
        database.query(f'drop database if exists "{name}" with (force)')


def _exit_code(release: Release, name: str) -> int:
    def look() -> Seen[int]:
        pod = release.observer.snapshot().pods.get(name)
        status: Object = pod.get("status", {}) if pod else {}
        for container in status.get("containerStatuses", []):
            ended = container["state"].get("terminated")
            if ended:
                return Seen("ended", True, int(ended["exitCode"]))
        return Seen(f"pod {name} is {status.get('phase', 'not there yet')}", False, 0)

    return release.waiter.until(
        "migrate on an empty database",
        look,
        timeout=release.settings.deadlines.command,
        change=release.observer.change,
    )
