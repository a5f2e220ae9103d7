"""The rollback, both ways: from a canary, and from a promotion that was a mistake."""

from __future__ import annotations

from pytest_canary.config.plan import Plan
from pytest_canary.context import expectations
from pytest_canary.core.errors import ReleaseError
from pytest_canary.database.lock_findings import patient
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.rehearsal.rehearsal import Walk
from pytest_canary.stages import Suite, loaded, migrates_live, tells_versions, upgrade

SUITE = Suite()


def goes_down(plan: Plan) -> bool:
    """Applies where an upgrade's migration can be taken back."""
    return migrates_live(plan) and bool(plan.settings.commands.down)


@SUITE.holds("a canary is deployed again and rolled back")
def is_rolled_back(walk: Walk) -> None:
    walk.enter("rollback")


@SUITE.holds("the diagnostics were collected before it was deleted")
def diagnostics_are_there(walk: Walk) -> None:
    found = walk.memory.diagnostics
    canary = walk.release.name(CANARY)
    if found is None:
        raise ReleaseError("no diagnostics were collected")
    for what in ("objects", "events", "describe"):
        if canary not in getattr(found, what):
            raise ReleaseError(f"the diagnostics' {what} do not tell of {canary}")
    if not any(name.startswith(f"{canary}-") and text for name, text in found.logs.items()):
        raise ReleaseError(f"the diagnostics hold no log of {canary}")


@SUITE.holds("{name}-stable is back at {stable}/{stable}")
def stable_is_back(walk: Walk) -> None:
    walk.release.wait_until_settled(STABLE, walk.settings.replicas.stable, walk.candidate)


@SUITE.holds("the canary is deleted")
def canary_is_gone(walk: Walk) -> None:
    walk.release.wait_until_gone(CANARY)


@SUITE.holds("{write} is acknowledged and {read} has it")
def api_works(walk: Walk) -> None:
    walk.write_and_read(walk.api)


@SUITE.holds("every row that was written is there")
def nothing_is_lost(walk: Walk) -> None:
    walk.find_every_row(walk.api)


@SUITE.holds("the last good image is promoted again", when=upgrade)
def last_good_is_promoted(walk: Walk) -> None:
    walk.promote_last_good()


@SUITE.holds("{stable}/{stable} pods are ready, and of the baseline", when=upgrade)
def baseline_is_ready(walk: Walk) -> None:
    replicas = walk.settings.replicas.stable
    walk.promote_last_good()
    walk.release.wait_until_settled(STABLE, replicas, walk.baseline)
    walk.note("rollback", f"{replicas}/{replicas} of {walk.version_name('baseline')}")


@SUITE.holds("only the baseline answers behind the Service", when=tells_versions)
def baseline_answers(walk: Walk) -> None:
    walk.promote_last_good()
    walk.wait_until_connected([STABLE])
    expectations.only(walk.sample("baseline"), walk.memory.versions["baseline"])


@SUITE.holds("the baseline answers {write} and {read} on the migrated schema", when=upgrade)
def baseline_works(walk: Walk) -> None:
    walk.promote_last_good()
    walk.write_and_read(walk.api)
    if migrates_live(walk.plan):
        walk.note("rollback", walk.what_is_left())


@SUITE.holds("no request is lost on the way back", when=loaded)
def no_request_is_lost(walk: Walk) -> None:
    if walk.plan.upgrade:
        walk.promote_last_good()
    walk.note("rollback", walk.no_request_is_lost("rollback"))


@SUITE.holds("the baseline reads every row that was ever written", when=upgrade)
def baseline_reads_all(walk: Walk) -> None:
    walk.promote_last_good()
    walk.find_every_row(walk.api)


@SUITE.holds("the down-migration exits with 0", when=goes_down)
def down_succeeds(walk: Walk) -> None:
    walk.take_down()
    expectations.succeeded(walk.memory.migrations["down"].migrate, "DownFails")
    walk.note("rollback", f"then down: {walk.memory.migrations['down'].counts or 'no change'}")


@SUITE.holds("the schema is the one from before the migration again", when=goes_down)
def schema_is_back(walk: Walk) -> None:
    walk.take_down()
    expectations.taken_down(walk.memory.migrations["down"], walk.memory.migrations["candidate"])


@SUITE.holds("the down-migration kept nobody waiting longer than {limit} s", when=goes_down)
def nobody_waited(walk: Walk) -> None:
    walk.take_down()
    patient(walk.memory.migrations["down"].locks, walk.settings.database.lock_limit)


@SUITE.holds("the baseline answers {write} and {read} on the schema of before", when=goes_down)
def baseline_works_after_it(walk: Walk) -> None:
    walk.take_down()
    walk.write_and_read(walk.api)


@SUITE.holds("the baseline reads every row after the down-migration", when=goes_down)
def nothing_is_lost_by_it(walk: Walk) -> None:
    walk.take_down()
    walk.find_every_row(walk.api)
