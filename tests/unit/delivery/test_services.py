"""The jobs of one file of GitHub's or GitLab's make the transitions, each in its time."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fakes.errors import raised
from fakes.world import World
from unit.delivery.conftest import Delivering, canary_pod, roles

from pytest_canary.core.errors import FoundError, NotApplicable, SettingsError
from pytest_canary.stages import automatic_rollback, migration

GITHUB = """
name: Release
on: push
env:
  IMAGE: shop:${{ github.run_id }}
jobs:
  build:
    runs-on: ubuntu-latest
    outputs: {name: "${{ steps.it.outputs.name }}"}
    steps:
      - uses: actions/checkout@v4
      - run: docker build -t "$IMAGE" .
      - run: docker push "$IMAGE"
      - id: it
        run: echo "name=$IMAGE" >>"$GITHUB_OUTPUT"
  canary:
    needs: build
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: azure/k8s-set-context@v4
      - run: kubectl apply -f manifests/service.yml
      - env: {NAME: "${{ needs.build.outputs.name }}"}
        run: ./apply.sh manifests/deployment.yml addressbook-canary 1 "$NAME"
      - run: kubectl scale --replicas=2 deployment/addressbook-stable
  migration:
    needs: canary
    runs-on: ubuntu-latest
    steps:
      - uses: azure/k8s-set-context@v4
      - run: kubectl exec deploy/addressbook-canary -- app ping
      - run: kubectl exec deploy/addressbook-canary -- app migrate
  stable:
    needs: [build, migration]
    runs-on: ubuntu-latest
    environment: production
    steps:
      - uses: actions/checkout@v4
      - uses: azure/k8s-set-context@v4
      - env: {NAME: "${{ needs.build.outputs.name }}"}
        run: ./apply.sh manifests/deployment.yml addressbook-stable 3 "$NAME"
      - run: kubectl delete deployment/addressbook-canary
  rollback:
    needs: [canary, migration, stable]
    if: failure()
    runs-on: ubuntu-latest
    steps:
      - uses: azure/k8s-set-context@v4
      - run: kubectl scale --replicas=3 deployment/addressbook-stable
      - run: kubectl delete deployment/addressbook-canary
"""
GITLAB = """
stages: [build, canary, migration, stable, rollback]
variables:
  IMAGE: shop:$CI_PIPELINE_ID
build:
  stage: build
  script:
    - docker build -t "$IMAGE" .
    - docker push "$IMAGE"
canary:
  stage: canary
  script:
    - kubectl apply -f manifests/service.yml
    - ./apply.sh manifests/deployment.yml addressbook-canary 1 "$IMAGE"
    - kubectl scale --replicas=2 deployment/addressbook-stable
migration:
  stage: migration
  script:
    - kubectl exec deploy/addressbook-canary -- app ping
    - kubectl exec deploy/addressbook-canary -- app migrate
stable:
  stage: stable
  when: manual
  script:
    - ./apply.sh manifests/deployment.yml addressbook-stable 3 "$IMAGE"
    - kubectl delete deployment/addressbook-canary
rollback:
  stage: rollback
  when: on_failure
  script:
    - kubectl scale --replicas=3 deployment/addressbook-stable
    - kubectl delete deployment/addressbook-canary
"""
FILES = {".github/workflows/release.yml": GITHUB, ".gitlab-ci.yml": GITLAB}

each_file = pytest.mark.parametrize("file", FILES)


def jobs(world: World) -> list[list[str]]:
    return [[block.name for block in each.result.blocks] for each in world.journal.pipelines]


def released(
    delivering: Delivering, file: str, *changes: tuple[str, str], **begin: list[str]
) -> World:
    """A world that the file releases, with some of its pieces others."""
    text = FILES[file]
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    kube = {"variables": ["DOCKER_USERNAME"], "files": ["~/.kube/config", "KUBECONFIG"]}
    return delivering(own=(file, text), named={"secrets": {"kube": kube}, "roles": begin})


@each_file
def test_each_part_makes_its_transition(delivering: Delivering, tmp_path: Path, file: str) -> None:
    world = released(delivering, file)
    world.enter("canary")
    # It stands still before it migrates; what a job of an earlier part hands on is known.
    assert re.fullmatch(r"shop:[0-9a-f-]+", world.context.candidate.image)
    assert (len(world.pods("canary")), len(world.pods("stable"))) == (1, 2)
    assert roles(world) == ["build"]
    canary_pod(world, tmp_path)

    world.enter("migration")
    assert world.journal.migrations["candidate"].migrate.code == 0
    world.check("migration", migration.pipeline_passes)

    world.enter("stable")
    assert (world.pods("canary"), len(world.pods("stable"))) == ([], 3)

    # Nothing has failed; the jobs that take back see the canary failed all the same.
    world.enter("rollback")
    assert roles(world) == ["build", "canary", "stable", "rollback"]
    assert jobs(world) == [["build"], ["canary", "migration"], ["stable"], ["rollback"]]
    assert world.journal.pipelines[-1].file == file
    assert world.pods("canary") == []


@each_file
@pytest.mark.parametrize("by_hand", [False, True])
def test_a_job_that_fails_leads_to_the_rollback_that_the_file_has(
    delivering: Delivering, file: str, by_hand: bool
) -> None:
    start = {"failure()": "always() && github.ref == 'refs/heads/nowhere'", "on_failure": "manual"}
    changes = [each for each in start.items() if by_hand and each[0] in FILES[file]]
    world = released(delivering, file, ("kubectl scale --replicas=2", "false"), *changes)
    error = raised(lambda: world.enter("canary"))
    assert isinstance(error, FoundError)
    assert error.sentence.startswith("the canary pipeline does not pass: block canary, job canary")
    failed = world.journal.pipelines[-1]
    assert failed.starts_rollback is not by_hand
    world.fail("canary")
    if by_hand and "github" in file:
        # Its condition holds neither by itself nor for who runs it.
        assert raised(world.roll_back).sentence == (
            "the rollback pipeline runs no job: of rollback, the conditions don't hold here"
        )
        return
    world.roll_back()
    assert roles(world) == ["build", "canary", "rollback"]
    assert (world.pods("canary"), len(world.pods("stable"))) == ([], 3)
    world.check("automatic_rollback", automatic_rollback.rollback_starts_by_itself)
    told = [each.finding for each in world.journal.warnings]
    assert [each.code for each in told] == ["manual-rollback"] * by_hand
    assert [each.next for each in told] == [
        "give the job that takes back `when: on_failure`"
    ] * by_hand


@each_file
def test_a_promotion_that_fails_leaves_the_baseline_to_be_put_back(
    delivering: Delivering, tmp_path: Path, file: str
) -> None:
    world = released(delivering, file, ("kubectl delete", "exit 3 #"))
    world.enter("canary")
    canary_pod(world, tmp_path)
    error = raised(lambda: world.enter("stable"))
    assert error.sentence.startswith("the stable pipeline does not pass: block stable, job stable")
    assert world.journal.pipelines[-1].starts_rollback
    world.fail("stable")
    error = raised(world.roll_back)
    assert error.sentence.startswith("the rollback pipeline does not pass: block rollback")


@each_file
def test_what_the_rehearsal_finds_itself_is_rolled_back_by_hand(
    delivering: Delivering, file: str
) -> None:
    world = released(delivering, file)
    world.enter("canary").fail("canary")
    world.roll_back()
    assert roles(world) == ["build", "rollback"]
    assert (world.pods("canary"), len(world.pods("stable"))) == ([], 3)
    with pytest.raises(NotApplicable):
        world.check("automatic_rollback", automatic_rollback.rollback_starts_by_itself)


@each_file
def test_jobs_by_other_names_are_named(delivering: Delivering, tmp_path: Path, file: str) -> None:
    world = released(
        delivering,
        file,
        ("  canary:", "  deploy:") if "github" in file else ("\ncanary:", "\ndeploy:"),
        *([("needs: canary", "needs: deploy"), ("[canary,", "[deploy,")] * ("github" in file)),
        canary=["deploy"],
    )
    world.enter("canary")
    canary_pod(world, tmp_path)
    world.enter("stable")
    assert jobs(world)[1] == ["deploy", "migration"]


@each_file
def test_a_job_that_is_not_there_is_told(delivering: Delivering, file: str) -> None:
    told = f"pipeline.roles.canary names job cannary, and {file} has none of that name; did you "
    with pytest.raises(SettingsError, match=f"{re.escape(told)}mean canary"):
        released(delivering, file, canary=["cannary"])


@each_file
def test_a_role_without_a_job_is_told(delivering: Delivering, file: str) -> None:
    change = ("  rollback:", "  other:") if "github" in file else ("\nrollback:", "\nother:")
    with pytest.raises(
        SettingsError,
        match=r"has no job that is called rollback, so that no walk can run it; name it in "
        r"pipeline\.roles\.rollback, or let the walk not run them: pipeline\.run = false",
    ):
        released(delivering, file, change, canary=["canary"])
    # Where nobody names any, and not all are called so, the file is looked at alone.
    assert released(delivering, file, change).rehearsal.plan.roles is None


@each_file
def test_a_canary_that_waits_for_nothing_leaves_nothing_to_build(
    delivering: Delivering, file: str
) -> None:
    world = released(delivering, file, canary=["build"])
    assert raised(lambda: world.enter("cluster")).sentence == (
        f"{file} has no job for the first pipeline: all wait for others; name in [pipeline.roles] "
        "those with which each of the three begins, or set pipeline.run = false"
    )


def test_a_part_whose_jobs_are_not_meant_to_run_is_told(delivering: Delivering) -> None:
    never = ("  canary:\n    needs: build", "  canary:\n    needs: build\n    if: false")
    world = released(delivering, ".github/workflows/release.yml", never)
    assert raised(lambda: world.enter("canary")).sentence == (
        "the canary pipeline runs no job: of canary and migration, the conditions don't hold here"
    )
