"""How versions come and migrate, with the backup from before it and what is tried beside it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

from pytest_canary.context import expectations
from pytest_canary.context.outcomes import BaselineOutcome, CanaryOutcome, MigrationOutcome
from pytest_canary.core.errors import CanaryError, ClusterError, DatabaseError, FoundError
from pytest_canary.database.backup import Backup, back_up
from pytest_canary.database.blocking_changes import blocking_changes
from pytest_canary.k8s.objects import Container, containers, is_ready, pods_of
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.release.migration_trials import begin_refused
from pytest_canary.release.unmigrated import explain_unmigrated

if TYPE_CHECKING:
    from pytest_canary.context.context import Context
    from pytest_canary.core.background import Background
    from pytest_canary.release.migration import Migrated
    from pytest_canary.release.migration_trials import MigrationTrials
    from pytest_canary.release.refused_migration import Refused

# Of a log, for the word that tells what an app waits for.
LINES = 50


Ready = Callable[[], object]
"""Returns when a migration may begin."""

Migrate = Callable[[Ready], "Migrated"]
"""Makes one, and tells what it did."""


def migrate_candidate(context: Context) -> None:
    """Migrate to the candidate, and write down what came of it."""
    trials = begin_trials(context)
    fresh = (lambda: trials.fresh(context.waiter)) if trials else None
    _migrate(context, lambda ready: context.transitions.migrate(fresh=fresh, ready=ready))


def begin_trials(context: Context) -> MigrationTrials | None:
    """Try the migration beside the checks, once, as soon as there is what it will run in.

    Returns:
        The trials; None where nothing is live that it could harm.
    """
    outcome = context.journal.outcome(CanaryOutcome)
    if context.plan.upgrade and context.plan.migrates:
        outcome.trials = outcome.trials or context.transitions.begin_trials()
    return outcome.trials


def _migrate(context: Context, migrate: Migrate) -> None:
    outcome = MigrationOutcome()
    context.journal.keep(outcome)
    if not context.plan.upgrade:
        outcome.migrated = migrate(lambda: None)
        return
    with ThreadPoolExecutor(2, thread_name_prefix="backup") as pool:
        backed_up = pool.submit(attempt_backup, context)
        looked = pool.submit(context.database.catalogue)

        def ready() -> object:
            with context.waiter.measure("wait", "the backup"):
                return backed_up.exception(), looked.exception()

        try:
            outcome.migrated = migrate(ready)
        finally:
            outcome.backup = backed_up.result()
    outcome.blocking = blocking_changes(looked.result(), context.database.catalogue())
    outcome.refused = find_refused(context, outcome.migrated)


def _migrate_along(context: Context, track: str, deploy: Callable[[], None]) -> None:
    """Migrate with what deploys the candidate to a track."""
    migrator, fresh = context.release.migrator, context.plan.upgrade
    _migrate(
        context,
        lambda ready: migrator.along(
            context.database, track, context.candidate, deploy, fresh=fresh, ready=ready
        ),
    )


def deploy_canary(context: Context) -> None:
    """Deploy the canary, with its migration where that is made first.

    Raises:
        FoundError: the migration fails, which keeps it from coming; or it does not come up.
    """

    def deploy() -> None:
        context.transitions.canary(context.candidate)

    if context.plan.migrates_along:
        _migrate_along(context, CANARY, deploy)
        return
    if context.plan.migrates_first:
        migrate_first(context)
    try:
        deploy()
    except CanaryError as error:
        raise explain_unready(context, CANARY, error) from error
    if "migration" in context.plan.stages:
        # What keeps it from being tried keeps it from being made, and is told there.
        with suppress(CanaryError):
            begin_trials(context)


def update(context: Context) -> None:
    """Update the baseline to the candidate, with the migration that comes along.

    Raises:
        FoundError: the migration fails, or the candidate does not come up.
    """

    def deploy() -> None:
        context.release.update(context.candidate)

    if context.plan.migrates_along:
        _migrate_along(context, STABLE, deploy)
    else:
        deploy()


def deploy_baseline(context: Context) -> None:
    """Deploy the baseline, and migrate to it: before, as its pods come, or in one of them.

    Raises:
        FoundError: the migration fails, or the baseline does not come up.
    """
    release, database, baseline = context.release, context.database, context.baseline

    def deploy() -> None:
        release.deploy(STABLE, context.settings.replicas.stable, baseline)

    def keep_migrated(done: Migrated) -> None:
        context.journal.keep(BaselineOutcome(done))

    if context.plan.migrates_along:
        keep_migrated(release.migrator.along(database, STABLE, baseline, deploy, fresh=False))
        return
    if context.plan.migrates_first:
        keep_migrated(release.migrator.migrate(database, STABLE, baseline, fresh=None))
        expectations.expect_success(context.journal.migrations["baseline"].migrate)
    try:
        deploy()
    except CanaryError as error:
        raise explain_unready(context, STABLE, error) from error
    if context.plan.migrates and not context.plan.migrates_first:
        keep_migrated(release.migrator.migrate(database, STABLE, baseline, fresh=None))


def migrate_first(context: Context) -> None:
    """Migrate to the candidate before there is a pod of it.

    Raises:
        FoundError: the migration fails.
    """
    if context.settings.files.apply is None:
        # The Job may need what stands beside it.
        context.release.apply_service(context.candidate)
    migrate_candidate(context)
    expectations.expect_success(context.journal.migrations["candidate"].migrate, "MigrationFails")


def explain_unready(context: Context, track: str, error: CanaryError) -> CanaryError:
    """The error to raise where a version did not come up, and its migration was to follow."""
    plan = context.plan
    if not plan.migrates or plan.migrates_first:
        return error
    name = context.release.name(track)
    pods = [
        pod
        for pod in pods_of(context.observer.last_snapshot().pods.values(), name)
        if not is_ready(pod)
    ]
    way = plan.settings.migration.way
    logs = [_log(context, each) for pod in pods[:1] for each in containers(pod)]
    return explain_unmigrated(error, name, logs, way)


def _log(context: Context, container: Container) -> str:
    with suppress(ClusterError):
        return context.namespace.logs(container.pod_name, container.name, LINES)
    return ""  # one that has not begun has none


def attempt_backup(context: Context) -> Backup | DatabaseError | FoundError:
    """Back the live database up, and try the backup; what came of it is for a check to say."""
    try:
        schema, deadline = context.database.schema(), context.settings.deadlines.command
        return back_up(context.database, schema, deadline)
    except (FoundError, DatabaseError) as error:
        return error


def find_refused(context: Context, done: Migrated) -> Background[Refused] | None:
    """What tries the migration where it is refused; begun beside the checks, if it is not yet.

    One that fails, or does nothing on an empty database, says nothing new there.
    """
    ends = context.settings.migration.way != "start"
    if done.migrate.code != 0 or not done.fresh or not ends:
        return None
    trials = context.journal.outcome(CanaryOutcome).trials
    if trials:
        return trials.refused
    command, pods = context.settings.commands.migrate, context.release.pods
    return begin_refused(pods, context.database, done.pod, command, done.container)
