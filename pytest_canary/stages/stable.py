"""Stable: the candidate promoted to all replicas."""

from __future__ import annotations

from pytest_canary.context import expectations
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.rehearsal.rehearsal import Walk
from pytest_canary.stages import Suite, loaded

SUITE = Suite()


@SUITE.holds("{name}-stable is promoted to the candidate")
def is_promoted(walk: Walk) -> None:
    walk.enter("stable")


@SUITE.holds("{stable}/{stable} pods are ready, and of the candidate")
def is_ready(walk: Walk) -> None:
    walk.release.wait_until_settled(STABLE, walk.settings.replicas.stable, walk.candidate)


@SUITE.holds("the rollout was seen going to {stable}/{stable}")
def rollout_is_seen(walk: Walk) -> None:
    walk.note("stable", expectations.reached(walk.memory.promotion, walk.settings.replicas.stable))


@SUITE.holds("never fewer were available than the strategy allows")
def stays_available(walk: Walk) -> None:
    lowest = expectations.never_fewer(walk.memory.promotion)
    if walk.plan.upgrade:
        walk.note("stable", f"never fewer than {lowest}")


@SUITE.holds("the canary is deleted")
def canary_is_gone(walk: Walk) -> None:
    walk.release.wait_until_gone(CANARY)


@SUITE.holds("the Service sends connections to these pods only")
def service_selects(walk: Walk) -> None:
    walk.wait_until_connected([STABLE])


@SUITE.holds(
    "only the candidate answers behind the Service",
    when=lambda plan: plan.tells_versions,
)
def candidate_answers(walk: Walk) -> None:
    expectations.only(walk.sample("candidate"), walk.memory.versions["candidate"])


@SUITE.holds("{write} is acknowledged and {read} has it")
def api_works(walk: Walk) -> None:
    walk.write_and_read(walk.api)


@SUITE.holds("the other requests answer as promised", when=lambda plan: plan.checks)
def other_requests(walk: Walk) -> None:
    walk.other_requests(walk.api)


@SUITE.holds("no request is lost", when=loaded)
def no_request_is_lost(walk: Walk) -> None:
    walk.note("stable", walk.no_request_is_lost("stable"))


@SUITE.holds("every row that was written is there")
def nothing_is_lost(walk: Walk) -> None:
    walk.find_every_row(walk.api)
