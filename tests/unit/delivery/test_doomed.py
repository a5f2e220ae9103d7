"""What never comes up is told while the pipeline still waits for it, and what is slow is not."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes.errors import found_error
from fakes.objects import Object, unready
from fakes.world import World
from unit.delivery.conftest import CANARY, STABLE, Delivering, canary_pod

from pytest_canary.core.errors import WaitTimeoutError
from pytest_canary.delivery.doomed import LOOK, DoomedRollout
from pytest_canary.delivery.running_commands import RunningCommands
from pytest_canary.stages import automatic_rollback

# What waits for ever, unless it is ended.
WAITS = "sleep 100"
WAITING = CANARY.replace("- kubectl scale --replicas=2 deployment/addressbook-stable", f"- {WAITS}")


def unpullable(healthy: Object) -> Object:
    """The pod, whose image is not on its node and may not be pulled."""
    sick = unready(healthy)
    reason = {"reason": "ErrImageNeverPull", "message": "image is not present"}
    sick["status"]["containerStatuses"][0] |= {"state": {"waiting": reason}}
    return sick


def sick(world: World, pods: Callable[[Object], Object]) -> World:
    """Come to the canary, whose pods are so."""
    world.enter("baseline")
    world.namespace.controllers.sick = pods
    return world


def test_a_canary_that_never_comes_up_ends_the_command_that_waits_for_it(
    delivering: Delivering,
) -> None:
    world = sick(delivering(canary=WAITING), unpullable)
    error = found_error(lambda: world.enter("canary"))
    first = error.findings[0]
    assert first.code == "ErrImageNeverPull"
    assert first.seen.endswith(f"while `{WAITS}` of the canary pipeline ran, which is ended")

    # Its promotions see it failed, as it would have in the end.
    world.fail("canary")
    world.namespace.controllers.sick = lambda pod: pod
    world.roll_back()
    done = {each.role: each for each in world.journal.pipelines}
    assert [*done] == ["build", "canary", "rollback"]
    assert done["canary"].result.end.result == "failed"
    assert done["canary"].starts_rollback
    world.check("automatic_rollback", automatic_rollback.rollback_starts_by_itself)
    (job,) = done["canary"].result.blocks[0].jobs
    assert job.log
    assert WAITS in job.log.read_text()


def test_a_stable_that_never_comes_up_ends_it_too(delivering: Delivering, tmp_path: Path) -> None:
    world = delivering(
        stable=STABLE.replace("- kubectl delete deployment/addressbook-canary", f"- {WAITS}")
    )
    world.enter("canary")
    canary_pod(world, tmp_path)
    world.enter("verdict")
    world.namespace.controllers.sick = unpullable
    error = found_error(lambda: world.enter("stable"))
    assert f"while `{WAITS}` of the stable pipeline ran" in error.evidence


def test_a_command_may_end_before_what_it_has_applied_is_given_up(delivering: Delivering) -> None:
    """What comes behind it may mend that; here nothing does, which the walk tells by itself."""
    world = sick(delivering(canary=WAITING.replace(WAITS, "true")), unpullable)
    error = found_error(lambda: world.enter("canary"))
    assert error.findings[0].code == "ErrImageNeverPull"
    assert "of the canary pipeline ran" not in error.evidence

    world.held.clear()  # so that nothing mends it
    running = RunningCommands(world.context.waiter.measure)

    def look_twice(patience: float) -> None:
        release = world.context.release
        rollout = DoomedRollout(
            world.context.observer,
            release.diagnoser.findings,
            release.name("canary"),
            lambda _: True,
            running,
            "the pipeline",
            lambda: None,
            patience,
        )
        rollout.expect_hope()
        time.sleep(LOOK)
        rollout.expect_hope()

    with running.measure("command", WAITS):
        look_twice(patience=600.0)
        assert "of the pipeline ran" in found_error(lambda: look_twice(patience=0.0)).evidence
    look_twice(patience=0.0)


def test_what_is_slow_is_waited_for(delivering: Delivering) -> None:
    world = delivering(canary=WAITING.replace(WAITS, "sleep 1"))
    sick(world, unready)
    with pytest.raises(WaitTimeoutError, match="1/1 of addressbook-canary"):
        world.enter("canary")
    assert [each.role for each in world.journal.pipelines] == ["build"]
