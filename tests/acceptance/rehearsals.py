"""Walks of this process on the cluster that the tests share.

The product's own `--canary-reuse` makes that cluster: whichever run of the shared project comes
first, and each run has a namespace of its own in it. All that the tests know of how a walk is made,
moved and taken back is here.
"""

from __future__ import annotations

import copy
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from acceptance.projects import KUBECONFIG, ROOT, Project, needed

from pytest_canary import stages
from pytest_canary.analysis.verdict import Verdict
from pytest_canary.cluster.engine import CTR, Engine
from pytest_canary.cluster.run import Run, state_folder
from pytest_canary.cluster.teardown import delete_namespace, reap, tear_down
from pytest_canary.config import settings
from pytest_canary.config.plan import Options, plan
from pytest_canary.config.settings import Settings
from pytest_canary.context.context import Memory
from pytest_canary.context.measurement import Window
from pytest_canary.core.errors import CanaryError
from pytest_canary.rehearsal.rehearsal import Walk
from pytest_canary.release.release import CANARY, STABLE
from pytest_canary.stages import Assertion
from pytest_canary.traffic import Traffic


@contextmanager
def rehearsal(
    shared: Project, folder: Path, releases: Mapping[str, str], table: Mapping[str, Any]
) -> Iterator[Walk]:
    """A walk from release 1 to 2 that has not begun yet; in the end nothing of it is left.

    Args:
        shared: the project whose runs share the cluster.
        folder: a fresh one, for its report and its user's kubeconfig.
        releases: the names of the images, by release.
        table: its settings.
    """
    (folder / "kubeconfig").write_text(KUBECONFIG)
    chosen = Options(
        image=releases["2"],
        baseline=releases["1"],
        node_image=needed("NODE_IMAGE") or None,
        reuse=True,
        report=folder / "report",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", shared.environment["XDG_STATE_HOME"])
        patch.setenv("KUBECONFIG", str(folder / "kubeconfig"))
        patch.chdir(folder)
        run = Run.start(shared.root)
        walk = Walk(plan(check(table), chosen), run)
        try:
            yield walk
        finally:
            walk._fall_silent()
            try:
                # Where a test has said that the run made it.
                run.record.cluster = None
                tear_down(run, Engine())
                # And where one has said that it did not make this.
                own = walk.home.folder / "kubeconfig"
                delete_namespace(own, f"canary-{run.record.run}", run.record.run)
            finally:
                # Or else no other test could walk.
                walk.home.release()


def check(table: Mapping[str, Any], source: str = "a test") -> Settings:
    """The settings of the bundled project that a table makes."""
    return settings.check(dict(table), ROOT, source)


# On the way.


def assertions(walk: Walk, suite: str) -> Iterator[Assertion]:
    """What a stage asserts of this walk, in its order."""
    return (each for each in stages.suite(suite) if each.when(walk.plan))


def hold(walk: Walk, *through: str) -> None:
    """Walk through stages, with all their assertions.

    Raises:
        CanaryError: one does not hold.
    """
    for stage in through:
        for each in assertions(walk, stage):
            each.check(walk)


def obey(walk: Walk, found: Settings) -> None:
    """Let everybody go by these settings."""
    walk.plan = replace(walk.plan, settings=found)
    walk.settings = walk.release.settings = walk.api.settings = found
    walk.release.environment["ROLLOUT_TIMEOUT"] = f"{found.deadlines.rollout:g}s"


def adapted(found: Settings, **tables: Mapping[str, Any]) -> Settings:
    """Settings with other values in some of their tables."""
    return found.model_copy(
        update={
            name: getattr(found, name).model_copy(update=dict(values))
            for name, values in tables.items()
        }
    )


@contextmanager
def changed(walk: Walk, **tables: Mapping[str, Any]) -> Iterator[None]:
    """Go by other settings for a while."""
    before = walk.settings
    obey(walk, adapted(before, **tables))
    try:
        yield
    finally:
        obey(walk, before)


def patience(walk: Walk) -> Any:
    """Wait as long as a busy machine needs: `with patience(walk):`."""
    return changed(walk, deadlines={"rollout": 120})


def build(walk: Walk, contexts: Mapping[str, Path]) -> dict[str, str]:
    """Build images that go with the walk's run.

    Args:
        walk: whose run they belong to.
        contexts: the folder of each, with its Dockerfile, by a name of the caller's.

    Returns:
        What a manifest calls them, by those names.
    """
    engine, run = Engine(), walk.run
    made: dict[str, str] = {}
    for name, context in contexts.items():
        tag = f"pytest-canary/test:{name}"
        iid = run.folder / "test.iid"
        built = engine.build(context, context / "Dockerfile", {}, tag, iid, 120)
        image = engine.named(built, walk.settings.name, run.record.run)
        run.made_image(image.ref)
        engine.tag(image)
        engine.untag(tag)
        made[name] = image.ref
    return made


def load(walk: Walk, names: Iterable[str]) -> None:
    """Load images into the walk's cluster, all at once: the base that they share is sent once."""
    save = ["docker", "save", *names]
    take = ["docker", "exec", "-i", walk.cluster.node, *CTR, "images", "import", "-"]
    with subprocess.Popen(save, stdout=subprocess.PIPE) as saved:
        subprocess.run(take, stdin=saved.stdout, stdout=subprocess.DEVNULL, check=True)
    assert saved.returncode == 0, save


def judge(walk: Walk) -> Verdict:
    """What is said of the canary that is there, after fresh looks."""
    walk.wait_until_connected([CANARY, STABLE])
    port = walk.container_port
    found = Window(walk.release, walk.traffic, walk.settings, walk.memory.versions, port).judge()
    print("\n".join([f"look {found.looks}: {found.text}", *found.lines]))
    return found


# And back.


@dataclass
class Place:
    """Where a walk stood, to go back to: what it had entered, and what it remembered."""

    walk: Walk
    entered: dict[str, CanaryError | None]
    memory: Memory

    @classmethod
    def of(cls, walk: Walk) -> Place:
        """Where it stands."""
        return cls(walk, dict(walk._entered), copy.deepcopy(walk.memory))

    def go_back(self, candidate: Mapping[str, Any]) -> None:
        """Stand there again, with another candidate; the cluster is the caller's to put back.

        Args:
            candidate: what is different from the one that was provisioned.
        """
        walk = self.walk
        walk._entered = dict(self.entered)
        walk.memory, walk.notes = copy.deepcopy(self.memory), {}
        walk.provisioned.candidate = replace(walk.candidate, **candidate)
        if walk.plan.traffic:
            walk._traffic = Traffic(walk.api.base_url, walk.settings).start()

    def forget_rows(self) -> None:
        """Expect no rows but those of that time."""
        self.walk.memory.rows[:] = self.memory.rows


def end_traffic(walk: Walk) -> None:
    """End the traffic, where there is any."""
    if walk._traffic:
        walk._traffic.stop()
        walk._traffic = None


# What sessions of these tests have left.


def sessions() -> Path:
    """The folder of the sessions' own, each under its process' ID."""
    return state_folder().parent / "acceptance-tests"


def sweep() -> None:
    """Remove what sessions have left that were killed, be it a whole cluster."""
    for session in sorted(sessions().glob("[0-9]*")):
        # A number may be given again, and so be this session's own.
        if int(session.name) != os.getpid() and _alive(int(session.name)):
            continue
        for home in session.iterdir():
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("XDG_STATE_HOME", str(home / "state"))
                reap(Engine(), kept=True, tell=print)
        forget(session)


def forget(session: Path) -> None:
    """Remove a session's folder, but for what is not removed yet: a walk of its may still run."""
    if not any(session.glob("*/state/pytest-canary/runs/*")):
        shutil.rmtree(session)


def _alive(process: int) -> bool:
    with suppress(PermissionError):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
    return True
