"""The rollback that a failure between canary and stable leads to by itself.

Not a stage of its own: it takes the place of the stage `rollback` in a walk that has failed.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pytest_canary.context import expect
from pytest_canary.context.delivered import (
    tell_of_pipeline,
    tell_of_rollback,
    tell_what_stays_live,
)
from pytest_canary.context.outcomes import UpdateOutcome
from pytest_canary.context.stage import Stage
from pytest_canary.context.workspace import existing_context
from pytest_canary.core.errors import CanaryError, ReleaseError
from pytest_canary.k8s.objects import images
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.stages.conditions import (
    first,
    has_canary,
    has_traffic_at_baseline,
    knows_who_answers_an_upgrade,
    migrates_live,
    runs_pipelines,
    upgrade,
)

if TYPE_CHECKING:
    from pytest_canary.context.context import Context

STAGE = Stage("rollback", existing_context, transition="roll back", automatic=True)


@STAGE.enter("the release is rolled back")
def roll_back(context: Context) -> None:
    context.comparing.close()
    known = context.journal.diagnostics
    context.journal.keep_diagnostics(context.transitions.roll_back(known))
    context.release.wait_until_deleted(CANARY)
    if context.plan.upgrade:
        tell_what_stays_live(context)
        restore_baseline(context)
        return
    # There is no last good version to promote: no version is live, as before.
    context.release.delete(STABLE)
    context.release.wait_until_deleted(STABLE)


def restore_baseline(context: Context) -> None:
    """Let the last good version serve again, with its own Service."""
    replicas = context.settings.replicas.stable
    stable = context.namespace.deployment(context.release.name(STABLE))
    whole = context.baseline.renderer.knows_both
    kept = stable and context.baseline.image in images(stable["spec"]["template"])
    # What Helm has rolled back is not deployed again, or nobody would see whether it has.
    half = context.journal.has_tried("stable") and (context.plan.has_canary or not whole)
    if not kept or half or (context.journal.find(UpdateOutcome) and not whole):
        # It failed half-way through a promotion, which may have changed more than the image;
        # or someone has deleted it.
        context.release.deploy(STABLE, replicas, context.baseline)
    image, baseline, candidate = context.baseline.image, context.baseline, context.candidate
    if (
        baseline.renderer.shared_objects(image).values
        != candidate.renderer.shared_objects(image).values
    ):
        context.release.apply_service(context.baseline)
    context.release.rollouts.wait_until_settled(STABLE, replicas, context.baseline)


@STAGE.holds("the diagnostics were collected before anything was undone")
def diagnostics_came_first(context: Context) -> None:
    found = context.journal.diagnostics
    if found is None:
        raise ReleaseError("no diagnostics were collected before the release was rolled back")
    for what, text in found.said.items():
        if not text.strip():
            raise ReleaseError(f"the diagnostics hold no {what} of {context.settings.name}")


@STAGE.holds("the failed pipeline starts its rollback by itself", when=runs_pipelines)
def rollback_starts_by_itself(context: Context) -> None:
    tell_of_rollback(context.journal)


@STAGE.holds("the rollback pipeline calls what it may, and shows no secret", when=runs_pipelines)
def pipeline_is_clean(context: Context) -> None:
    tell_of_pipeline(context.journal, "rollback", "rollback")


@STAGE.holds("the candidate's pods logged no secret")
def no_secret_is_logged(context: Context) -> None:
    context.journal.tell("rollback", context.release.printed.log_findings(context.candidate))


@STAGE.holds("{stable}/{stable} pods are ready, and of the baseline", when=upgrade)
def baseline_is_ready(context: Context) -> None:
    replicas = context.settings.replicas.stable
    expect.replicas(context, STABLE, replicas, "baseline")
    name = context.journal.version_name("baseline")
    context.journal.note("rollback", f"rolled back: {replicas}/{replicas} of {name}")


@STAGE.holds("the canary is deleted", when=has_canary)
def canary_is_gone(context: Context) -> None:
    context.release.wait_until_deleted(CANARY)


@STAGE.holds("no version is live, as before", when=first)
def nothing_is_live(context: Context) -> None:
    if context.release.exists(STABLE):
        raise ReleaseError(
            f"{context.release.name(STABLE)} is still there, where nothing was live before; "
            f"see what else deploys into namespace {context.namespace.name}"
        )
    context.journal.note("rollback", "rolled back: no version is live, as before")


@STAGE.holds("the Service sends connections to these pods only", when=upgrade)
def service_selects(context: Context) -> None:
    expect.connections(context, STABLE)


@STAGE.holds("only the baseline answers behind the Service", when=knows_who_answers_an_upgrade)
def baseline_answers(context: Context) -> None:
    expect.only_version(context, "baseline")


@STAGE.holds("{write} is acknowledged and {read} has it", when=upgrade)
def api_works(context: Context) -> None:
    try:
        expect.write_and_read(context)
    except CanaryError:
        # What is not undone may be why.
        with suppress(CanaryError):
            note_remains(context)
        raise
    context.journal.note("rollback", "the API answers")
    note_remains(context)


def note_remains(context: Context) -> None:
    """Tell what of the migration the rollback has not undone."""
    if migrates_live(context.plan):
        context.journal.note("rollback", context.remains().summary)


@STAGE.holds("no request is lost any more", when=has_traffic_at_baseline)
def no_request_is_lost(context: Context) -> None:
    expect.no_more_lost_requests(context)


@STAGE.holds("every row that was written is there", when=upgrade)
def nothing_is_lost(context: Context) -> None:
    expect.every_row(context)
    context.journal.note("rollback", "nothing lost")
