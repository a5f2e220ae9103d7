"""A hook that migrates, looked at while Helm waits for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.objects import Object, unready
from fakes.world import JOB, JOB_BESIDE, ROOT, NewWorld, World

from pytest_canary.core.errors import FoundError
from pytest_canary.release.hook_run import HookRun
from pytest_canary.release.job_manifest import load_job

HOOK = {"helm.sh/hook": "pre-upgrade"}


@pytest.fixture
def world(new_world: NewWorld) -> World:
    return new_world(**JOB)


def job(world: World) -> Object:
    assert world.settings.files.job
    version = world.version("candidate")
    made = dict(load_job(world.settings.files.job, version, "addressbook-canary", 1, {}))
    made["metadata"] = made["metadata"] | {"annotations": HOOK}
    return made


def hook(world: World) -> HookRun:
    return HookRun(world.context.release.pods, job(world), "addressbook:2")


def test_it_is_awaited_from_before_it_is_there(world: World) -> None:
    run = hook(world)
    assert run.look() == ""
    world.namespace.job_pod = lambda _: None
    world.namespace.run_job(job(world))
    assert run.look() == "Job migrate: it has no pod yet"


def test_its_end_and_words_are_known_though_helm_deletes_it(world: World) -> None:
    run = hook(world)
    world.namespace.run_job(job(world))
    assert run.look() == ""
    world.namespace.delete_job("migrate")
    done = run.ended()
    assert (done.code, done.command) == (0, "app migrate")
    assert done.pod.startswith("migrate-")
    assert done.output


def test_one_that_is_deleted_before_anybody_looked_has_succeeded(world: World) -> None:
    done = hook(world).ended()
    assert (done.pod, done.command, done.code, done.output) == ("migrate", "app migrate", 0, "")


def test_that_of_the_version_before_is_not_its(world: World) -> None:
    world.namespace.job_pod = lambda pod: failed(world, pod)
    world.namespace.run_job(job(world))
    assert hook(world).look() == ""


def failed(world: World, pod: Object) -> Object:
    """A pod of the Job's that has failed."""
    world.namespace.said[pod["metadata"]["name"]] = "lock timeout"
    ended = {"terminated": {"exitCode": 5, "containerID": pod["metadata"]["name"]}}
    status = {"phase": "Failed", "containerStatuses": [{"name": "migrate", "state": ended}]}
    return pod | {"status": status}


def test_one_that_fails_is_told_with_its_exit_code_and_last_words(world: World) -> None:
    run = hook(world)
    world.namespace.job_pod = lambda pod: failed(world, pod)
    world.namespace.run_job(job(world))
    with pytest.raises(FoundError) as told:
        run.look()
    (found,) = told.value.findings
    assert found.code == "MigrationFails"
    assert found.sentence.startswith("`app migrate` in pod migrate-")
    assert found.sentence.endswith('exits with code 5: "lock timeout"')
    assert found.where.endswith(", Job migrate")
    assert found.evidence == "lock timeout"


def test_one_that_hangs_is_given_up_and_ended(world: World) -> None:
    run = hook(world)
    running = {"phase": "Running", "containerStatuses": [{"name": "migrate", "state": {}}]}
    running["containerStatuses"][0]["state"] = {"running": {}}  # type: ignore[index]
    world.namespace.job_pod = lambda pod: pod | {"status": running}
    world.namespace.run_job(job(world))
    assert run.look().startswith("Job migrate: pod migrate-")
    world.clock.sleep(6)
    with pytest.raises(FoundError) as told:
        run.look()
    (found,) = told.value.findings
    assert found.code == "MigrationHangs"
    assert "`app migrate` of Job migrate was given up at its deadline of 5 s" in found.sentence
    assert world.namespace.job("migrate") is None


# As a version comes.


@pytest.fixture
def hooked(new_world: NewWorld, tmp_path: Path) -> World:
    """What applies a version brings a Job with it that is called a hook."""
    own = tmp_path / "hook.yml"
    text = (ROOT / JOB_BESIDE["manifests"]["deployment"]).read_text()
    head, kind, job = text.partition("kind: Job\nmetadata:\n")
    assert kind
    own.write_text(f"{head}{kind}  annotations: {{helm.sh/hook: pre-upgrade}}\n{job}")
    return new_world(**JOB_BESIDE | {"manifests": {"deployment": str(own)}})


def test_what_a_hook_did_is_known_of_the_migration(hooked: World) -> None:
    hooked.enter("canary")
    done = hooked.journal.migrations["candidate"].migrate
    assert (done.code, done.command) == (0, "python -m addressbook migrate")
    assert hooked.context.release.migrator.look() == ""


def test_a_hook_that_fails_keeps_the_canary_from_coming(hooked: World) -> None:
    hooked.enter("baseline")
    hooked.namespace.sick = unready
    hooked.migrate = lambda *_: (5, "lock timeout")
    with pytest.raises(FoundError) as told:
        hooked.enter("canary")
    assert [each.code for each in told.value.findings] == ["MigrationFails"]
    assert 'exits with code 5: "lock timeout"' in str(told.value)
