"""The rollback that a failure between canary and stable leads to by itself.

Not a stage of its own: it takes the place of the stage `rollback` in a walk that has failed.
"""

from __future__ import annotations

from pytest_canary.context import expectations
from pytest_canary.core.errors import ReleaseError
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.rehearsal.rehearsal import Walk
from pytest_canary.stages import (
    Suite,
    first,
    loaded_upgrade,
    migrates_live,
    tells_versions,
    upgrade,
)

SUITE = Suite()


@SUITE.holds("the release is rolled back")
def is_rolled_back(walk: Walk) -> None:
    walk.roll_back_by_itself()


@SUITE.holds("the diagnostics were collected before anything was undone")
def diagnostics_came_first(walk: Walk) -> None:
    found = walk.memory.diagnostics
    if found is None:
        raise ReleaseError("no diagnostics were collected before the release was rolled back")
    for what in ("objects", "events", "describe"):
        if not getattr(found, what).strip():
            raise ReleaseError(f"the diagnostics hold no {what} of {walk.settings.name}")


@SUITE.holds("{stable}/{stable} pods are ready, and of the baseline", when=upgrade)
def baseline_is_ready(walk: Walk) -> None:
    replicas = walk.settings.replicas.stable
    walk.release.wait_until_settled(STABLE, replicas, walk.baseline)
    walk.note("rollback", f"rolled back: {replicas}/{replicas} of {walk.version_name('baseline')}")


@SUITE.holds("the canary is deleted")
def canary_is_gone(walk: Walk) -> None:
    walk.release.wait_until_gone(CANARY)


@SUITE.holds("no version is live, as before", when=first)
def nothing_is_live(walk: Walk) -> None:
    if walk.release.exists(STABLE):
        raise ReleaseError(
            f"{walk.release.name(STABLE)} is still there, where nothing was live before; "
            f"see what else deploys into namespace {walk.namespace.name}"
        )
    walk.note("rollback", "rolled back: no version is live, as before")


@SUITE.holds("the Service sends connections to these pods only", when=upgrade)
def service_selects(walk: Walk) -> None:
    walk.wait_until_connected([STABLE])


@SUITE.holds("only the baseline answers behind the Service", when=tells_versions)
def baseline_answers(walk: Walk) -> None:
    expectations.only(walk.sample("baseline"), walk.memory.versions["baseline"])


@SUITE.holds("{write} is acknowledged and {read} has it", when=upgrade)
def api_works(walk: Walk) -> None:
    walk.write_and_read(walk.api)
    walk.note("rollback", "the API answers")
    if migrates_live(walk.plan):
        walk.note("rollback", walk.what_is_left())


@SUITE.holds("no request is lost any more", when=loaded_upgrade)
def no_request_is_lost(walk: Walk) -> None:
    walk.no_request_is_lost_any_more()


@SUITE.holds("every row that was written is there", when=upgrade)
def nothing_is_lost(walk: Walk) -> None:
    walk.find_every_row(walk.api)
    walk.note("rollback", "nothing lost")
