"""The migration: the new schema, under both versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_canary.context import expect, expect_outcomes, expectations, migrating, updating
from pytest_canary.context.delivered import tell_of_pipeline
from pytest_canary.context.outcomes import MigrationOutcome
from pytest_canary.context.stage import Stage
from pytest_canary.context.workspace import existing_context
from pytest_canary.core.errors import NotApplicable
from pytest_canary.core.wording import cut, last_line
from pytest_canary.database.backup import expect_restored
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.release.refused_migration import failures
from pytest_canary.stages.conditions import (
    first,
    has_canary,
    has_canary_beside,
    has_much_to_migrate,
    migrates,
    migrates_live,
    migrates_live_to_an_end,
    migrates_to_an_end,
    outlives_migration,
    pings,
    runs_pipelines,
)

if TYPE_CHECKING:
    from pytest_canary.context.context import Context

# Letters of the migration's last word that the stage's line has.
SAID = 100

STAGE = Stage("migration", existing_context, transition="migrate", rolls_back=True, on_trial=True)


@STAGE.enter()
def migrate_candidate(context: Context) -> None:
    if not context.plan.has_canary:
        updating.migrate(context)
    elif context.plan.migrates_first:
        # It came before the canary.
        context.journal.outcome(MigrationOutcome)
    elif context.plan.migrates:
        migrating.migrate_candidate(context)
    else:
        context.journal.keep(MigrationOutcome())
        context.transitions.go_on()
    if not context.plan.upgrade:
        context.open_app()
        context.learn_version("candidate", CANARY)


@STAGE.holds("{migrating}", when=has_much_to_migrate)
def commands_run(context: Context) -> None:
    done = context.journal.migrations.get("candidate")
    if done:
        last = cut(last_line(done.migrate.output), SAID) or "no output"
        context.journal.note("migration", ", ".join(filter(None, [last, done.counts])))
        if done.runs > 1:
            told = f"Helm has run the hook {done.runs} times by now, once each `helm upgrade`"
            context.journal.note("migration", told)


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


@STAGE.holds("ping exits with 0", when=pings)
def ping_succeeds(context: Context) -> None:
    expectations.expect_success(context.journal.migrations["candidate"].ping, "PingFails")


@STAGE.holds("migrate exits with 0", when=migrates_to_an_end)
def migrate_succeeds(context: Context) -> None:
    expectations.expect_success(context.journal.migrations["candidate"].migrate, "MigrationFails")


@STAGE.holds("the schema is the one that these migrations make on an empty database", when=migrates)
def schema_is_right(context: Context) -> None:
    expect_outcomes.migrated_schema(context)


@STAGE.holds("the migration kept nobody waiting longer than {limit} s", when=migrates_live)
def nobody_waited(context: Context) -> None:
    longest = expect_outcomes.nobody_waited(context)
    if longest:
        context.journal.note("migration", f"somebody waited {longest:.1f} s for its locks")


@STAGE.holds(
    "no statement of it keeps the app waiting where there are many rows", when=migrates_live
)
def nobody_will_wait(context: Context) -> None:
    context.journal.tell("migration", context.journal.outcome(MigrationOutcome).blocking)


@STAGE.holds("the canary answers {write} and {read} on the new schema", when=has_canary)
def canary_works(context: Context) -> None:
    expect.write_and_read(context, context.pod_api(CANARY))


@STAGE.holds(
    "the baseline still answers {write} and {read} on the new schema", when=outlives_migration
)
def baseline_works(context: Context) -> None:
    expect.write_and_read(context, context.pod_api(STABLE))
    name = context.journal.version_name("baseline")
    context.journal.note("migration", f"{name} still reads and writes")


@STAGE.holds("what the canary writes, the baseline reads", when=has_canary_beside)
def baseline_reads_canarys(context: Context) -> None:
    expect.write_and_read_elsewhere(context.pod_api(CANARY), context.pod_api(STABLE))


@STAGE.holds("what the baseline writes, the canary reads", when=has_canary_beside)
def canary_reads_baselines(context: Context) -> None:
    expect.write_and_read_elsewhere(context.pod_api(STABLE), context.pod_api(CANARY))


@STAGE.holds("the Service answers {write} and {read}", when=first)
def service_works(context: Context) -> None:
    expect.write_and_read(context)


@STAGE.holds("the baseline still reads every row that was written", when=outlives_migration)
def baseline_reads_all(context: Context) -> None:
    expect.every_row(context, context.pod_api(STABLE))


@STAGE.holds("the canary reads every row that was written", when=has_canary)
def canary_reads_all(context: Context) -> None:
    expect.every_row(context, context.pod_api(CANARY))


@STAGE.holds("the canary pods are still ready", when=has_canary)
def canary_is_ready(context: Context) -> None:
    expect.replicas(context, CANARY, context.settings.replicas.canary)


@STAGE.holds("migrate fails, and soon, where the database refuses it", when=migrates_live_to_an_end)
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
    migrate = commands.migrate or context.journal.migrations["candidate"].migrate.command
    found = printed.command_findings(context.candidate, commands.ping, migrate)
    context.journal.tell("migration", found)
