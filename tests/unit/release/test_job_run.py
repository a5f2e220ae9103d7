"""A Job on its way to its end: what fails is tried again, and nobody waits for what repeats."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fakes.manifest_sets import JOB as JOB_OF_SET
from fakes.manifest_sets import SERVICE, WITHOUT_INIT, planned, project
from fakes.objects import Object
from fakes.world import NewWorld, World
from fakes.world_settings import JOB

from pytest_canary.config.track_deployments import track_deployments
from pytest_canary.core.errors import FoundError, ReleaseError
from pytest_canary.k8s.exec import Exec
from pytest_canary.manifests.version import CANARY
from pytest_canary.release.job_manifest import job_among_manifests, load_job, own, pod_of
from pytest_canary.release.job_run import JobRun
from pytest_canary.release.migrator import Migrator
from pytest_canary.rendering.renderers import renderer_of
from pytest_canary.rendering.version import Version

Ends = list[tuple[int, str]]


@pytest.fixture
def world(new_world: NewWorld) -> World:
    return new_world(**JOB)


def job(world: World) -> Object:
    assert world.settings.files.job
    version = world.version("candidate")
    return dict(load_job(world.settings.files.job, version, "addressbook-canary", 1, {}))


def run(world: World, announce: Callable[[str], None] = lambda _: None) -> Exec:
    return JobRun(world.context.release.pods, job(world), "addressbook:2", announce).run()


def ends_one_after_the_other(world: World, ends: Ends, then: str = "") -> None:
    """Let a pod of the Job come and end in each wait, and the Job last."""
    left, numbers = iter(ends), itertools.count()
    world.namespace.controllers.job_pod = lambda _: None

    def meanwhile() -> None:
        made = world.namespace.job("migrate")
        end = next(left, None)
        if made is None:
            return
        if end is None:
            conditions = [{"type": then, "status": "True"}] if then else []
            world.namespace.put(made | {"status": {"conditions": conditions}})
            return
        code, said = end
        name = f"migrate-{next(numbers)}"
        world.namespace.said[name] = said
        state = {"terminated": {"exitCode": code, "containerID": name}}
        owner = {"kind": "Job", "name": "migrate", "uid": made["metadata"]["uid"]}
        pod: Object = {
            "kind": "Pod",
            "metadata": {"name": name, "ownerReferences": [owner], "creationTimestamp": name},
            "spec": made["spec"]["template"]["spec"],
            "status": {
                "phase": "Failed" if code else "Succeeded",
                "containerStatuses": [{"name": "migrate", "state": state}],
            },
        }
        world.namespace.put(pod)

    world.meanwhile = meanwhile


def test_what_fails_once_and_then_not_has_succeeded(world: World) -> None:
    ends_one_after_the_other(world, [(1, "connection refused"), (0, "done")], "Complete")
    done = run(world)
    assert (done.code, done.pod, done.output) == (0, "migrate-1", "done")
    assert done.command == "app migrate"


def test_what_fails_twice_in_the_same_way_is_not_waited_for(world: World) -> None:
    said = "ERROR: column name is missing, at 12:0"
    ends_one_after_the_other(world, [(3, f"{said}{each}") for each in range(5)])
    done = run(world)
    assert (done.code, done.pod) == (3, "migrate-1")
    assert world.namespace.job("migrate") is None
    assert not [pod for pod in world.namespace.objects("Pod") if "migrate" in str(pod["metadata"])]


def test_what_others_may_still_bring_is_waited_for(world: World) -> None:
    ends: Ends = [*itertools.repeat((1, "could not connect to server"), 2), (0, "done")]
    ends_one_after_the_other(world, ends, "Complete")
    assert run(world).code == 0


def test_a_third_failure_is_the_last(world: World) -> None:
    ends_one_after_the_other(world, [(each, f"reason {'abc'[each]}") for each in (1, 2, 1, 2)])
    assert run(world).pod == "migrate-2"


def test_a_job_that_fails_says_so_with_its_last_pods_words(world: World) -> None:
    ends_one_after_the_other(world, [(7, "no such revision")], "Failed")
    done = run(world)
    assert (done.code, done.output) == (7, "no such revision")


def never_began(world: World, pod: Object) -> Object:
    """The pod, whose init container has failed, as one fails that waits for a host."""
    world.namespace.said[pod["metadata"]["name"]] = "no host called db"
    ended = {"terminated": {"exitCode": 2, "containerID": "x"}}
    waits = {"waiting": {"reason": "PodInitializing"}}
    spec = pod["spec"] | {"initContainers": [{"name": "wait", "image": "busybox"}]}
    status = {
        "phase": "Failed",
        "initContainerStatuses": [{"name": "wait", "state": ended}],
        "containerStatuses": [{"name": "migrate", "state": waits}],
    }
    return pod | {"spec": spec, "status": status}


def test_a_job_whose_command_never_began_says_what_came_before_it(world: World) -> None:
    world.namespace.controllers.job_pod = lambda pod: never_began(world, pod)
    with pytest.raises(FoundError) as told:
        run(world)
    first, last = told.value.findings
    assert "init container wait exits with code 2" in first.sentence
    assert "no host called db" in first.sentence
    assert "Job migrate failed before `app migrate` came to an end of its own" in last.sentence


def test_pods_of_an_earlier_job_of_its_name_are_none_of_its(world: World) -> None:
    owner = {"kind": "Job", "name": "migrate", "uid": "another"}
    state = {"terminated": {"exitCode": 9, "containerID": "old"}}
    status = {"phase": "Failed", "containerStatuses": [{"name": "migrate", "state": state}]}
    metadata = {"name": "migrate-old", "ownerReferences": [owner]}
    spec = job(world)["spec"]["template"]["spec"]
    world.namespace.put({"kind": "Pod", "metadata": metadata, "spec": spec, "status": status})
    assert run(world).code == 0


def test_it_is_announced_before_it_is_made(world: World) -> None:
    there: list[Any] = []
    run(world, lambda name: there.append((name, world.namespace.job("migrate"))))
    assert there == [("job.batch/migrate", None)]


def test_a_refusal_that_may_pass_is_told_at_the_deadline(world: World) -> None:
    world.namespace.controllers.job_pod = lambda _: None
    world.context.release.processes.redactor.add("pods=4")
    quota = "exceeded quota: team, requested: pods=1, used: pods=4, limited: pods=4"
    world.namespace.put(
        {
            "kind": "Event",
            "metadata": {"name": "refused"},
            "reason": "FailedCreate",
            "message": f'Error creating: pods "migrate-x" is forbidden: {quota}',
            "involvedObject": {"kind": "Job", "name": "migrate"},
        }
    )
    with pytest.raises(FoundError) as failure:
        run(world)
    assert "Job migrate gets no pod: quota team allows ********" in failure.value.sentence
    assert "pods=4" not in str(failure.value)


# The Job that is made of a manifest.


def test_a_job_stays_until_it_was_read_and_has_a_name() -> None:
    spec = {"ttlSecondsAfterFinished": 0, "template": {"spec": {}}}
    made = own({"metadata": {"generateName": "migrate-"}, "spec": spec})
    assert made["metadata"]["name"].startswith("migrate-")
    assert "generateName" not in made["metadata"]
    assert "ttlSecondsAfterFinished" not in made["spec"]
    assert spec["ttlSecondsAfterFinished"] == 0, "the manifest's own is as it was"


def test_a_pod_like_the_jobs_is_called_as_it_is(world: World) -> None:
    made = pod_of(job(world))
    assert made["metadata"] == {"name": "migrate"}
    assert made["spec"]["containers"][0]["image"] == world.version("candidate").image


def test_a_job_among_what_a_tool_makes_migrates(world: World, tmp_path: Path) -> None:
    root = project(tmp_path / "set", WITHOUT_INIT, SERVICE, JOB_OF_SET)
    plan = planned(root, commands={"ping": ["app", "ping"]})
    world.enter("canary")
    pods, announced = world.context.release.pods, list[str]()
    made = Migrator(
        pods,
        track_deployments(world.settings),
        plan.settings.migration,
        world.settings.commands,
        world.settings.deadlines.rollout,
        {},
        announced.append,
        world.context.release.hooks,
    )
    version = Version("candidate", "addressbook:2", renderer_of(plan, root))
    done = made.migrate(world.context.database, CANARY, version, fresh=None)
    assert (done.migrate.command, done.migrate.code) == ("app migrate", 0)
    assert done.pod["spec"]["containers"][0]["image"] == "addressbook:2"
    assert announced == ["job.batch/migrate"]
    assert world.namespace.job("migrate") is None, "its name is free for the next version's"


def test_a_version_without_such_a_job_can_not_migrate(world: World, tmp_path: Path) -> None:
    root = project(tmp_path / "set", WITHOUT_INIT, SERVICE)
    plan = planned(root, migration={"by": "job"})
    version = Version("baseline", "addressbook:1", renderer_of(plan, root))
    with pytest.raises(ReleaseError) as told:
        job_among_manifests(version, "addressbook-stable", 1, {})
    assert str(told.value) == (
        "k8s/all.yml and what goes with it have 0 Jobs, where one with a name is to migrate; name "
        "the manifest of the one that does in migration.job"
    )
