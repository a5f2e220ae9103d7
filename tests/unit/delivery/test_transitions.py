"""A project's own pipelines make the transitions; the walk asserts on what they have done."""

from pathlib import Path
from typing import Any

import pytest
from fakes.engine import IMAGES
from fakes.errors import raised
from fakes.objects import Object
from fakes.world import World
from unit.delivery.conftest import BUILD, CANARY, ROLLBACK, STABLE, Delivering, canary_pod, roles

from pytest_canary.core.errors import FoundError, NotApplicable, ReleaseError
from pytest_canary.stages import automatic_rollback, migration


def entered(world: World, stage: str, tmp_path: Path) -> World:
    """Come to a stage that is behind the migration, or to that."""
    world.enter("canary")
    canary_pod(world, tmp_path)
    return world.enter(stage)


def test_each_pipeline_makes_its_transition(delivering: Delivering, tmp_path: Path) -> None:
    world = delivering()
    world.enter("canary")
    # The candidate is called as the pipeline calls it, which stands still before it migrates.
    assert "/shop:" in world.context.candidate.image
    assert (len(world.pods("canary")), len(world.pods("stable"))) == (1, 2)
    assert roles(world) == ["build"]
    canary_pod(world, tmp_path)

    world.enter("migration")
    done = world.journal.migrations["candidate"]
    assert (done.migrate.code, done.counts) == (0, "+1 column, +1 index")
    assert done.ping
    assert done.ping.command == "app ping"
    assert roles(world) == ["build", "canary"]
    world.check("migration", migration.schema_is_right)
    world.check("migration", migration.pipeline_passes)

    world.enter("stable")
    assert roles(world) == ["build", "canary", "stable"]
    assert (world.pods("canary"), len(world.pods("stable"))) == ([], 3)

    world.enter("rollback")
    assert roles(world)[3:] == ["rollback"]
    assert world.pods("canary") == []


def test_what_was_named_and_started_goes_with_the_run(
    delivering: Delivering, tmp_path: Path
) -> None:
    world = delivering()
    world.engine.labelled = {"c-1": "a job's"}
    entered(world, "migration", tmp_path)
    named = [each for each in world.run.record.images if "shop:" in each]
    assert len(named) == 2
    assert world.engine.labelled == {}


def test_a_build_that_fails_ends_the_walk_before_there_is_a_cluster(
    delivering: Delivering,
) -> None:
    world = delivering(semaphore=BUILD.replace("docker push", "false"))
    error = raised(lambda: world.enter("cluster"))
    assert error.sentence == (
        "the first pipeline does not pass: block Build, job Image: "
        "`false shop:$SEMAPHORE_WORKFLOW_ID` exits with code 1"
    )
    assert ".semaphore/semaphore.yml, pipeline semaphore" in error.evidence


def test_a_build_that_pushes_nothing_is_told(delivering: Delivering) -> None:
    world = delivering(semaphore=BUILD.replace("docker push", "echo"))
    assert raised(lambda: world.enter("cluster")).sentence == (
        ".semaphore/semaphore.yml has run to its end and pushed no image, so that there is nothing "
        "to release; let a job `docker push` what it has built"
    )


def test_a_canary_that_is_not_what_was_built_is_told(
    delivering: Delivering, tmp_path: Path
) -> None:
    other = CANARY.replace("addressbook-canary 1 $IMAGE", "addressbook-canary 1 shop:latest")
    error = raised(lambda: delivering(canary=other).enter("canary"))
    assert error.sentence == (
        "the canary pipeline deploys shop:latest, and that is not what the first pipeline has "
        "built; let it push and deploy the image of its own workflow"
    )


def test_a_canary_that_is_not_deployed_is_told(delivering: Delivering, tmp_path: Path) -> None:
    world = delivering(canary=CANARY.replace("addressbook-canary", "shop-canary"))
    world.enter("baseline")
    (tmp_path / "canary-pod").write_text(world.pods("stable")[0])
    assert raised(lambda: world.enter("canary")).sentence == (
        "the canary pipeline came to its end and deployed no addressbook-canary; name the "
        "Deployments as `name` in the settings says"
    )


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("result = 'failed'", ""),
        (
            "result = 'failed' and branch = 'nowhere'",
            "pipeline canary has failed, and no rollback starts by itself",
        ),
    ],
)
def test_a_job_that_fails_leads_to_the_rollback_that_the_file_has(
    delivering: Delivering, when: str, told: str
) -> None:
    failing = CANARY.replace("kubectl scale", "false").replace("result = 'failed'", when)
    world = delivering(canary=failing)
    error = raised(lambda: world.enter("canary"))
    assert isinstance(error, FoundError)
    assert error.sentence.startswith(
        "the canary pipeline does not pass: block Deploy, job Deploy: `false --replicas=2"
    )
    world.fail("canary")
    world.roll_back()
    assert roles(world) == ["build", "canary", "rollback"]
    assert (world.pods("canary"), len(world.pods("stable"))) == ([], 3)
    world.check("automatic_rollback", automatic_rollback.rollback_starts_by_itself)
    assert [each.finding.sentence[: len(told)] for each in world.journal.warnings] == (
        [told] if told else []
    )


def test_what_the_rehearsal_finds_itself_is_rolled_back_by_hand(delivering: Delivering) -> None:
    world = delivering()
    world.enter("canary").fail("canary")
    world.roll_back()
    # The one that stood still is ended, and counts for nothing.
    assert roles(world) == ["build", "rollback"]
    with pytest.raises(NotApplicable):
        world.check("automatic_rollback", automatic_rollback.rollback_starts_by_itself)


def test_a_rollback_that_fails_is_told(delivering: Delivering) -> None:
    world = delivering(rollback=ROLLBACK.replace("kubectl scale", "false"))
    world.enter("canary").fail("canary")
    assert raised(world.roll_back).sentence.startswith("the rollback pipeline does not pass: ")


def test_a_migration_that_fails_is_told_with_its_code(
    delivering: Delivering, tmp_path: Path
) -> None:
    world = delivering()
    (tmp_path / "code").write_text("1")
    (tmp_path / "said").write_text("no such table\n")
    world.enter("canary")
    canary_pod(world, tmp_path)
    error = raised(lambda: world.enter("migration"))
    # ping comes first, and ends the job.
    assert error.sentence == (
        "the canary pipeline does not pass: block Migrate, job Migrate: "
        "`kubectl exec -it $POD -- app ping` exits with code 1"
    )
    assert "no such table" in error.evidence


def test_a_command_that_fails_after_the_migration_is_told(
    delivering: Delivering, tmp_path: Path
) -> None:
    more = CANARY.replace("-- app migrate\n", '-- app migrate\n            - "false"\n')
    world = entered(delivering(canary=more), "migration", tmp_path)
    world.check("migration", migration.migrate_succeeds)
    error = raised(lambda: world.check("migration", migration.pipeline_passes))
    assert error.sentence.endswith("job Migrate: `false` exits with code 1")


def test_a_pipeline_that_migrates_nothing_is_told(delivering: Delivering, tmp_path: Path) -> None:
    world = delivering(canary=CANARY.replace("app migrate", "app other"))
    world.enter("canary")
    canary_pod(world, tmp_path)
    known = world.namespace.runs

    def runs(pod: Object, command: list[str], heard: Any) -> tuple[int, str, str]:
        return (0, "", "") if command == ["app", "other"] else known(pod, command, heard)

    world.namespace.runs = runs
    error = raised(lambda: world.enter("migration"))
    assert isinstance(error, ReleaseError)
    assert error.sentence == (
        "the canary pipeline has run to its end and called no `app migrate`; let a job `kubectl "
        "exec` it in a canary pod, or name in commands.migrate what migrates"
    )


def test_a_promotion_that_fails_leaves_the_baseline_to_be_put_back(
    delivering: Delivering, tmp_path: Path
) -> None:
    world = delivering(stable=STABLE.replace("kubectl delete", "false"))
    error = raised(lambda: entered(world, "stable", tmp_path))
    assert error.sentence.startswith("the stable pipeline does not pass: block Deploy")
    world.fail("stable")
    world.roll_back()
    stable = world.namespace.deployment("addressbook-stable")
    assert stable
    assert IMAGES["baseline"] in str(stable)


def test_where_nothing_is_migrated_the_pipeline_comes_to_its_end_all_the_same(
    delivering: Delivering, tmp_path: Path
) -> None:
    world = delivering(canary=CANARY.replace("app ping", "app other"), database={"image": "none"})
    known = world.namespace.runs
    others = (["app", "other"], ["app", "migrate"])
    world.namespace.runs = lambda pod, command, heard: (
        (0, "", "") if command in others else known(pod, command, heard)
    )
    entered(world, "migration", tmp_path)
    assert roles(world) == ["build", "canary"]
    world.check("migration", migration.pipeline_passes)


def test_a_migration_that_hangs_is_given_up_at_its_deadline(
    delivering: Delivering, tmp_path: Path
) -> None:
    (tmp_path / "hang").write_text("60")
    world = delivering()
    world.enter("canary")
    canary_pod(world, tmp_path)
    error = raised(lambda: world.enter("migration"))
    assert isinstance(error, FoundError)
    assert error.findings[0].code == "PingHangs"
    assert error.sentence.endswith(
        "-- app ping` of the canary pipeline was given up at its deadline of 5 s"
    )
    world.fail("migration")
    world.roll_back()
    assert roles(world) == ["build", "rollback"]


@pytest.mark.parametrize(
    "how",
    ["kubectl exec -it $POD -- app migrate || true", "kubectl exec $POD -- app migrate | cat"],
)
def test_what_a_job_makes_of_a_failing_migration_hides_nothing(
    delivering: Delivering, tmp_path: Path, how: str
) -> None:
    (tmp_path / "code").write_text("1")
    hidden = CANARY.replace("- kubectl exec -it $POD -- app ping\n", "- echo no ping\n")
    hidden = hidden.replace("- kubectl exec -it $POD -- app migrate", f'- "{how}"')
    world = entered(delivering(canary=hidden), "migration", tmp_path)
    assert world.journal.migrations["candidate"].migrate.code == 1
    world.check("migration", migration.pipeline_passes)
    error = raised(lambda: world.check("migration", migration.migrate_succeeds))
    assert "`app migrate` in pod addressbook-canary exits with code 1" in error.sentence


def test_a_migration_in_another_pod_is_told(delivering: Delivering, tmp_path: Path) -> None:
    other = CANARY.replace("deploy/addressbook-canary", "deploy/addressbook-stable")
    error = raised(lambda: entered(delivering(canary=other), "migration", tmp_path))
    assert error.sentence == (
        "the canary pipeline runs `app migrate` in addressbook-stable, which is no pod of the "
        "canary's; let `kubectl exec` name one of those"
    )


def test_a_command_that_begins_like_the_migration_is_none(
    delivering: Delivering, tmp_path: Path
) -> None:
    world = delivering(canary=CANARY.replace("app migrate", "app migrate:status"))
    known = world.namespace.runs
    world.namespace.runs = lambda pod, command, heard: (
        (0, "", "") if command == ["app", "migrate:status"] else known(pod, command, heard)
    )
    error = raised(lambda: entered(world, "migration", tmp_path))
    assert "called no `app migrate`" in error.sentence


def test_what_runs_elsewhere_before_there_is_a_canary_is_no_migration(
    delivering: Delivering, tmp_path: Path
) -> None:
    backup = "- kubectl exec db-0 -- pg_dump\n            - docker tag"
    world = delivering(canary=CANARY.replace("- docker tag", backup))
    known = world.namespace.runs
    world.namespace.runs = lambda pod, command, heard: (
        (0, "", "") if command == ["pg_dump"] else known(pod, command, heard)
    )
    (tmp_path / "canary-pod").write_text("none")
    world.enter("baseline")
    (tmp_path / "canary-pod").write_text(world.pods("stable")[0])
    entered(world, "migration", tmp_path)
    world.check("migration", migration.pipeline_passes)


def test_a_stable_pipeline_that_deploys_nothing_new_is_told(
    delivering: Delivering, tmp_path: Path
) -> None:
    idle = STABLE.replace("- ./apply.sh", "- echo ./apply.sh")
    error = raised(lambda: entered(delivering(stable=idle), "stable", tmp_path))
    assert error.sentence.startswith(
        f"the stable pipeline deploys {IMAGES['baseline']}, and that is not what the first pipeline"
    )


def test_the_same_image_by_another_name_is_the_same(delivering: Delivering, tmp_path: Path) -> None:
    live = STABLE.replace(
        "- ./apply.sh",
        "- docker tag $IMAGE u/shop\n            - docker push u/shop\n            - ./apply.sh",
    ).replace("addressbook-stable 3 $IMAGE", "addressbook-stable 3 docker.io/u/shop:latest")
    world = entered(delivering(stable=live), "stable", tmp_path)
    assert world.context.candidate.image == "docker.io/u/shop:latest"


def test_a_rollback_that_leaves_the_candidate_live_is_told(
    delivering: Delivering, tmp_path: Path
) -> None:
    world = delivering(stable=STABLE.replace("kubectl delete", "false"))
    raised(lambda: entered(world, "stable", tmp_path))
    world.fail("stable")
    world.roll_back()
    (told,) = world.journal.warnings
    assert told.finding.code == "incomplete-rollback"
    assert told.finding.sentence.startswith(
        "the rollback pipeline does not bring the last good version back: after it, "
        "addressbook-stable runs "
    )


def test_what_takes_long_after_the_migration_hangs_in_no_pod(
    delivering: Delivering, tmp_path: Path
) -> None:
    soak = CANARY.replace("-- app migrate\n", '-- app migrate\n            - "sleep 6"\n')
    world = entered(delivering(canary=soak), "migration", tmp_path)
    world.check("migration", migration.pipeline_passes)
    world.check("migration", migration.nobody_waited)
