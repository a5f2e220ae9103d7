"""Whether a migration did what it should have: exit code 0 is not enough.

The schema that counts is the one that the version's own migrations make on an empty database. A
migration that fails silently on the live one leaves something of it out.
"""

from __future__ import annotations

import copy
import secrets
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pytest_canary.core.errors import ClusterError, FoundError, ReleaseError, WaitTimeoutError
from pytest_canary.core.findings import Finding
from pytest_canary.core.masking import Redactor
from pytest_canary.core.waiting import Seen
from pytest_canary.database.database import Database
from pytest_canary.database.lock_findings import stuck
from pytest_canary.database.lock_sampler import sampled
from pytest_canary.database.locks import Locks
from pytest_canary.database.schema import Schema, counted, difference, ledger_change, not_undone
from pytest_canary.k8s.exec import Exec
from pytest_canary.k8s.rollout import pods_of
from pytest_canary.release import pod_commands
from pytest_canary.release.release import Release

Object = Mapping[str, Any]

Ledger = list[tuple[str, ...]]
"""What migration tools note: table and entry."""


@dataclass
class Migrated:
    """What a migration did.

    Attributes:
        ping, migrate: the two commands' ends.
        before, after: the live schema.
        fresh: the schema that the same migrations make on an empty database; None where the
            live one was empty itself.
        noted_before, noted_after: what the migration tool has noted.
        locks: who waited for whom meanwhile; None where no version was live.
        pod: the pod that it ran in, as it was then.
    """

    ping: Exec | None
    migrate: Exec
    before: Schema
    after: Schema
    fresh: Schema | None
    noted_before: Ledger = field(default_factory=list)
    noted_after: Ledger = field(default_factory=list)
    locks: Locks | None = None
    pod: Object = field(default_factory=dict)

    @property
    def changes(self) -> list[str]:
        """The schema's change, as a diff's lines."""
        return difference(self.before, self.after)

    @property
    def counts(self) -> str:
        """The schema's change in numbers: "+1 column, +1 index"; empty for none."""
        return counted(self.before, self.after)


def migrate(
    release: Release,
    database: Database,
    track: str,
    *,
    fresh: bool,
    ready: Callable[[], object] = lambda: None,
) -> Migrated:
    """Run ping and migrate in a pod of a track, and look at the schema before and after.

    Args:
        release: where the track lives.
        database: the live one.
        track: "canary" or "stable".
        fresh: whether another version is live: then the migrations are run on an empty database
            first, and it is watched who waits for them.
        ready: returns when migrate may run.

    Raises:
        FoundError: one of the commands came to no end of its own.
        ReleaseError: no pod is ready, or migrate fails on the empty database.
        DatabaseError: the database does not answer.
    """
    run = release.settings.commands
    pod = release.ready_pod(track)
    before = database.schema()
    noted = database.ledger(before)
    expected = fresh_schema(release, database) if fresh else None
    ping = pod_commands.run(release, track, run.ping, "PingHangs") if run.ping else None
    ready()
    locks = None
    if fresh:
        others = addresses(release, but=track)
        with sampled(database, others, release.settings.deadlines.command) as locks:
            try:
                done = pod_commands.run(release, track, run.migrate, "MigrationHangs")
            except FoundError as error:
                raise explained(error, stuck(locks)) from error
    else:
        done = pod_commands.run(release, track, run.migrate, "MigrationHangs")
    after = database.schema()
    return Migrated(ping, done, before, after, expected, noted, database.ledger(after), locks, pod)


def addresses(release: Release, but: str = "") -> set[str]:
    """The addresses of all pods, but those of one track."""
    pods = release.observer.snapshot().pods
    left_out = pods_of(pods.values(), release.name(but)) if but else []
    own = {pod["metadata"]["name"] for pod in left_out}
    return {
        pod["status"]["podIP"]
        for name, pod in pods.items()
        if name not in own and pod.get("status", {}).get("podIP")
    }


def explained(error: FoundError, waits: Sequence[str]) -> FoundError:
    """The error, with what the migration waited for in the database."""
    if not waits:
        return error
    first, *others = error.findings
    likely = f"in the database {waits[0]}"
    return FoundError([replace(first, likely=likely), *others])


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
    database.query(f'create database "{name}"')
    try:
        done = run_apart(release, pod, "migrate on an empty database")
        if done.code != 0:
            raise ReleaseError(
                f"the candidate's migrate exits with code {done.code} on an empty database",
                done.output,
            )
        return database.schema(name)
    finally:
        database.query(f'drop database if exists "{name}" with (force)')


def take_down(release: Release, database: Database, pod: Object) -> Migrated:
    """Run the down-migration on the live database, in a pod of its own.

    Only the candidate knows the way down, and by then none of its pods is left; so one is made
    that no Service sends traffic to.

    Args:
        release: where the app lives.
        database: the live one.
        pod: the one that the candidate's migration ran in.

    Raises:
        FoundError: it hangs.
        DatabaseError: the database does not answer.
    """
    command, name = release.settings.commands.down, f"canary-down-{secrets.token_hex(4)}"
    before = database.schema()
    noted = database.ledger(before)
    others = addresses(release)
    with sampled(database, others, release.settings.deadlines.command) as locks:
        try:
            own = one_off(pod, name, command, database.settings.name)
            done = run_apart(release, own, "the down-migration to end")
        except WaitTimeoutError as error:
            found = Finding("DownHangs", error.sentence, f"pod {name}", evidence=error.evidence)
            raise explained(FoundError([found]), stuck(locks)) from error
    after = database.schema()
    return Migrated(None, done, before, after, None, noted, database.ledger(after), locks, pod)


def run_apart(release: Release, pod: dict[str, Any], what: str) -> Exec:
    """Run a pod of `one_off` to its end, and delete it.

    Args:
        release: where it runs.
        pod: the pod.
        what: what is awaited, as a clause.

    Raises:
        WaitTimeoutError: it does not end; with its output so far.
    """
    name = pod["metadata"]["name"]
    try:
        release.namespace.add(pod)
        try:
            code = _exit_code(release, name, what)
        except WaitTimeoutError as error:
            raise WaitTimeoutError(error.sentence, _logs(release, name)) from error
        output = _logs(release, name)
        command = shlex.join(pod["spec"]["containers"][0]["command"])
        return Exec(name, command, code, output, output)
    finally:
        release.namespace.delete_pod(name)


def _logs(release: Release, name: str) -> str:
    try:
        return Redactor(release.secrets).redact(release.namespace.logs(name))
    except ClusterError as error:
        return str(error)


def _exit_code(release: Release, name: str, what: str) -> int:
    def look() -> Seen[int]:
        pod = release.observer.snapshot().pods.get(name)
        status: Object = pod.get("status", {}) if pod else {}
        for container in status.get("containerStatuses", []):
            ended = container["state"].get("terminated")
            if ended:
                return Seen("ended", True, int(ended["exitCode"]))
        return Seen(f"pod {name} is {status.get('phase', 'not there yet')}", False, 0)

    return release.waiter.until(
        what, look, timeout=release.settings.deadlines.command, change=release.observer.change
    )


def left_behind(migrations: Mapping[str, Migrated], now: Schema, noted: Ledger) -> list[str]:
    """What a rollback did not undo in the database, a sentence each.

    Args:
        migrations: the baseline's, and the candidate's where it was made.
        now: the schema after the rollback.
        noted: what the migration tool has noted by then.
    """
    up = migrations.get("candidate")
    if up:
        before, had_noted = up.before, up.noted_before
    else:
        before, had_noted = migrations["baseline"].after, migrations["baseline"].noted_after
    return [*not_undone(before, now), *ledger_change(had_noted, noted)]
