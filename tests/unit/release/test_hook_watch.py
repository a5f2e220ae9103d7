"""Jobs that Helm runs as hooks: seen while its command runs, and told as it does not tell them."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from fakes.objects import Object
from fakes.world import NewWorld, World
from fakes.world_settings import JOB

from pytest_canary.core.errors import FoundError, ReleaseError
from pytest_canary.release.along import Along
from pytest_canary.release.hook_watch import HookWatch


@pytest.fixture
def world(new_world: NewWorld) -> World:
    return new_world(**JOB)


def hook(name: str = "shop-migrate", phases: str = "pre-install,pre-upgrade") -> Object:
    """A Job of a chart's."""
    container = {"name": "migrate", "image": "addressbook:2", "command": ["app", "migrate"]}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "annotations": {"helm.sh/hook": phases} if phases else {}},
        "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [container]}}},
    }


def watch(world: World) -> HookWatch:
    """What watches over hooks, of which shop-migrate migrates."""
    return HookWatch(world.context.release.pods, lambda name: name == "shop-migrate")


def ended(pod: Object, code: int) -> Object:
    """A pod of a Job whose container has ended with this code."""
    state = {"terminated": {"exitCode": code, "containerID": pod["metadata"]["name"]}}
    statuses = [{"name": "migrate", "state": state}]
    phase = "Failed" if code else "Succeeded"
    return pod | {"status": {"phase": phase, "containerStatuses": statuses}}


def runs_on(pod: Object) -> Object:
    """A pod of a Job whose container goes on."""
    statuses = [{"name": "migrate", "state": {"running": {}}}]
    return pod | {"status": {"phase": "Running", "containerStatuses": statuses}}


def fail(world: World, job: Object, end: threading.Event | None = None) -> None:
    """A command of Helm's that runs a hook and fails; where it is to be ended, only then."""
    with watch(world).watch(end.set if end else lambda: None):
        world.namespace.add(job)
        if end:
            end.wait(30)
        raise ReleaseError("`helm upgrade` exited with code 1", "Error: pre-upgrade hooks failed")


def test_a_hook_that_has_ended_is_known_when_helm_has_deleted_it(world: World) -> None:
    hooks = watch(world)
    with hooks.watch(lambda: None):
        world.namespace.add(hook())
        hooks.look()
        world.namespace.delete_job("shop-migrate")
    (run,) = hooks.migrations(set())
    assert run.done
    assert (run.done.code, run.done.command) == (0, "app migrate")
    assert run.done.pod.startswith("shop-migrate-")


def test_a_hook_that_is_deleted_between_two_questions_has_ended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = watch(world)
    with hooks.watch(lambda: None):
        world.namespace.add(hook())
        # The list has it still, and a moment later it is gone.
        monkeypatch.setattr(world.namespace, "job", lambda _: None)
        hooks.look()
    assert hooks.findings() == []
    (run,) = hooks.migrations(set())
    assert run.done
    assert run.done.code == 0


def test_each_run_counts_once_and_earlier_ones_are_left_out(world: World) -> None:
    hooks = watch(world)
    for _ in range(2):
        before = hooks.mark()
        with hooks.watch(lambda: None):
            world.namespace.delete_job("shop-migrate")
            job = hook()
            job["metadata"]["uid"] = f"run-{len(before)}"
            world.namespace.add(job)
            hooks.look()
            hooks.look()
    assert len(hooks.migrations(set())) == 2
    assert len(hooks.migrations(before)) == 1


def test_other_jobs_are_none_of_its(world: World) -> None:
    """Neither one that is no hook, nor one that was there before."""
    hooks = watch(world)
    world.namespace.add(hook())
    with hooks.watch(lambda: None):
        world.namespace.add(hook("shop-reindex", phases=""))
    assert hooks.migrations(set()) == []
    assert hooks.findings() == []


@pytest.mark.parametrize(
    ("name", "code"), [("shop-migrate", "MigrationFails"), ("shop-check", "HookFails")]
)
def test_a_hook_that_fails_is_told_with_its_words_in_the_place_of_helms(
    world: World, name: str, code: str
) -> None:
    def fails(pod: Object) -> Object:
        world.namespace.said[pod["metadata"]["name"]] = "no such table: person"
        return ended(pod, 3)

    world.namespace.controllers.job_pod = fails
    world.namespace.controllers.job_ends = [{"type": "Failed", "status": "True"}]
    with pytest.raises(FoundError) as told:
        fail(world, hook(name))
    (found,) = told.value.findings
    assert found.code == code
    assert found.sentence.startswith(
        f"`app migrate` of Helm's hook, Job {name}, exits with code 3 in pod {name}-"
    )
    assert 'no such table: person"' in found.sentence
    assert "(pre-install, pre-upgrade)" in found.where
    assert "backoffLimit" in found.next
    assert "pre-upgrade hooks failed" in str(told.value)
    assert world.namespace.job(name) is None, "it would be tried again"


def test_helm_is_ended_where_a_hook_goes_on_for_too_long(world: World) -> None:
    world.namespace.controllers.job_pod = runs_on
    world.context.release.pods.deadline = -1
    ended_by_us = threading.Event()
    with pytest.raises(FoundError) as told:
        fail(world, hook(), ended_by_us)
    assert ended_by_us.is_set()
    (found,) = told.value.findings
    assert found.code == "MigrationHangs"
    assert "`app migrate` of Job shop-migrate was given up at its deadline" in found.sentence
    assert world.namespace.job("shop-migrate") is None


def test_a_hook_that_can_not_begin_is_told_at_once(world: World) -> None:
    def waits(pod: Object) -> Object:
        waiting = {"reason": "CreateContainerConfigError", "message": 'configmap "shop" not found'}
        statuses = [{"name": "migrate", "state": {"waiting": waiting}, "restartCount": 0}]
        return pod | {"status": {"phase": "Pending", "containerStatuses": statuses}}

    world.namespace.controllers.job_pod = waits
    with pytest.raises(FoundError) as told:
        fail(world, hook())
    first: Any = told.value.findings[0]
    assert "a hook of Helm's (pre-install, pre-upgrade) does not come to its end: " in (
        first.sentence
    )


def test_what_helm_fails_at_by_itself_stays_its_own(world: World) -> None:
    hooks = watch(world)
    with pytest.raises(ReleaseError, match="no such chart"), hooks.watch(lambda: None):
        raise ReleaseError("no such chart")


def test_a_version_that_comes_without_its_hook_is_told(world: World) -> None:
    world.enter("canary")
    along = Along(
        world.context.release.pods,
        world.context.database,
        "addressbook-canary",
        "addressbook:2",
        init=False,
        container="",
        deadline=5,
        job=hook(phases="pre-upgrade"),
        hooks=watch(world),
    )
    with pytest.raises(FoundError) as told:
        along.migrate(lambda: None, fresh=False, ready=lambda: None)
    (found,) = told.value.findings
    assert found.code == "HookMissed"
    assert found.sentence == (
        "Helm has not run Job shop-migrate as addressbook-canary came: it is a hook of pre-upgrade"
    )
