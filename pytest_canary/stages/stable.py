"""Stable: the candidate promoted to all replicas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_canary.analysis.late import late_findings
from pytest_canary.context import expect, expectations, judging
from pytest_canary.context.delivered import tell_of_pipeline
from pytest_canary.context.outcomes import StableOutcome, UpdateOutcome
from pytest_canary.context.preparing import expect_companions
from pytest_canary.context.stage import Stage
from pytest_canary.context.stops import lost_by_baseline
from pytest_canary.context.workspace import existing_context
from pytest_canary.core.errors import NotApplicable
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.release.terminations import unheeded_sigterm
from pytest_canary.stages.conditions import (
    has_canary,
    has_other_requests,
    has_traffic,
    judges_canary,
    knows_who_answers,
    runs_pipelines,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_canary.analysis.comparison import Comparison
    from pytest_canary.context.context import Context

STAGE = Stage("stable", existing_context, transition="promote", rolls_back=True)


@STAGE.enter("{name}-stable is promoted to the candidate")
def promote(context: Context) -> None:
    late: list[Sequence[Comparison]] = []
    if not context.plan.has_canary:
        # The update was made before its verdict, and the candidate is everybody's since.
        context.comparing.close()
        began = context.journal.outcome(UpdateOutcome).began
    else:
        began = context.observer.now()
        context.transitions.promote(
            context.candidate, last=lambda: late.append(judge_to_the_end(context))
        )
    rollouts = context.observer.rollouts(context.release.name(STABLE), began)
    context.journal.keep(StableOutcome(rollouts, *late))
    expect_companions(context, "stable", context.candidate)


def judge_to_the_end(context: Context) -> Sequence[Comparison]:
    """Judge the canary for the last time, before it is deleted."""
    late = judging.judge_late(context)
    context.comparing.close()
    # While one of the candidate's stops too, nobody can tell whose the losses are.
    if context.app.has_traffic and lost_by_baseline(context, context.app.traffic.losses()):
        context.release.wait_until_ended()
    return late


@STAGE.holds("{stable}/{stable} pods are ready, and of the candidate")
def candidate_is_ready(context: Context) -> None:
    expect.replicas(context, STABLE, context.settings.replicas.stable)


@STAGE.holds("the stable pipeline calls what it may, and shows no secret", when=runs_pipelines)
def pipeline_is_clean(context: Context) -> None:
    tell_of_pipeline(context.journal, "stable", "stable")


@STAGE.holds("the rollout was seen going to {stable}/{stable}")
def rollout_is_seen(context: Context) -> None:
    rollouts = context.journal.outcome(StableOutcome).rollouts
    steps = expectations.expect_whole_rollout(rollouts, context.settings.replicas.stable)
    context.journal.note("stable", steps)


@STAGE.holds("never fewer were available than the strategy allows")
def stays_available(context: Context) -> None:
    lowest = expectations.expect_availability(context.journal.outcome(StableOutcome).rollouts)
    if context.plan.upgrade:
        context.journal.note("stable", f"never fewer than {lowest}")


@STAGE.holds("the canary did as well until its end", when=judges_canary)
def canary_stays_well(context: Context) -> None:
    late = context.journal.outcome(StableOutcome).late
    if not late:
        raise NotApplicable("there was no verdict")
    expectations.expect_no_findings(late_findings(late))


@STAGE.holds("the canary is deleted", when=has_canary)
def canary_is_gone(context: Context) -> None:
    context.release.wait_until_deleted(CANARY)


@STAGE.holds("the Service sends connections to these pods only")
def service_selects(context: Context) -> None:
    expect.connections(context, STABLE)


@STAGE.holds("only the candidate answers behind the Service", when=knows_who_answers)
def candidate_answers(context: Context) -> None:
    expect.only_version(context, "candidate")


@STAGE.holds("{write} is acknowledged and {read} has it")
def api_works(context: Context) -> None:
    expect.write_and_read(context)


@STAGE.holds("the other requests answer as promised", when=has_other_requests)
def other_requests(context: Context) -> None:
    expect.other_requests(context)


@STAGE.holds("the canary's pods ended when they were told to", when=has_canary)
def canary_ended_by_itself(context: Context) -> None:
    context.release.wait_until_deleted(CANARY)
    context.release.wait_until_ended()
    found = unheeded_sigterm(context.observer.killed_containers(), context.candidate)
    context.journal.tell("stable", found)


@STAGE.holds("no request is lost", when=has_traffic)
def no_request_is_lost(context: Context) -> None:
    context.journal.note("stable", expect.no_lost_request(context, "stable"))


@STAGE.holds("every row that was written is there")
def nothing_is_lost(context: Context) -> None:
    context.release.wait_until_ended()
    expect.every_row(context)
