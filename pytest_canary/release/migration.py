"""Whether a migration did what it should have: exit code 0 is not enough.

The schema that counts is the one that the version's own migrations make on an empty database. A
migration that fails silently on the live one leaves something of it out.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pytest_canary.core.errors import FoundError, WaitTimeoutError
from pytest_canary.core.findings import Finding
from pytest_canary.database.database import Database
from pytest_canary.database.lock_findings import describe_waits
from pytest_canary.database.lock_sampler import sample_locks
from pytest_canary.database.locks import Locks
from pytest_canary.database.migration_history import MigrationHistory, history_change
from pytest_canary.database.schema import Schema, count_changes, difference, not_undone
from pytest_canary.k8s.exec import Exec
from pytest_canary.k8s.objects import Object
from pytest_canary.release.migration_trials import Tried, state_before
from pytest_canary.release.one_off import one_off
from pytest_canary.release.pod_commands import PodCommands

Fresh = Callable[[], Tried]
"""Tells what the trials of a version's migration have come to."""


@dataclass
class Migrated:
    """What a migration did.

    Attributes:
        ping, migrate: the two commands' ends; ping's is None where there is none.
        before, after: the live schema.
        fresh: the schema that the same migrations make on an empty database; None where the
            live one was empty itself.
        noted_before, noted_after: what the migration tool has noted.
        locks: who waited for whom meanwhile; None where no version was live.
        pod: the pod that it ran in, as it was then.
        container: the one of its containers that migrated; empty for the app's.
        runs: how often Helm has run it as a hook; 0 where it is none.
    """

    ping: Exec | None
    migrate: Exec
    before: Schema
    after: Schema
    fresh: Schema | None
    noted_before: MigrationHistory = field(default_factory=list)
    noted_after: MigrationHistory = field(default_factory=list)
    locks: Locks | None = None
    pod: Object = field(default_factory=dict)
    container: str = ""
    runs: int = 0

    @property
    def changes(self) -> list[str]:
        """The schema's change, as a diff's lines."""
        return difference(self.before, self.after)

    @property
    def counts(self) -> str:
        """The schema's change in numbers: "+1 column, +1 index"; empty for none."""
        return count_changes(self.before, self.after)


@dataclass(frozen=True)
class Way:
    """How a version's migration is made.

    Attributes:
        pod: what it runs in, or will run in: a pod like it migrates an empty database.
        command: its words; empty where the pod's own container says what runs.
        run: makes it on the live database; returns how it ended, and raises FoundError where it
            came to no end of its own.
    """

    pod: Object
    command: Sequence[str]
    run: Callable[[], Exec]


def by_exec(pods: PodCommands, deployment: str, command: Sequence[str]) -> Way:
    """A command in a ready pod of a Deployment.

    Raises:
        ReleaseError: no pod is ready.
    """
    pod = pods.ready_pod(deployment)
    return Way(pod, command, lambda: pods.run(deployment, command, "MigrationHangs"))


def migrate(
    pods: PodCommands,
    database: Database,
    deployment: str,
    way: Way,
    *,
    ping: Sequence[str] = (),
    fresh: Fresh | None,
    ready: Callable[[], object] = lambda: None,
) -> Migrated:
    """Run ping and migrate, and look at the schema before and after.

    Args:
        pods: runs ping, in a pod of the Deployment.
        database: the live one.
        deployment: the Deployment's name.
        way: how migrate is run.
        ping: what runs before it; nothing where it is empty.
        fresh: tells what the trials of it have come to; None where no version is live. Where one
            is, it is watched who waits for the migration.
        ready: returns when migrate may run.

    Raises:
        FoundError: one of the commands came to no end of its own.
        ReleaseError: no pod is ready, or migrate fails on the empty database.
        DatabaseError: the database does not answer.
    """
    tried = fresh() if fresh else state_before(database)
    pinged = pods.run(deployment, ping, "PingHangs") if ping else None
    ready()
    locks = None
    if fresh:
        with sample_locks(database, pods.addresses(but=deployment), pods.deadline) as locks:
            try:
                done = way.run()
            except FoundError as error:
                raise explain(error, describe_waits(locks)) from error
    else:
        done = way.run()
    after = database.schema()
    noted_after = database.history(after)
    return Migrated(
        pinged,
        done,
        tried.before,
        after,
        tried.schema,
        tried.noted,
        noted_after,
        locks,
        way.pod,
    )


def explain(error: FoundError, waits: Sequence[str]) -> FoundError:
    """The error, with what the migration waited for in the database."""
    if not waits:
        return error
    first, *others = error.findings
    likely = f"in the database {waits[0]}"
    return FoundError([replace(first, likely=likely), *others])


def take_down(
    pods: PodCommands, database: Database, pod: Object, command: Sequence[str]
) -> Migrated:
    """Run the down-migration on the live database, in a pod of its own.

    Only the candidate knows the way down, and by then none of its pods is left; so one is made
    that no Service sends traffic to.

    Args:
        pods: runs it.
        database: the live one.
        pod: the one that the candidate's migration ran in.
        command: the down-migration.

    Raises:
        FoundError: it hangs, or can't run.
        DatabaseError: the database does not answer.
    """
    name = f"canary-down-{secrets.token_hex(4)}"
    before = database.schema()
    noted = database.history(before)
    with sample_locks(database, pods.addresses(), pods.deadline) as locks:
        try:
            own = one_off(pod, pods.app_of(pod), name, command, database.settings.name)
            done = pods.run_apart(own, "the down-migration to end")
        except WaitTimeoutError as error:
            found = Finding("DownHangs", error.sentence, f"pod {name}", evidence=error.evidence)
            raise explain(FoundError([found]), describe_waits(locks)) from error
    after = database.schema()
    return Migrated(None, done, before, after, None, noted, database.history(after), locks, pod)


def left_behind(
    migrations: Mapping[str, Migrated], now: Schema, noted: MigrationHistory
) -> list[str]:
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
    return [*not_undone(before, now), *history_change(had_noted, noted)]
