"""Every assertion of every stage holds in a healthy world, and fails in one where it does not."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from fakes import app
from fakes.engine import IMAGES
from fakes.folders import BUNDLED_TEMPLATE
from fakes.pages import restarted
from fakes.world import NewWorld, World
from fakes.world_settings import (
    DELIVERED,
    INIT,
    JOB,
    JOB_BESIDE,
    JOB_FIRST,
    LOADED,
    NO_CANARY,
    NO_HEADER,
    PIPELINES,
    START,
)
from unit.stages.failing import Case, pipelines
from unit.stages.failing.preflight.cases import BROKEN, has

from pytest_canary import stages
from pytest_canary.config.options import STAGES
from pytest_canary.context.outcomes import CanaryOutcome
from pytest_canary.context.stage import Check
from pytest_canary.core.errors import CanaryError, NotApplicable
from pytest_canary.k8s.objects import images
from pytest_canary.preflight import ruleset
from pytest_canary.stages import automatic_rollback, canary, stable

AUTOMATIC = "automatic_rollback"
NO_JOB_CANARY = {"replicas": {"canary": 0}}
SUITES = (*STAGES, AUTOMATIC)
CHECKS = [(stage, check) for stage in SUITES for check in stages.load(stage).checks]
CASES: list[Case] = [
    case for stage in SUITES for case in import_module(f"unit.stages.failing.{stage}").CASES
] + [case for cases in pipelines.CASES.values() for case in cases]
SCENARIOS: dict[str, dict[str, Any]] = {
    "an upgrade by pipelines of Semaphore's": PIPELINES,
    "an upgrade that pipelines of Semaphore's make": DELIVERED,
    "an upgrade that a Job migrates": JOB,
    "an upgrade that a Job migrates first": JOB_FIRST,
    "an upgrade that a Job beside it migrates": JOB_BESIDE,
    "an upgrade that an init container migrates": INIT,
    "an upgrade of an app that migrates as it starts": START,
    "an update without a canary": NO_CANARY,
    "an update without a canary under traffic": NO_CANARY | LOADED,
    "an update without a canary that a Job migrates": JOB | NO_JOB_CANARY,
    "an update without a canary that an init container migrates": INIT | NO_JOB_CANARY | LOADED,
    "an update without a canary of an app that migrates as it starts": START | NO_JOB_CANARY,
    "an update without a canary of an app that tells no version": {
        "api": app.NOTES | {"version-header": ""}
    }
    | NO_CANARY
    | LOADED,
    "an upgrade from a commit": {"revision": True},
    "an upgrade by jobs of GitLab's": {
        "pipeline": {"file": "fixtures/pipelines/services/.gitlab-ci.yml", "run": False}
    },
    "a first release": {"upgrade": False},
    "a first release that an init container migrates": {"upgrade": False} | INIT,
    "a first release of an app that migrates as it starts": {"upgrade": False} | START,
    "a first release that a Job migrates first": {"upgrade": False} | JOB_FIRST,
    "an upgrade under traffic": LOADED,
    "a first release under traffic": {"upgrade": False} | LOADED,
    "an upgrade without a database": {
        "database": {"image": "none"},
        # The bundled manifests, which the world runs, take it from there.
        "findings": {"missing-secret": {"level": "off", "why": "nothing reads it here"}},
    },
    "an upgrade of an app that is no addressbook": {"api": app.NOTES},
    "an upgrade under traffic of an app that tells no version": {"api": app.NOTES} | LOADED,
    "an upgrade of an addressbook that tells no version": NO_HEADER,
}


# Manifests with one thing that works and shouldn't be.
WARNED = [
    path
    for path in sorted(BROKEN.glob("*/*.yml"))
    if ruleset.levels().get(path.stem.split(".")[0]) == "warning"
]


def applying(world: World) -> list[tuple[str, Check]]:
    plan = world.rehearsal.plan
    walked = [stage for stage in SUITES if not stages.load(stage).skips(plan)]
    return [(stage, each) for stage, each in CHECKS if stage in walked and each.when(plan)]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_assertion_holds_in_a_healthy_world(new_world: NewWorld, scenario: str) -> None:
    world = new_world(**SCENARIOS[scenario])
    for stage, check in applying(world):
        if stage != AUTOMATIC:
            world.enter(stage)
            world.rehearsal.check(check, stages.load(stage))
    assert [told for told in world.journal.warnings if told.stage != "preflight"] == []


@pytest.mark.parametrize("failed", [False, True])
def test_deployments_that_select_each_others_pods_are_walked_and_it_is_told(
    new_world: NewWorld, tmp_path: Path, failed: bool
) -> None:
    template = tmp_path / "overlapping.yml"
    both = "      app: addressbook\n      deployment: $deployment\n  strategy"
    assert both in BUNDLED_TEMPLATE.read_text()
    template.write_text(
        BUNDLED_TEMPLATE.read_text().replace(both, "      app: addressbook\n  strategy")
    )
    world = new_world(manifests={"deployment": str(template)}, **LOADED)
    for stage, check in applying(world):
        if failed:
            break
        if stage != AUTOMATIC:
            world.enter(stage)
            world.rehearsal.check(check, stages.load(stage))
    if failed:
        world.enter("canary").fail("canary")
        for each in stages.load(AUTOMATIC).checks_for(world.rehearsal.plan):
            world.rehearsal.check(each, stages.load(AUTOMATIC))
        return
    (told,) = world.journal.warnings
    assert (told.stage, told.finding.code) == ("preflight", "overlapping-selectors")
    assert world.journal.line("preflight")[-1] == "1 warning: overlapping-selectors"


@pytest.mark.parametrize("failed", ["canary", "migration", "stable"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_assertion_holds_after_an_automatic_rollback(
    new_world: NewWorld, scenario: str, failed: str
) -> None:
    world = new_world(**SCENARIOS[scenario])
    world.enter(failed).fail(failed)
    for stage, check in applying(world):
        if stage == AUTOMATIC:
            with contextlib.suppress(NotApplicable):  # no pipeline has failed
                world.rehearsal.check(check, stages.load(stage))


def promoted(world: World) -> set[str]:
    """The images that stable is to run."""
    found = world.namespace.deployment("addressbook-stable")
    assert found
    return images(found["spec"]["template"])


def test_a_canary_that_turns_bad_in_its_promotion_is_followed_by_the_baseline(
    new_world: NewWorld,
) -> None:
    world = new_world(**LOADED).enter("verdict")
    world.change_pod("canary", restarted(1))
    with pytest.raises(CanaryError, match="the canary's containers restarted once, stable's not"):
        world.check("stable", stable.canary_stays_well)
    assert promoted(world) == {IMAGES["candidate"]}
    world.fail("stable")
    world.roll_back()
    assert promoted(world) == {IMAGES["baseline"]}
    for check in (automatic_rollback.baseline_is_ready, automatic_rollback.baseline_answers):
        world.check(AUTOMATIC, check)


def test_every_assertion_applies_to_some_scenario(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied = set()
    for number, table in enumerate(SCENARIOS.values()):
        folder = tmp_path / str(number)
        folder.mkdir()
        world = World(folder, monkeypatch, **table)
        applied |= {check for _, check in applying(world)}
        world.stop()
    assert [each.sentence for _, each in CHECKS if each not in applied] == []


def test_every_assertion_has_a_world_in_which_it_fails() -> None:
    fails = {case.check for case in CASES}
    assert [
        f"{stage}: {each.sentence}" for stage, each in CHECKS if each.function not in fails
    ] == []


def test_no_two_assertions_of_a_stage_share_a_check_or_a_sentence() -> None:
    for name in SUITES:
        checks = stages.load(name).checks
        assert len({each.function for each in checks}) == len(checks)
        assert len({(each.sentence, each.when) for each in checks}) == len(checks)


def test_a_network_that_another_cluster_has_moved_into_is_not_left(new_world: NewWorld) -> None:
    world = new_world()
    world.engine.neighbours.add("someone-elses-control-plane")
    cleanup = stages.load("cleanup")
    for check in cleanup.checks:
        world.rehearsal.check(check, cleanup)
    assert world.engine.networks("kind")


def ends(world: World) -> dict[str, str]:
    """What each check of the cleanup that does not hold says, by what it asserts."""
    cleanup, told = stages.load("cleanup"), {}
    for check in cleanup.checks:
        try:
            world.rehearsal.check(check, cleanup)
        except CanaryError as error:
            told[check.sentence] = error.sentence
    return told


def test_after_a_cleanup_that_fails_each_check_tells_what_is_left_of_its_kind(
    new_world: NewWorld,
) -> None:
    world = new_world().enter("baseline")
    world.engine.refuses = "container 0123456789ab can't be removed: permission denied"
    run, reap = world.run.id, "; `pytest --canary-reap` removes them"
    told = ends(world)
    objects = told.pop("no Deployment, Pod, Service or Secret is left")
    assert objects.startswith(f"run {run} left objects: Deployment db, ")
    assert told == {
        "everything that the run made is deleted": (
            f"run {run} could not be cleaned up; `pytest --canary-reap` tries again"
        ),
        "no container is left": f"run {run} left containers: canary-{run}-control-plane{reap}",
        "no volume is left": f"run {run} left volumes: a1b2c3{reap}",
        "no network is left": f"run {run} left networks: kind{reap}",
        "no temporary file is left": f"run {run} left files: {world.run.folder}{reap}",
    }
    assert "cleanup" not in world.journal.notes


def test_where_nobody_knows_what_is_left_each_check_of_the_cleanup_says_why(
    new_world: NewWorld,
) -> None:
    world = new_world().enter("baseline")
    world.engine.away = "the engine does not answer"
    told = ends(world)
    assert len(told) == len(stages.load("cleanup").checks)
    assert set(told.values()) == {
        f"run {world.run.id} could not be cleaned up; `pytest --canary-reap` tries again"
    }


def test_what_a_run_makes_is_noted_with_the_engine_that_has_it(world: World) -> None:
    record = world.run.record
    assert (record.engine, record.endpoint) == ("engine-1", "unix:///var/run/docker.sock")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_assertion_fails(new_world: NewWorld, case: Case) -> None:
    world = new_world(upgrade=not case.first, **case.table)
    stage = stages.load(case.stage)
    applies = stage.checks_for(world.rehearsal.plan)
    check = next(each for each in applies if each.function is case.check)
    if case.before:
        world.before(case.stage if case.before is True else case.before)
    else:
        world.enter(case.stage)
        if case.passes_first:
            world.rehearsal.check(check, stage)
    names = world.names
    case.sabotage(world)
    names |= world.names

    with pytest.raises(CanaryError) as failure:
        world.rehearsal.check(check, stage)

    names |= world.names
    sentence, evidence = failure.value.sentence, failure.value.evidence
    for words in case.words:
        assert words.format(**names) in sentence
    for words in case.evidence:
        assert words.format(**names) in evidence
    assert "\n" not in sentence


NOT_TOLD = "not told: which version answers, and the canary's share of connections, as "


def test_an_app_without_a_header_is_told_what_nobody_can_tell(new_world: NewWorld) -> None:
    """In somebody else's cluster, whose nodes count for nobody."""
    world = new_world(**NO_HEADER)
    world.enter("canary")
    plan = world.rehearsal.plan
    theirs = replace(plan, options=replace(plan.options, context="theirs"))
    world.context.plan = theirs
    world.check("canary", canary.service_selects)
    assert world.journal.notes["canary"] == [f"{NOT_TOLD}no api.version-header is set"]
    counted = {canary.both_answer, canary.share_is_fair, stable.candidate_answers}
    assert counted < {each.function for _, each in CHECKS if each.when(plan)}
    assert not counted & {each.function for _, each in CHECKS if each.when(theirs)}


def test_without_a_header_the_node_counts(new_world: NewWorld) -> None:
    world = new_world(**NO_HEADER)
    world.enter("canary")
    for check in (canary.service_selects, canary.both_answer, canary.share_is_fair):
        world.check("canary", check)
    outcome = world.journal.outcome(CanaryOutcome)
    assert outcome.sample == {"baseline": 200, "candidate": 100}
    assert outcome.connections == 300
    assert outcome.share
    assert world.journal.notes["canary"] == [
        "the canary takes 33 % of connections (25 to 43): 100 of 300 went to canary pods"
    ]


def test_an_addressbook_that_sends_no_header_is_one_without(new_world: NewWorld) -> None:
    """Where nobody has said that it sends one."""
    world = new_world(**LOADED)
    world.app.faults = [app.tells_no_version]
    for stage in ("baseline", "canary", "migration", "verdict", "stable", "rollback"):
        world.enter(stage)
        for each in stages.load(stage).checks_for(world.rehearsal.plan):
            with contextlib.suppress(NotApplicable):
                world.rehearsal.check(each, stages.load(stage))
    assert world.journal.versions == {}
    assert " went to canary pods" in "; ".join(world.journal.notes["canary"])
    assert any(note.startswith("go: ") for note in world.journal.notes["verdict"])
    with pytest.raises(NotApplicable, match=r"^no answer has the header X-Release$"):
        world.check("canary", canary.versions_differ)


def test_in_somebody_elses_cluster_that_is_told(new_world: NewWorld) -> None:
    world = new_world()
    world.app.faults = [app.tells_no_version]
    world.enter("canary")
    world.context.provisioned = replace(world.context.provisioned, cluster=None)
    why = "nobody can tell who gets the Service's connections: no answer has the header X-Release"
    for check in (canary.both_answer, canary.share_is_fair):
        with pytest.raises(NotApplicable) as reason:
            world.check("canary", check)
        assert str(reason.value) == why
    assert world.journal.notes["canary"] == [f"{NOT_TOLD}{why}"]


def test_a_node_that_can_not_count_is_told(new_world: NewWorld) -> None:
    world = new_world(**NO_HEADER)
    world.enter("canary")
    world.network.listed = lambda _: {}
    why = (
        "nobody can tell who gets the Service's connections: the node has 0 in its table where 20 "
        "were made, and no api.version-header is set"
    )
    with pytest.raises(NotApplicable) as reason:
        world.check("canary", canary.both_answer)
    assert str(reason.value) == why
    with pytest.raises(NotApplicable):
        world.check("canary", canary.share_is_fair)
    assert world.journal.notes["canary"] == [f"{NOT_TOLD}{why}"]


@pytest.mark.parametrize("check", [canary.both_answer, canary.share_is_fair])
def test_shares_are_not_counted_where_a_client_always_gets_the_same_pod(
    new_world: NewWorld, check: Callable[..., None]
) -> None:
    world = new_world()
    world.enter("canary")
    world.namespace.edit(
        "Service", "addressbook-lb", lambda it: it["spec"].update(sessionAffinity="ClientIP")
    )
    with pytest.raises(NotApplicable, match=r"^the Service sends a client to the same pod every "):
        world.check("canary", check)


@pytest.mark.parametrize("path", WARNED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_works_in_kubernetes_fails_nothing_and_is_told(
    new_world: NewWorld, path: Path
) -> None:
    rule, table = path.stem.split(".")[0], JOB if path.parent.name == "job" else {}
    world = new_world(empty=True, **table)
    has(f"{path.parent.name}/{path.stem}")(world)
    stage = stages.load("preflight")
    for check in stage.checks_for(world.rehearsal.plan):
        world.rehearsal.check(check, stage)
    assert [each.finding.code for each in world.journal.warnings] == [rule]
    assert world.journal.line("preflight")[-1] == f"1 warning: {rule}"


def test_what_the_plan_and_the_versions_tell_is_on_their_stages_lines(new_world: NewWorld) -> None:
    world = new_world(empty=True)
    world.begin_again(replace(world.rehearsal.plan, notes=("the plan's",)))
    for stage in ("preflight", "cluster"):
        world.rehearsal.enter(stage)
        if stage == "cluster":
            world.context.provisioned.notes.append("the versions'")
        found = stages.load(stage)
        world.rehearsal.check(found.checks[0], found)
    assert world.journal.notes["preflight"][-1] == "the plan's"
    assert world.journal.notes["cluster"][-1] == "the versions'"
