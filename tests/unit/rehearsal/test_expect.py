"""What a team's own tests assert: it holds in a healthy world, and says what was seen where not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fakes import app
from fakes.objects import unready
from fakes.world import NewWorld, World
from fakes.world_settings import LOADED, NO_HEADER
from unit.stages.failing.migration.locks import (
    the_migration_makes_an_index_while_the_app_writes,
)

from pytest_canary.context.outcomes import MigrationOutcome, VerdictOutcome
from pytest_canary.core.errors import CanaryError
from pytest_canary.rehearsal.expect import Expect


def test_everything_holds_in_a_healthy_release(new_world: NewWorld) -> None:
    world = new_world(**LOADED)
    expect = world.enter("canary").rehearsal.expect
    expect.replicas("canary", 1)
    expect.replicas("stable", 2)
    expect.replicas("stable", 2, of="baseline")
    expect.connections("canary", "stable")
    expect.fair_share()
    for title in ("candidate", "baseline"):
        expect.image_on_node(title)
    canary, stable = (world.rehearsal.pod_api(track) for track in ("canary", "stable"))
    expect.write_and_read()
    expect.write_and_read(canary)
    expect.write_and_read_elsewhere(stable, canary)
    expect.every_row()
    expect.every_row(stable)
    expect.other_requests()
    expect.other_requests(canary)
    expect.no_lost_request()
    world.rehearsal.enter("migration")
    expect.migrated_schema()
    expect.nobody_waited()
    world.rehearsal.enter("verdict")
    expect.go()
    assert world.rehearsal.verdict.answer == "go"
    world.rehearsal.enter("stable")
    expect.no_more_lost_requests()
    expect.gone("canary")
    expect.only_version("candidate")
    world.rehearsal.clean_up()
    expect.nothing_left()


def fails(expect: Callable[[Expect], object], world: World) -> str:
    with pytest.raises(CanaryError) as failure:
        expect(world.rehearsal.expect)
    return failure.value.sentence


def test_each_says_what_was_seen(new_world: NewWorld) -> None:
    world = new_world(**LOADED).enter("canary")
    assert "waited 5 s for 3/3 of addressbook-stable" in fails(
        lambda expect: expect.replicas("stable", 3), world
    )
    assert "ready of addressbook:222222222222" in fails(
        lambda expect: expect.replicas("stable", 2, of="candidate"), world
    )
    assert "waited 5 s for addressbook-canary to be gone" in fails(
        lambda expect: expect.gone("canary"), world
    )
    assert "not only version 1 answers: of 300 connections some went to 2" in fails(
        lambda expect: expect.only_version("baseline"), world
    )
    assert "{} gets connections too".format(*world.pods("canary")) in fails(
        lambda expect: expect.connections("stable"), world
    )
    assert "the walk has not come to stage cleanup" in fails(
        lambda expect: expect.nothing_left(), world
    )
    world.app.rows.clear()
    assert "acknowledged writes can't be read back from the Service" in fails(
        lambda expect: expect.every_row(), world
    )
    world.app.faults = [app.refuses_to("PUT")]
    assert "PUT /person of the Service answers with status 500" in fails(
        lambda expect: expect.write_and_read(), world
    )


def test_what_pods_answer_by_themselves_is_told(new_world: NewWorld) -> None:
    world = new_world().enter("canary")
    canary, stable = (world.rehearsal.pod_api(track) for track in ("canary", "stable"))
    world.app.rows.clear()
    assert "acknowledged writes can't be read back from pod addressbook-stable-" in fails(
        lambda expect: expect.every_row(stable), world
    )
    world.app.faults = [app.only("canary", app.fails)]
    assert "PUT /person of pod addressbook-canary-" in fails(
        lambda expect: expect.write_and_read_elsewhere(canary, stable), world
    )
    assert "GET /ready of pod addressbook-canary-" in fails(
        lambda expect: expect.other_requests(canary), world
    )
    world.app.faults = [app.only("stable", app.forgets_what_it_writes)]
    told = fails(lambda expect: expect.write_and_read_elsewhere(canary, stable), world)
    assert told.startswith("what pod addressbook-canary-")
    assert " acknowledged can't be read from pod addressbook-stable-" in told
    world.change_pod("canary", unready)
    assert "no pod of addressbook-canary is ready, so nothing can be asked of one; 1 are " in fails(
        lambda _: world.rehearsal.pod_api("canary"), world
    )


def test_a_share_that_is_not_fair_is_told(new_world: NewWorld) -> None:
    world = new_world().enter("canary")
    world.app.balance = lambda pods, turn: next(
        pod for pod in pods if ("canary" in pod) == (turn % 2 == 0)
    )
    assert fails(lambda expect: expect.fair_share(), world) == (
        "the canary takes 50 % of connections (45 to 55), where 1 of 3 replicas make 33 %; see the "
        "Service's sessionAffinity, and which pods it selects"
    )
    assert world.journal.line("canary") == []


def test_an_image_that_is_not_on_the_node_is_told(new_world: NewWorld) -> None:
    world = new_world()
    world.held.remove("docker.io/library/addressbook:222222222222")
    world.rehearsal.expect.image_on_node("baseline")
    assert "addressbook:222222222222, the candidate's image, is not on canary-" in fails(
        lambda expect: expect.image_on_node("candidate"), world
    )


def test_what_a_migration_has_not_made_is_told(new_world: NewWorld) -> None:
    world = new_world().enter("canary")
    assert fails(lambda expect: expect.migrated_schema(), world) == (
        "the walk has not come to stage migration; enter it first"
    )
    world.enter("migration")
    outcome = world.journal.outcome(MigrationOutcome)
    assert outcome.migrated
    outcome.migrated = replace(outcome.migrated, after=outcome.migrated.before)
    assert "`app migrate` exits with code 0 but leaves out 2 of what it makes on an " in fails(
        lambda expect: expect.migrated_schema(), world
    )
    outcome.migrated = None
    for expected in (Expect.migrated_schema, Expect.nobody_waited):
        assert fails(expected, world) == (
            "the candidate has migrated nothing, so nothing is known of its migration; see "
            "commands.migrate, and the checks of stage migration"
        )


def test_a_migration_that_kept_the_app_waiting_is_told(new_world: NewWorld) -> None:
    world = new_world().before("migration")
    the_migration_makes_an_index_while_the_app_writes(world)
    world.rehearsal.enter("migration")
    assert "the migration keeps the app waiting for 2.9 s, where 2 s are allowed: " in fails(
        lambda expect: expect.nobody_waited(), world
    )


def test_a_verdict_that_is_no_go_is_told(new_world: NewWorld) -> None:
    world = new_world(**LOADED).enter("verdict")
    outcome = world.journal.outcome(VerdictOutcome)
    assert outcome.verdict
    outcome.verdict = replace(outcome.verdict, answer="no-go", sentence="5 % of its requests fail")
    assert fails(lambda expect: expect.go(), world) == "5 % of its requests fail"
    outcome.verdict = None
    assert "there is no verdict" in fails(lambda _: world.rehearsal.verdict, world)
    assert "there is no verdict, which is no go" in fails(lambda expect: expect.go(), world)


def test_without_a_header_the_node_tells_the_version(new_world: NewWorld) -> None:
    world = new_world(**NO_HEADER).enter("canary")
    (pod,) = world.pods("canary")
    assert fails(lambda expect: expect.only_version("baseline"), world) == (
        f"not only pods of the baseline get connections: 100 of 300 went to pod {pod} (100); an "
        "old pod still gets traffic"
    )
    world.rehearsal.enter("stable")
    world.rehearsal.expect.only_version("candidate")
    assert world.rehearsal.sample("candidate") == {"candidate": 300}


def test_lost_requests_are_told(new_world: NewWorld) -> None:
    world = new_world(**LOADED).enter("stable")
    world.app.faults = [app.fails]
    traffic = world.context.app.traffic
    begun = traffic.sent
    world.context.waiter.until("requests", lambda: seen(traffic.sent > begun + 20), timeout=1e6)
    assert " requests were lost" in fails(lambda expect: expect.no_lost_request(), world)
    assert " requests were lost" in fails(lambda expect: expect.no_more_lost_requests(), world)


def seen(done: bool) -> Any:
    from pytest_canary.core.waiting import Seen

    return Seen("", done, None)


def test_a_track_that_runs_neither_version_is_told(new_world: NewWorld) -> None:
    world = new_world().enter("canary")
    world.namespace.edit("Pod", world.pods("canary")[0], unready)
    assert "running, not ready" in fails(lambda expect: expect.replicas("canary", 1), world)
    world.context.release.delete("canary")
    assert fails(lambda expect: expect.replicas("canary", 1), world) == (
        "there is no Deployment addressbook-canary; see `kubectl get deployments`"
    )


def test_what_is_left_is_told(new_world: NewWorld) -> None:
    world = new_world().enter("baseline")
    world.engine.stays.add("a1b2c3")
    world.rehearsal.clean_up()
    assert "left volumes: a1b2c3; `pytest --canary-reap` removes them" in fails(
        lambda expect: expect.nothing_left(), world
    )
