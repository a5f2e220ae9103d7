"""The migration: the new schema, under both versions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from pytest_canary.context import expect, expectations
from pytest_canary.context.delivered import tell_of_pipeline
from pytest_canary.context.outcomes import MigrationOutcome
from pytest_canary.context.stage import Stage
from pytest_canary.context.workspace import existing_context
from pytest_canary.core.errors import DatabaseError, FoundError, NotApplicable
from pytest_canary.database.backup import Backup, back_up, expect_restored
from pytest_canary.database.blocking_changes import blocking_changes
from pytest_canary.database.lock_findings import expect_patience
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.release.refused_migration import RefusedMigration, failures
from pytest_canary.stages.conditions import first, migrates, migrates_live, runs_pipelines, upgrade

if TYPE_CHECKING:
    from pytest_canary.context.context import Context
    from pytest_canary.release.migration import Migrated

STAGE = Stage("migration", existing_context, transition="migrate", rolls_back=True, on_trial=True)


@STAGE.enter()
def migrate_candidate(context: Context) -> None:
    outcome = MigrationOutcome()
    context.journal.keep(outcome)
    if context.plan.migrates and context.plan.upgrade:
        with ThreadPoolExecutor(2, thread_name_prefix="backup") as pool:
            backed_up = pool.submit(attempt_backup, context)
            looked = pool.submit(context.database.catalogue)

            def ready() -> object:
                with context.waiter.measure("wait", "the backup"):
                    return backed_up.exception(), looked.exception()

            try:
                outcome.migrated = context.transitions.migrate(fresh=True, ready=ready)
            finally:
                outcome.backup = backed_up.result()
        outcome.blocking = blocking_changes(looked.result(), context.database.catalogue())
        outcome.refused = attempt_refused(context, outcome.migrated)
    elif context.plan.migrates:
        outcome.migrated = context.transitions.migrate(fresh=False, ready=lambda: None)
    else:
        context.transitions.go_on()
    if not context.plan.upgrade:
        context.open_app()
        context.learn_version("candidate", CANARY)


def attempt_backup(context: Context) -> Backup | DatabaseError | FoundError:
    """Back the live database up, and try the backup; what came of it is for a check to say."""
    try:
        schema, deadline = context.database.schema(), context.settings.deadlines.command
        return back_up(context.database, schema, deadline)
    except (FoundError, DatabaseError) as error:
        return error


def attempt_refused(context: Context, done: Migrated) -> RefusedMigration | None:
    """Begin to try the migration where it is refused, beside the checks; they need no pod more.

    One that fails, or does nothing on an empty database, says nothing new there.
    """
    if done.migrate.code != 0 or not done.fresh:
        return None
    command, pods = context.settings.commands.migrate, context.release.pods
    return RefusedMigration(pods, context.database, done.pod, command).start()


@STAGE.holds("ping and migrate run in a canary pod")
def commands_run(context: Context) -> None:
    done = context.journal.migrations.get("candidate")
    if done:
        last = done.migrate.output.splitlines()[-1:] or ["no output"]
        context.journal.note("migration", ", ".join(filter(None, [last[0], done.counts])))


@STAGE.holds("a backup from before the migration restores", when=migrates_live)
def backup_restores(context: Context) -> None:
    context.journal.note(
        "migration", expect_restored(context.journal.outcome(MigrationOutcome).backup)
    )


@STAGE.holds("the canary pipeline passes", when=runs_pipelines)
def pipeline_passes(context: Context) -> None:
    context.transitions.expect_passed()


@STAGE.holds("it calls what it may, and shows no secret", when=runs_pipelines)
def pipeline_is_clean(context: Context) -> None:
    tell_of_pipeline(context.journal, "migration", "canary")


@STAGE.holds("ping exits with 0", when=migrates)
def ping_succeeds(context: Context) -> None:
    expectations.expect_success(context.journal.migrations["candidate"].ping, "PingFails")


@STAGE.holds("migrate exits with 0", when=migrates)
def migrate_succeeds(context: Context) -> None:
    expectations.expect_success(context.journal.migrations["candidate"].migrate, "MigrationFails")


@STAGE.holds("the schema is the one that these migrations make on an empty database", when=migrates)
def schema_is_right(context: Context) -> None:
    expectations.expect_migrated(context.journal.migrations["candidate"])


@STAGE.holds("the migration kept nobody waiting longer than {limit} s", when=migrates_live)
def nobody_waited(context: Context) -> None:
    locks, limit = (
        context.journal.migrations["candidate"].locks,
        context.settings.database.lock_limit,
    )
    longest = expect_patience(locks, limit)
    if longest:
        context.journal.note("migration", f"somebody waited {longest:.1f} s for its locks")


@STAGE.holds(
    "no statement of it keeps the app waiting where there are many rows", when=migrates_live
)
def nobody_will_wait(context: Context) -> None:
    context.journal.tell("migration", context.journal.outcome(MigrationOutcome).blocking)


@STAGE.holds("the canary answers {write} and {read} on the new schema")
def canary_works(context: Context) -> None:
    expect.write_and_read(context, context.pod_api(CANARY))


@STAGE.holds("the baseline still answers {write} and {read} on the new schema", when=upgrade)
def baseline_works(context: Context) -> None:
    expect.write_and_read(context, context.pod_api(STABLE))
    name = context.journal.version_name("baseline")
    context.journal.note("migration", f"{name} still reads and writes")


@STAGE.holds("what the canary writes, the baseline reads", when=upgrade)
def baseline_reads_canarys(context: Context) -> None:
    expect.write_and_read_elsewhere(context.pod_api(CANARY), context.pod_api(STABLE))


@STAGE.holds("what the baseline writes, the canary reads", when=upgrade)
def canary_reads_baselines(context: Context) -> None:
    expect.write_and_read_elsewhere(context.pod_api(STABLE), context.pod_api(CANARY))


@STAGE.holds("the Service answers {write} and {read}", when=first)
def service_works(context: Context) -> None:
    expect.write_and_read(context)


@STAGE.holds("the baseline still reads every row that was written", when=upgrade)
def baseline_reads_all(context: Context) -> None:
    expect.every_row(context, context.pod_api(STABLE))


@STAGE.holds("the canary reads every row that was written")
def canary_reads_all(context: Context) -> None:
    expect.every_row(context, context.pod_api(CANARY))


@STAGE.holds("the canary pods are still ready")
def canary_is_ready(context: Context) -> None:
    expect.replicas(context, CANARY, context.settings.replicas.canary)


@STAGE.holds("migrate fails, and soon, where the database refuses it", when=migrates_live)
def migrate_can_fail(context: Context) -> None:
    tried = context.journal.outcome(MigrationOutcome).refused
    if tried is None:
        raise NotApplicable("migrate fails, or makes nothing on an empty database")
    refused = tried.wait(context.waiter)
    if refused.unknown:
        context.journal.note("migration", f"not told: how migrate fails, as {refused.unknown}")
    context.journal.tell("migration", failures(refused))


@STAGE.holds("ping and migrate printed no secret", when=migrates)
def no_secret_is_printed(context: Context) -> None:
    commands, printed = context.settings.commands, context.release.printed
    found = printed.command_findings(context.candidate, commands.ping, commands.migrate)
    context.journal.tell("migration", found)
