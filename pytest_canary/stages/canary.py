"""The canary: one pod of the candidate among the baseline's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_canary.config.rolling_update import NO_CANARY
from pytest_canary.context import expect, expectations, judging, migrating
from pytest_canary.context.fair_share import fair_share, sample_both
from pytest_canary.context.outcomes import CanaryOutcome
from pytest_canary.context.stage import Stage
from pytest_canary.context.workspace import existing_context
from pytest_canary.core.errors import NotApplicable
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.stages.conditions import (
    comes_before_migration,
    has_script,
    has_traffic_at_baseline,
    knows_who_answers,
    knows_who_answers_an_upgrade,
    tells_versions,
    upgrade,
)

if TYPE_CHECKING:
    from pytest_canary.config.plan import Plan
    from pytest_canary.context.context import Context


def reason(plan: Plan) -> str:
    """Why no canary is walked; empty where one is."""
    return "" if plan.has_canary else NO_CANARY


STAGE = Stage(
    "canary",
    existing_context,
    transition="deploy the canary",
    rolls_back=True,
    on_trial=True,
    skips=reason,
)


@STAGE.enter("{name}-canary is deployed")
def deploy(context: Context) -> None:
    context.comparing.keep_baseline(context.waiter)
    began = context.app.traffic.now() if context.app.has_traffic else None
    context.journal.keep(CanaryOutcome(began, len(context.journal.writes.acknowledged)))
    migrating.deploy_canary(context)
    if context.plan.upgrade:
        context.learn_version("candidate", CANARY)
    if context.plan.judges:
        judging.open_sides(context)


@STAGE.holds("{canary}/{canary} canary pods are ready, and of the candidate")
def canary_is_ready(context: Context) -> None:
    replicas = context.settings.replicas
    expect.replicas(context, CANARY, replicas.canary)
    beside = f" + {replicas.stable_during_canary}" if context.plan.upgrade else ""
    context.journal.note("canary", f"{replicas.canary}{beside}")


@STAGE.holds("{fewer}/{fewer} stable pods are ready, and of the baseline", when=upgrade)
def stable_is_ready(context: Context) -> None:
    replicas = context.settings.replicas.stable_during_canary
    expect.replicas(context, STABLE, replicas, "baseline")


@STAGE.holds("what applied it printed no secret", when=has_script)
def no_secret_is_printed(context: Context) -> None:
    context.journal.tell("canary", context.release.printed.script_findings(context.candidate))


@STAGE.holds("the Service sends connections to all of them and no other")
def service_selects(context: Context) -> None:
    expect.connections(context, CANARY, *([STABLE] if context.plan.upgrade else []))
    if context.plan.upgrade and not knows_who_answers(context.plan):
        tell_what_is_not_told(context, context.journal.untold)


def tell_what_is_not_told(context: Context, why: str) -> None:
    """Say on the stage's line that nobody knows who answers."""
    what = "which version answers, and the canary's share of connections"
    context.journal.note("canary", f"not told: {what}, as {why}")


@STAGE.holds("candidate and baseline answer as different versions", when=tells_versions)
def versions_differ(context: Context) -> None:
    if not context.journal.tells_versions:
        raise NotApplicable(context.journal.untold)
    expectations.expect_distinct(context.journal.versions)


@STAGE.holds("both versions answer behind the Service", when=knows_who_answers_an_upgrade)
def both_answer(context: Context) -> None:
    expect.expect_no_affinity(context)
    outcome = context.journal.outcome(CanaryOutcome)
    try:
        outcome.sample = sample_both(context)
    except NotApplicable as reason:
        tell_what_is_not_told(context, str(reason))
        raise
    if context.journal.tells_versions:
        expectations.expect_both(outcome.sample, context.journal.versions)
    else:
        expectations.expect_both_reached(outcome.sample)


@STAGE.holds(
    "the canary's share of connections is its share of replicas", when=knows_who_answers_an_upgrade
)
def share_is_fair(context: Context) -> None:
    outcome = context.journal.outcome(CanaryOutcome)
    fair = fair_share(context, outcome.sample)
    outcome.share, outcome.connections = fair.share, fair.connections
    context.journal.note("canary", fair.text)


@STAGE.holds(
    "the canary answers {write} and {read} before the migration", when=comes_before_migration
)
def canary_works(context: Context) -> None:
    expect.write_and_read(context, context.pod_api(CANARY))


@STAGE.holds("the baseline answers {write} and {read} beside it", when=upgrade)
def stable_works(context: Context) -> None:
    expect.write_and_read(context, context.pod_api(STABLE))


@STAGE.holds("no request is lost", when=has_traffic_at_baseline)
def no_request_is_lost(context: Context) -> None:
    context.journal.note("canary", expect.no_lost_request(context, "canary"))


@STAGE.holds("every row that was written is there", when=upgrade)
def nothing_is_lost(context: Context) -> None:
    context.release.wait_until_ended()
    expect.every_row(context)
