"""Every assertion of every stage holds in a healthy world, and fails in one where it does not."""

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from fakes.world import LOADED, NOTES, ROOT, NewWorld, World
from unit.stages.failing import Case
from unit.stages.failing.preflight import BROKEN, has

from pytest_canary import stages
from pytest_canary.config.options import STAGES
from pytest_canary.context.stage import Check
from pytest_canary.core.errors import CanaryError, NotApplicable
from pytest_canary.preflight import ruleset
from pytest_canary.stages import canary

AUTOMATIC = "automatic_rollback"
SUITES = (*STAGES, AUTOMATIC)
CHECKS = [(stage, check) for stage in SUITES for check in stages.load(stage).checks]
CASES: list[Case] = [
    case for stage in SUITES for case in import_module(f"unit.stages.failing.{stage}").CASES
]
SCENARIOS: dict[str, dict[str, Any]] = {
    "an upgrade": {},
    "a first release": {"upgrade": False},
    "an upgrade under traffic": LOADED,
    "a first release under traffic": {"upgrade": False} | LOADED,
    "an upgrade without a database": {
        "database": {"image": "none"},
        # The bundled manifests, which the world runs, take it from there.
        "findings": {"missing-secret": {"level": "off", "why": "nothing reads it here"}},
    },
    "an upgrade of an app that is no addressbook": {"api": NOTES},
    "an upgrade under traffic of an app that tells no version": {"api": NOTES} | LOADED,
    "an upgrade of an addressbook that tells no version": {"api": {"version-header": ""}},
}


# Manifests with one thing that works and shouldn't be.
WARNED = [
    path
    for path in sorted(BROKEN.glob("*/*.yml"))
    if ruleset.levels().get(path.stem.split(".")[0]) == "warning"
]


def applying(world: World) -> list[tuple[str, Check]]:
    return [(stage, each) for stage, each in CHECKS if each.when(world.rehearsal.plan)]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_assertion_holds_in_a_healthy_world(new_world: NewWorld, scenario: str) -> None:
    world = new_world(**SCENARIOS[scenario])
    for stage, check in applying(world):
        if stage != AUTOMATIC:
            world.enter(stage)
            world.rehearsal.check(check, stages.load(stage))


@pytest.mark.parametrize("failed", [False, True])
def test_deployments_that_select_each_others_pods_are_walked_and_it_is_told(
    new_world: NewWorld, tmp_path: Path, failed: bool
) -> None:
    template = tmp_path / "overlapping.yml"
    bundled = ROOT / "manifests" / "deployment.yml"
    both = "      app: addressbook\n      deployment: $deployment\n  strategy"
    assert both in bundled.read_text()
    template.write_text(bundled.read_text().replace(both, "      app: addressbook\n  strategy"))
    world = new_world(manifests={"deployment": str(template)}, **LOADED)
    for stage, check in applying(world):
        if failed:
            break
        if stage != AUTOMATIC:
            world.enter(stage)
            world.rehearsal.check(check, stages.load(stage))
    if failed:
        world.enter("canary").fail("canary")
        for each in stages.load(AUTOMATIC).applying(world.rehearsal.plan):
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
            world.rehearsal.check(check, stages.load(stage))


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


def test_what_a_run_makes_is_noted_with_the_engine_that_has_it(world: World) -> None:
    record = world.run.record
    assert (record.engine, record.endpoint) == ("engine-1", "unix:///var/run/docker.sock")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_assertion_fails(new_world: NewWorld, case: Case) -> None:
    world = new_world(upgrade=not case.first, **case.table)
    stage = stages.load(case.stage)
    applies = stage.applying(world.rehearsal.plan)
    check = next(each for each in applies if each.function is case.check)
    if case.before:
        world.before(case.stage)
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


def test_an_app_without_a_header_is_told_what_nobody_can_tell(new_world: NewWorld) -> None:
    world = new_world(api={"version-header": ""})
    world.enter("canary")
    world.check("canary", canary.service_selects)
    assert world.journal.notes["canary"] == [
        "not told: which version answers, and the canary's share of connections, as no "
        "api.version-header is set"
    ]


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
    world, rule = new_world(empty=True), path.stem.split(".")[0]
    has(f"{path.parent.name}/{path.stem}")(world)
    stage = stages.load("preflight")
    for check in stage.applying(world.rehearsal.plan):
        world.rehearsal.check(check, stage)
    assert [each.finding.code for each in world.journal.warnings] == [rule]
    assert world.journal.line("preflight")[-1] == f"1 warning: {rule}"


def test_what_the_plan_and_the_versions_tell_is_on_their_stages_lines(new_world: NewWorld) -> None:
    world = new_world(empty=True)
    world.run.release()
    world.begin(replace(world.rehearsal.plan, notes=("the plan's",)))
    for stage in ("preflight", "cluster"):
        world.rehearsal.enter(stage)
        if stage == "cluster":
            world.context.provisioned.notes.append("the versions'")
        found = stages.load(stage)
        world.rehearsal.check(found.checks[0], found)
    assert world.journal.notes["preflight"][-1] == "the plan's"
    assert world.journal.notes["cluster"][-1] == "the versions'"
