"""In the end the stable pipeline is promoted again for the last good version, where it can be."""

import re
from pathlib import Path

import pytest
from fakes.engine import IMAGES
from fakes.repository import into_git
from fakes.world import World
from unit.delivery.conftest import HEAD, PIPELINES, ROLLBACK, STABLE, Delivering, canary_pod, roles

from pytest_canary.core.processes import Processes
from pytest_canary.delivery.last_good import last_good
from pytest_canary.delivery.semaphore_pipelines import SemaphorePipelines
from pytest_canary.jobs.environment import Workflow
from pytest_canary.pipelines.roles import find_roles
from pytest_canary.pipelines.workflow import read_workflow
from pytest_canary.stages import rollback


def rolled_back(world: World, tmp_path: Path) -> World:
    """Come to the end of the rollback."""
    world.enter("canary")
    canary_pod(world, tmp_path)
    world.enter("rollback")
    stage = world.rehearsal.load("rollback")
    for check in stage.checks:
        if check.function in (rollback.promote_last_good, rollback.baseline_is_ready):
            world.rehearsal.check(check, stage)
    return world


def line(world: World, stage: str) -> str:
    return "; ".join(world.journal.line(stage))


def test_the_stable_pipeline_is_run_for_the_last_good_versions_workflow(
    delivering: Delivering, tmp_path: Path
) -> None:
    world = rolled_back(delivering(), tmp_path)
    assert roles(world)[3:] == ["rollback", "stable"]
    live, candidate = world.context.baseline.image, world.context.candidate.image
    pattern = r"(\w+/shop):[0-9a-f-]{36}"
    assert re.fullmatch(pattern, live)
    assert live.partition(":")[0] == candidate.partition(":")[0]
    assert live != candidate
    assert live in str(world.namespace.deployment("addressbook-stable"))
    assert live in world.run.record.images
    told = "the last good image promoted again by .semaphore/stable.yml"
    assert told in line(world, "rollback")
    assert "deployed by the rehearsal, not by a pipeline" in line(world, "baseline")


def test_where_a_name_tells_no_workflow_the_rehearsal_promotes_it_and_says_so(
    delivering: Delivering, tmp_path: Path
) -> None:
    fixed = STABLE.replace(
        "- ./apply.sh",
        "- docker tag $IMAGE u/shop:live\n            - docker push u/shop:live\n"
        "            - ./apply.sh",
    ).replace("addressbook-stable 3 $IMAGE", "addressbook-stable 3 u/shop:live")
    world = rolled_back(delivering(stable=fixed), tmp_path)
    assert roles(world)[3:] == ["rollback"]
    assert world.context.baseline.image == IMAGES["baseline"]
    told = "promoted again by the rehearsal, as u/shop:live tells no workflow"
    assert told in line(world, "rollback")


def test_a_pipeline_that_needs_a_canary_is_told_and_the_version_is_live_again(
    delivering: Delivering, tmp_path: Path
) -> None:
    needs = STABLE.replace(
        "- kubectl delete", f"- test -e {tmp_path}/there\n            - kubectl delete"
    )
    (tmp_path / "there").touch()
    gone = ROLLBACK.replace(
        "- kubectl delete", f"- rm {tmp_path}/there\n            - kubectl delete"
    )
    world = rolled_back(
        delivering(stable=needs, rollback=gone, named={"allowed": ["test"]}), tmp_path
    )
    (told,) = world.journal.warnings
    assert told.finding.code == "unrepeatable-promotion"
    assert told.finding.sentence == (
        "for the last good version, once there is no canary, the stable pipeline does not pass: "
        f"block Deploy, job Deploy: `test -e {tmp_path}/there` exits with code 1"
    )
    assert IMAGES["baseline"] in str(world.namespace.deployment("addressbook-stable"))
    assert "promoted again by the rehearsal" in line(world, "rollback")


def test_a_pipeline_that_was_another_then_is_not_run(tmp_path: Path) -> None:
    for name, text in PIPELINES.items():
        (tmp_path / f"{name}.yml").write_text(HEAD.format(name=name) + text)

    commit = into_git(tmp_path)
    found = find_roles(read_workflow(tmp_path / "semaphore.yml", tmp_path), {})
    pipelines = SemaphorePipelines(found, tmp_path, (), Processes())
    assert pipelines.why_once("stable", commit) == pipelines.why_once("stable", "") == ""
    with (tmp_path / "stable.yml").open("a") as file:
        file.write("# another\n")
    told = f"stable.yml was another in commit {commit[:12]}"
    assert pipelines.why_once("stable", commit) == told


SHA, OTHER = "1234567890abcdef" * 2 + "12345678", "fedcba0987654321" * 2 + "fedcba09"


@pytest.mark.parametrize(
    ("name", "then"),
    [
        (f"shop:{SHA}", f"shop:{OTHER}"),
        (f"shop:{SHA[:7]}-slim", f"shop:{OTHER[:7]}-slim"),
        ("shop:latest", None),
    ],
)
def test_a_name_may_have_the_commit_in_it(name: str, then: str | None) -> None:
    now = Workflow("6f8a1c7e-0000", "", "shop", "https://git.invalid/shop", SHA)
    assert last_good(now, [name], OTHER).names.get(name) == then
    # Of an image nobody knows the commit.
    assert last_good(now, [name], "").names == {}
