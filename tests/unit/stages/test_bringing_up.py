"""What runs beside the provision while the cluster comes up has an end of its own."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest
from fakes.world import NewWorld, World

from pytest_canary.cluster.provisioned import Provisioned
from pytest_canary.config.plan import Plan
from pytest_canary.context.outcomes import ClusterOutcome
from pytest_canary.core.errors import CommandError, ImageError
from pytest_canary.core.findings import Finding
from pytest_canary.core.processes import Processes
from pytest_canary.release.failing_apply import unfailing_apply


class Trial:
    """How the apply script fails: a command that runs until it is told to end."""

    def __init__(self, folder: Path) -> None:
        self._begun, self._go = folder / "trial-begun", folder / "trial-go"
        self.code: int | None = 0

    def run(self, _plan: Plan, _folder: Path, processes: Processes) -> list[Finding]:
        """One finding, where nobody has killed it."""
        script = f": >{self._begun}; while [ ! -e {self._go} ]; do sleep 0.01; done"
        try:
            processes.run(["sh", "-c", script], timeout=60)
        except CommandError as error:
            self.code = error.code
            return []
        return [unfailing_apply("apply.sh")]

    def wait_until_begun(self) -> None:
        while not self._begun.exists():
            time.sleep(0.001)

    def let_go(self) -> None:
        self._go.touch()


@pytest.fixture
def world(new_world: NewWorld) -> World:
    return new_world(empty=True)


def begin(world: World, trial: Trial, bring_up: Any) -> None:
    world.begin_again(bring_up=bring_up, refuse_apply=trial.run)
    world.rehearsal.enter("cluster")


def test_a_slow_trial_of_the_script_outlives_the_provision(world: World, tmp_path: Path) -> None:
    trial, usual = Trial(tmp_path), world.builders.bring_up

    def bring_up(*given: Any, **more: Any) -> Provisioned:
        trial.wait_until_begun()
        *_, processes = given
        # As the provision does in the end.
        processes.kill_all()
        trial.let_go()
        return usual(*given, **more)

    begin(world, trial, bring_up)
    assert trial.code == 0, "nobody has killed it"
    (found,) = world.journal.outcome(ClusterOutcome).apply_failures
    assert found.code == "unfailing-apply"


def test_nobody_waits_for_the_trial_where_the_provision_fails(world: World, tmp_path: Path) -> None:
    trial = Trial(tmp_path)

    def bring_up(*_given: Any, **_more: Any) -> Provisioned:
        trial.wait_until_begun()
        raise ImageError("the image can't be built")

    with pytest.raises(ImageError, match="the image can't be built"):
        begin(world, trial, bring_up)
    assert trial.code == -9


def test_a_trial_that_begins_as_the_provision_fails_is_ended_too(world: World) -> None:
    failed, ends = threading.Event(), list[int | None]()

    def refuse(_plan: Plan, _folder: Path, processes: Processes) -> list[Finding]:
        failed.wait()
        time.sleep(0.2)
        with pytest.raises(CommandError) as error:
            processes.run(["sleep", "60"], timeout=60)
        ends.append(error.value.code)
        return []

    def bring_up(*_given: Any, **_more: Any) -> Provisioned:
        failed.set()
        raise ImageError("the image can't be built")

    world.begin_again(bring_up=bring_up, refuse_apply=refuse)
    with pytest.raises(ImageError, match="the image can't be built"):
        world.rehearsal.enter("cluster")
    assert ends == [-9]
