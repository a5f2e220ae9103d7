"""Every assertion of every stage holds in a healthy world, and fails in one where it does not."""

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from fakes.world import LOADED, NOTES, World
from unit.stages.failing import Case

from pytest_canary import stages
from pytest_canary.config.options import STAGES
from pytest_canary.core.errors import CanaryError
from pytest_canary.stages import Assertion

AUTOMATIC = "automatic_rollback"
SUITES = (*STAGES, AUTOMATIC)
ASSERTIONS = [(stage, assertion) for stage in SUITES for assertion in stages.suite(stage)]
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
        "preflight": {"silenced": {"missing-secret": "nothing reads it here"}},
    },
    "an upgrade of an app that is no addressbook": {"api": NOTES},
}

NewWorld = Callable[..., World]


@pytest.fixture
def new_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NewWorld]:
    """Make a healthy world."""
    made: list[World] = []

    def make(**table: Any) -> World:
        made.append(World(tmp_path, monkeypatch, **table))
        return made[-1]

    yield make
    for world in made:
        world.stop()


def applying(world: World) -> list[tuple[str, Assertion]]:
    return [(stage, each) for stage, each in ASSERTIONS if each.when(world.walk.plan)]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_assertion_holds_in_a_healthy_world(new_world: NewWorld, scenario: str) -> None:
    world = new_world(**SCENARIOS[scenario])
    for stage, assertion in applying(world):
        if stage != AUTOMATIC:
            world.enter(stage)
            assertion.check(world.walk)


@pytest.mark.parametrize("failed", ["canary", "migration", "stable"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_assertion_holds_after_an_automatic_rollback(
    new_world: NewWorld, scenario: str, failed: str
) -> None:
    world = new_world(**SCENARIOS[scenario])
    world.enter(failed).fail(failed)
    for stage, assertion in applying(world):
        if stage == AUTOMATIC:
            assertion.check(world.walk)


def test_every_assertion_applies_to_some_scenario(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied = set()
    for number, table in enumerate(SCENARIOS.values()):
        folder = tmp_path / str(number)
        folder.mkdir()
        world = World(folder, monkeypatch, **table)
        applied |= {assertion.check for _, assertion in applying(world)}
        world.stop()
    assert [a.sentence for _, a in ASSERTIONS if a.check not in applied] == []


def test_every_assertion_has_a_world_in_which_it_fails() -> None:
    fails = {case.check for case in CASES}
    assert [f"{stage}: {a.sentence}" for stage, a in ASSERTIONS if a.check not in fails] == []


def test_no_two_assertions_of_a_stage_share_a_check_or_a_sentence() -> None:
    for stage in SUITES:
        suite = stages.suite(stage)
        assert len({each.check for each in suite}) == len(suite)
        assert len({(each.sentence, each.when) for each in suite}) == len(suite)


def test_a_network_that_another_cluster_has_moved_into_is_not_left(new_world: NewWorld) -> None:
    world = new_world()
    world.engine.neighbours.add("someone-elses-control-plane")
    for assertion in stages.suite("cleanup"):
        assertion.check(world.walk)
    assert "kind" in world.engine.networks


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_assertion_fails(new_world: NewWorld, case: Case) -> None:
    world = new_world(upgrade=not case.first, **case.table)
    suite = [each for stage, each in applying(world) if stage == case.stage]
    assertion = next(each for each in suite if each.check is case.check)
    if case.before:
        world.before(case.stage)
    else:
        world.enter(case.stage)
        if case.passes_first:
            assertion.check(world.walk)
    names = world.names
    case.sabotage(world)
    # The first of a stage makes its transition itself, and tells when that fails.
    if assertion is not suite[0]:
        (world if case.stage == AUTOMATIC else world.walk).enter(case.stage)
    names |= world.names

    with pytest.raises(CanaryError) as failure:
        assertion.check(world.walk)

    names |= world.names
    sentence, evidence = failure.value.sentence, failure.value.evidence
    for words in case.words:
        assert words.format(**names) in sentence
    for words in case.evidence:
        assert words.format(**names) in evidence
    assert "\n" not in sentence
