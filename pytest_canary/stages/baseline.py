"""The baseline: the version that is live today, as its users have it."""

from __future__ import annotations

from pytest_canary.context import expectations
from pytest_canary.core.errors import ReleaseError
from pytest_canary.rehearsal.rehearsal import Walk
from pytest_canary.release.release import STABLE
from pytest_canary.stages import Suite, first, migrates_live, upgrade

SUITE = Suite()


@SUITE.holds("the Service is there, and no version is live", when=first)
def nothing_is_live(walk: Walk) -> None:
    walk.enter("baseline")
    services = [service["metadata"]["name"] for service in walk.namespace.objects("Service")]
    if walk.settings.service_name not in services:
        raise ReleaseError(
            f"{walk.settings.files.service.name} is applied, but there is no Service "
            f"{walk.settings.service_name}; see its metadata.name"
        )
    live = [track for track in ("canary", "stable") if walk.release.exists(track)]
    if live:
        raise ReleaseError(
            f"{walk.release.name(live[0])} is there before anything was released; "
            f"see what else deploys into namespace {walk.namespace.name}"
        )


@SUITE.holds("{name}-stable is deployed and migrated", when=upgrade)
def is_deployed(walk: Walk) -> None:
    walk.enter("baseline")


@SUITE.holds("{stable}/{stable} pods are ready, and of the baseline", when=upgrade)
def is_ready(walk: Walk) -> None:
    replicas = walk.settings.replicas.stable
    walk.release.wait_until_settled(STABLE, replicas, walk.baseline)
    walk.note("baseline", f"{replicas}/{replicas} of {walk.version_name('baseline')}")


@SUITE.holds("ping and migrate succeed", when=migrates_live)
def commands_succeed(walk: Walk) -> None:
    done = walk.memory.migrations["baseline"]
    expectations.succeeded(done.ping)
    expectations.succeeded(done.migrate)


@SUITE.holds("migrate made the schema", when=migrates_live)
def schema_is_made(walk: Walk) -> None:
    expectations.migrated(walk.memory.migrations["baseline"])


@SUITE.holds("the Service sends connections to these pods only", when=upgrade)
def service_selects(walk: Walk) -> None:
    walk.wait_until_connected([STABLE])


@SUITE.holds("{write} is acknowledged and {read} has it", when=upgrade)
def api_works(walk: Walk) -> None:
    walk.write_and_read(walk.api)
    walk.write_and_read(walk.api)


@SUITE.holds(
    "the other requests answer as promised", when=lambda plan: plan.upgrade and plan.checks
)
def other_requests(walk: Walk) -> None:
    walk.other_requests(walk.api)
