"""The baseline: the version that is live today, as its users have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_canary.context import expect, expectations, judging, migrating
from pytest_canary.context.outcomes import BaselineOutcome
from pytest_canary.context.preparing import expect_companions
from pytest_canary.context.stage import Stage
from pytest_canary.context.workspace import existing_context
from pytest_canary.core.errors import FoundError, NotApplicable, ReleaseError
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.stages.conditions import (
    first_with_service,
    has_other_requests_at_baseline,
    migrates_live,
    upgrade,
)

if TYPE_CHECKING:
    from pytest_canary.context.context import Context

STAGE = Stage("baseline", existing_context, transition="deploy the baseline")


@STAGE.enter("{name}-stable is deployed and migrated", when=upgrade)
def deploy(context: Context) -> None:
    context.journal.keep(BaselineOutcome())
    if not context.plan.upgrade:
        context.release.apply_service(context.candidate)
        return
    context.release.apply_service(context.baseline)
    migrating.deploy_baseline(context)
    expect_companions(context, "baseline", context.baseline)
    if context.plan.runs_pipelines:
        context.journal.note("baseline", "deployed by the rehearsal, not by a pipeline")
    context.open_app()
    context.learn_version("baseline", STABLE)
    first = "canary" if context.plan.has_canary else "verdict"
    if context.plan.judges and first in context.plan.stages:
        judging.ask_baseline(context)


@STAGE.holds("the Service is there, and no version is live", when=first_with_service)
def nothing_is_live(context: Context) -> None:
    services = [service["metadata"]["name"] for service in context.namespace.objects("Service")]
    if context.settings.service_name not in services:
        raise ReleaseError(
            f"{context.settings.files.service.name} is applied, but there is no Service "
            f"{context.settings.service_name}; see its metadata.name"
        )
    live = [track for track in (CANARY, STABLE) if context.release.exists(track)]
    if live:
        raise ReleaseError(
            f"{context.release.name(live[0])} is there before anything was released; "
            f"see what else deploys into namespace {context.namespace.name}"
        )


@STAGE.holds("{stable}/{stable} pods are ready, and of the baseline", when=upgrade)
def pods_are_ready(context: Context) -> None:
    replicas = context.settings.replicas.stable
    expect.replicas(context, STABLE, replicas, "baseline")
    name = context.journal.version_name("baseline")
    context.journal.note("baseline", f"{replicas}/{replicas} of {name}")


@STAGE.holds("ping and migrate succeed", when=migrates_live)
def commands_succeed(context: Context) -> None:
    done = context.journal.migrations["baseline"]
    expectations.expect_success(done.ping)
    expectations.expect_success(done.migrate)


@STAGE.holds("migrate made the schema", when=migrates_live)
def schema_is_made(context: Context) -> None:
    expectations.expect_migrated(context.journal.migrations["baseline"])


@STAGE.holds("the Service sends connections to these pods only", when=upgrade)
def service_selects(context: Context) -> None:
    expect.connections(context, STABLE)


@STAGE.holds("{write} is acknowledged and {read} has it", when=upgrade)
def api_works(context: Context) -> None:
    expect.write_and_read(context)
    expect.write_and_read(context)


@STAGE.holds("the other requests answer as promised", when=has_other_requests_at_baseline)
def other_requests(context: Context) -> None:
    expect.other_requests(context)


# The last of this stage: nothing of the candidate has been applied yet.
@STAGE.holds("the API server takes every object of the candidate over it", when=upgrade)
def candidate_is_taken(context: Context) -> None:
    trial = context.release.try_out(context.candidate)
    if trial.note:
        context.journal.note("baseline", trial.note)
    if trial.refused:
        raise FoundError(trial.refused)
    if not trial.tried:
        raise NotApplicable(f"nothing could be tried out: {'; '.join(trial.untried)}")
