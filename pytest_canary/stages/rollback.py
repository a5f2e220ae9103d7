"""The rollback, both ways: from a canary, and from a promotion that was a mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_canary.context import expect, expectations, sampling
from pytest_canary.context.delivered import tell_of_pipeline
from pytest_canary.context.outcomes import RollbackOutcome
from pytest_canary.context.stage import Stage
from pytest_canary.context.workspace import existing_context
from pytest_canary.core.errors import ReleaseError
from pytest_canary.database.lock_findings import expect_patience
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.release.migration import Migrated, take_down
from pytest_canary.stages.conditions import (
    goes_down,
    has_canary,
    has_traffic,
    migrates_live,
    runs_pipelines,
    upgrade,
)

if TYPE_CHECKING:
    from pytest_canary.context.context import Context

STAGE = Stage("rollback", existing_context, transition="roll back")


@STAGE.enter("a canary is deployed again and rolled back", when=has_canary)
def roll_back(context: Context) -> None:
    if not context.plan.has_canary:
        context.journal.keep_diagnostics(context.release.diagnostics())
        return
    context.release.canary(context.candidate)
    replicas = context.settings.replicas.stable_during_canary
    expect.replicas(context, STABLE, replicas)
    diagnostics = context.release.diagnostics()
    context.transitions.spoil()
    context.journal.keep_diagnostics(context.transitions.roll_back(diagnostics))


@STAGE.holds("the diagnostics were collected before it was deleted", when=has_canary)
def diagnostics_are_there(context: Context) -> None:
    found = context.journal.diagnostics
    canary = context.release.name(CANARY)
    if found is None:
        raise ReleaseError("no diagnostics were collected")
    for what, text in found.said.items():
        if canary not in text:
            raise ReleaseError(f"the diagnostics' {what} do not tell of {canary}")
    # One of a container that has said nothing is empty.
    if not any(name.startswith(f"{canary}-") for name in found.logs):
        raise ReleaseError(f"the diagnostics hold no log of {canary}")


@STAGE.holds("the rollback pipeline calls what it may, and shows no secret", when=runs_pipelines)
def pipeline_is_clean(context: Context) -> None:
    tell_of_pipeline(context.journal, "rollback", "rollback")


@STAGE.holds("the candidate's pods logged no secret")
def no_secret_is_logged(context: Context) -> None:
    context.journal.tell("rollback", context.release.printed.log_findings(context.candidate))


@STAGE.holds("{name}-stable is back at {stable}/{stable}", when=has_canary)
def stable_is_back(context: Context) -> None:
    expect.replicas(context, STABLE, context.settings.replicas.stable)


@STAGE.holds("the canary is deleted", when=has_canary)
def canary_is_gone(context: Context) -> None:
    context.release.wait_until_deleted(CANARY)


@STAGE.holds("{write} is acknowledged and {read} has it")
def api_works(context: Context) -> None:
    expect.write_and_read(context)


@STAGE.holds("every row that was written is there")
def nothing_is_lost(context: Context) -> None:
    expect.every_row(context)


@STAGE.step("promote the last good", holds="the last good image is promoted again", when=upgrade)
def promote_last_good(context: Context) -> None:
    if not context.plan.has_canary:
        context.release.take_back(context.baseline)
    elif context.plan.upgrade:  # a first release has no last good image
        context.transitions.expect_kept(context.baseline)
        again = context.transitions.promote_again(context.baseline)
        if again.told:
            context.journal.note("rollback", f"the last good image promoted again by {again.told}")
        context.journal.tell("rollback", again.findings)


@STAGE.holds(
    "{stable}/{stable} pods are ready, and of the baseline",
    when=upgrade,
    after=promote_last_good,
)
def baseline_is_ready(context: Context) -> None:
    replicas = context.settings.replicas.stable
    expect.replicas(context, STABLE, replicas, "baseline")
    name = context.journal.version_name("baseline")
    context.journal.note("rollback", f"{replicas}/{replicas} of {name}")


@STAGE.holds(
    "only the baseline answers behind the Service",
    when=upgrade,
    after=promote_last_good,
)
def baseline_answers(context: Context) -> None:
    expect.connections(context, STABLE)
    if sampling.can_tell(context):
        expect.only_version(context, "baseline")


@STAGE.holds(
    "the baseline answers {write} and {read} on the migrated schema",
    when=upgrade,
    after=promote_last_good,
)
def baseline_works(context: Context) -> None:
    expect.write_and_read(context)
    if migrates_live(context.plan):
        context.journal.note("rollback", context.remains().summary)


@STAGE.holds("no request is lost on the way back", when=has_traffic, after=promote_last_good)
def no_request_is_lost(context: Context) -> None:
    context.journal.note("rollback", expect.no_lost_request(context, "rollback"))


@STAGE.holds(
    "the baseline reads every row that was ever written",
    when=upgrade,
    after=promote_last_good,
)
def baseline_reads_all(context: Context) -> None:
    context.release.wait_until_ended()
    expect.every_row(context)


@STAGE.step("take the migration back", after=promote_last_good)
def take_migration_back(context: Context) -> None:
    # What the candidate still holds in the database would be in the way.
    context.release.wait_until_ended()
    outcome = context.remains()
    pod = context.journal.migrations["candidate"].pod
    command = context.settings.commands.down
    outcome.down = take_down(context.release.pods, context.database, pod, command)


def down_migration(context: Context) -> Migrated:
    """What the down-migration did.

    Raises:
        ReleaseError: it was not made.
    """
    down = context.journal.outcome(RollbackOutcome).down
    if down is None:
        raise ReleaseError("the migration was not taken back; see the check before")
    return down


@STAGE.holds("the down-migration exits with 0", when=goes_down, after=take_migration_back)
def down_succeeds(context: Context) -> None:
    down = down_migration(context)
    expectations.expect_success(down.migrate, "DownFails")
    context.journal.note("rollback", f"then down: {down.counts or 'no change'}")


@STAGE.holds("the down-migration printed no secret", when=goes_down, after=take_migration_back)
def no_secret_is_printed(context: Context) -> None:
    down = context.settings.commands.down
    found = context.release.printed.command_findings(context.candidate, down)
    context.journal.tell("rollback", found)


@STAGE.holds(
    "the schema is the one from before the migration again",
    when=goes_down,
    after=take_migration_back,
)
def schema_is_back(context: Context) -> None:
    expectations.expect_taken_down(down_migration(context), context.journal.migrations["candidate"])


@STAGE.holds(
    "the down-migration kept nobody waiting longer than {limit} s",
    when=goes_down,
    after=take_migration_back,
)
def nobody_waited(context: Context) -> None:
    expect_patience(down_migration(context).locks, context.settings.database.lock_limit)


@STAGE.holds(
    "the baseline answers {write} and {read} on the schema of before",
    when=goes_down,
    after=take_migration_back,
)
def baseline_works_after_it(context: Context) -> None:
    expect.write_and_read(context)


@STAGE.holds(
    "the baseline reads every row after the down-migration",
    when=goes_down,
    after=take_migration_back,
)
def nothing_is_lost_by_it(context: Context) -> None:
    expect.every_row(context)
