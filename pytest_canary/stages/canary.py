"""The canary: one pod of the candidate among the baseline's."""

from __future__ import annotations

from pytest_canary.context import expectations
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.rehearsal.rehearsal import Walk
from pytest_canary.stages import Suite, loaded_upgrade, tells_versions, upgrade

SUITE = Suite()


@SUITE.holds("{name}-canary is deployed")
def is_deployed(walk: Walk) -> None:
    walk.enter("canary")


@SUITE.holds("{canary}/{canary} canary pods are ready, and of the candidate")
def canary_is_ready(walk: Walk) -> None:
    replicas = walk.settings.replicas
    walk.release.wait_until_settled(CANARY, replicas.canary, walk.candidate)
    beside = f" + {replicas.stable_during_canary}" if walk.plan.upgrade else ""
    walk.note("canary", f"{replicas.canary}{beside}")


@SUITE.holds("{fewer}/{fewer} stable pods are ready, and of the baseline", when=upgrade)
def stable_is_ready(walk: Walk) -> None:
    replicas = walk.settings.replicas.stable_during_canary
    walk.release.wait_until_settled(STABLE, replicas, walk.baseline)


@SUITE.holds("the Service sends connections to all of them and no other")
def service_selects(walk: Walk) -> None:
    walk.wait_until_connected([CANARY, STABLE] if walk.plan.upgrade else [CANARY])


@SUITE.holds("candidate and baseline answer as different versions", when=tells_versions)
def versions_differ(walk: Walk) -> None:
    expectations.distinct(walk.memory.versions)


@SUITE.holds("both versions answer behind the Service", when=tells_versions)
def both_answer(walk: Walk) -> None:
    walk.memory.sample = walk.sample("baseline", "candidate")
    expectations.both(walk.memory.sample, walk.memory.versions)


@SUITE.holds("the canary's share of connections is its share of replicas", when=tells_versions)
def share_is_fair(walk: Walk) -> None:
    sample = walk.memory.sample or walk.sample("baseline", "candidate")
    replicas = walk.settings.replicas
    total = replicas.canary + replicas.stable_during_canary
    walk.memory.connections = sample.total()
    walk.memory.share = found = expectations.shared(
        sample, walk.memory.versions["candidate"], replicas.canary, total
    )
    walk.note("canary", f"the canary takes {found.text}")


@SUITE.holds("the canary answers {write} and {read} before the migration", when=upgrade)
def canary_works(walk: Walk) -> None:
    walk.write_and_read(walk.pod_api(CANARY))


@SUITE.holds("the baseline answers {write} and {read} beside it", when=upgrade)
def stable_works(walk: Walk) -> None:
    walk.write_and_read(walk.pod_api(STABLE))


@SUITE.holds("no request is lost", when=loaded_upgrade)
def no_request_is_lost(walk: Walk) -> None:
    walk.note("canary", walk.no_request_is_lost("canary"))


@SUITE.holds("every row that was written is there", when=upgrade)
def nothing_is_lost(walk: Walk) -> None:
    walk.find_every_row(walk.api)
