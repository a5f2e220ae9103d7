"""Walks of this process on the cluster that the tests share.

The product's own `--canary-reuse` makes that cluster: whichever run of the shared project comes
first, and each run has a namespace of its own in it. All that the tests know of how a walk is made,
moved and taken back is here.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from acceptance.projects import KUBECONFIG, Project, needed
from fakes.folders import ROOT

from pytest_canary import stages
from pytest_canary.analysis.verdict import Verdict
from pytest_canary.api.writes import Row, Writes
from pytest_canary.cluster.engine import Engine
from pytest_canary.cluster.image_loading import CTR
from pytest_canary.cluster.run import Run
from pytest_canary.cluster.teardown import delete_namespace, tear_down
from pytest_canary.config import settings_file
from pytest_canary.config.options import Options
from pytest_canary.config.plan import plan
from pytest_canary.config.settings import Settings
from pytest_canary.context import expect, judging
from pytest_canary.context.app_access import AppAccess
from pytest_canary.context.journal import Journal
from pytest_canary.context.outcomes import BaselineOutcome, ClusterOutcome, PreflightOutcome
from pytest_canary.context.workspace import Workspace
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.rehearsal.rehearsal import Rehearsal
from pytest_canary.release.release import Release
from pytest_canary.release.transitions import OwnTransitions
from pytest_canary.rendering.naming import with_names
from pytest_canary.rendering.version import Version


@contextmanager
def rehearsal(
    shared: Project, folder: Path, releases: Mapping[str, str], table: Mapping[str, Any]
) -> Iterator[Rehearsal]:
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
        workspace = Workspace(plan(check(table), chosen), shared.root, run)
        try:
            yield Rehearsal(workspace)
        finally:
            workspace.stop_background()
            cluster_run = workspace.cluster_run
            try:
                # Where a test has said that the run made it.
                run.record.cluster = None
                tear_down(run, Engine(), workspace.processes)
                if cluster_run:
                    # And where one has said that it did not make this.
                    own = cluster_run.folder / "kubeconfig"
                    delete_namespace(own, f"canary-{run.id}", run.id)
            finally:
                # Or else no other test could walk.
                if cluster_run:
                    cluster_run.release()


def check(table: Mapping[str, Any], source: str = "a test") -> Settings:
    """The settings of the bundled project that a table makes, with the names of its manifests."""
    return with_names(settings_file.check(dict(table), ROOT, source))


# On the way.


def hold(walk: Rehearsal, *through: str) -> None:
    """Walk through stages, with all their checks.

    Raises:
        CanaryError: one does not hold.
    """
    for name in through:
        stage = stages.load(name)
        for each in stage.checks_for(walk.plan):
            walk.check(each, stage)


def ask(walk: Rehearsal, function: Callable[..., None]) -> None:
    """Make the check that a function of a stage's module is, where the walk stands.

    Raises:
        CanaryError: it does not hold.
    """
    name = function.__module__.rpartition(".")[2]
    (check,) = (each for each in stages.load(name).checks if each.function is function)
    assert check.test, "it looks at something"
    check.test(walk.workspace)


def obey(walk: Rehearsal, found: Settings) -> None:
    """Let everybody go by these settings."""
    workspace, context = walk.workspace, walk.context
    workspace.plan = context.plan = walk.journal.plan = replace(walk.plan, settings=found)
    before = context.release
    context.release = Release(
        before.namespace,
        before.observer,
        found,
        before.parameters,
        before.kubectl_path,
        before.home,
        before.waiter,
        context.cluster.images,
        workspace.processes,
        versions=before.pods.versions,
    )
    context.transitions = OwnTransitions(
        context.release, context.database, lambda: context.candidate
    )
    context.api.settings, context.api.timeout = found.api, found.deadlines.request


def adapted(found: Settings, **tables: Mapping[str, Any]) -> Settings:
    """Settings with other values in some of their tables."""
    return found.model_copy(
        update={
            name: getattr(found, name).model_copy(update=dict(values))
            for name, values in tables.items()
        }
    )


@contextmanager
def changed(walk: Rehearsal, **tables: Mapping[str, Any]) -> Iterator[None]:
    """Go by other settings for a while."""
    before = walk.plan.settings
    obey(walk, adapted(before, **tables))
    try:
        yield
    finally:
        obey(walk, before)


def patience(walk: Rehearsal) -> Any:
    """Wait as long as a busy machine needs: `with patience(walk):`."""
    return changed(walk, deadlines={"rollout": 120})


def expect_no_more(walk: Rehearsal, *rows: Row) -> None:
    """Expect these rows no more."""
    kept = Writes(each for each in walk.journal.writes.acknowledged if each not in rows)
    walk.journal.writes = walk.context.api.writes = kept


def build(walk: Rehearsal, contexts: Mapping[str, Path]) -> dict[str, str]:
    """Build images that go with the walk's run.

    Args:
        walk: whose run they belong to.
        contexts: the folder of each, with its Dockerfile, by a name of the caller's.

    Returns:
        What a manifest calls them, by those names.
    """
    engine, run = Engine(), walk.workspace.run
    made: dict[str, str] = {}
    for name, context in contexts.items():
        tag = f"pytest-canary/test:{name}"
        iid = run.folder / "test.iid"
        built = engine.build(context, context / "Dockerfile", {}, tag, iid, 120)
        image = engine.with_own_name(built, walk.plan.settings.name, run.id)
        run.note_image(image.ref)
        engine.tag(image)
        engine.untag(tag)
        made[name] = image.ref
    return made


def load(walk: Rehearsal, names: Iterable[str]) -> None:
    """Load images into the walk's cluster, all at once: the base that they share is sent once."""
    save = ["docker", "save", *names]
    node = walk.context.cluster.node
    take = ["docker", "exec", "-i", node, *CTR, "images", "import", "-"]
    with subprocess.Popen(save, stdout=subprocess.PIPE) as saved:
        subprocess.run(take, stdin=saved.stdout, stdout=subprocess.DEVNULL, check=True)
    assert saved.returncode == 0, save


def delete_rows(walk: Rehearsal) -> None:
    """Leave the first row alone, so that a read of all costs what it did in the beginning.

    A walk has one verdict. Verdict after verdict, each with its writes, would keep this machine
    busy with the traffic that reads all rows.
    """
    walk.context.database.query("delete from person where id > 1")


def judge(walk: Rehearsal) -> Verdict:
    """What is said of the canary that is there, after fresh looks; the addressbook's rows go."""
    delete_rows(walk)
    expect.connections(walk.context, CANARY, STABLE)
    found = judging.judge(walk.context)
    print("\n".join([f"look {found.looks}: {found.text}", *found.lines]))
    return found


# And back.


@dataclass(frozen=True)
class Place:
    """Where a walk stood at the end of its stage `baseline`, to go back to.

    Attributes:
        journal: what had happened by then.
        rows: what was written by then.
    """

    journal: Journal
    rows: tuple[Row, ...]

    @classmethod
    def of(cls, walk: Rehearsal) -> Place:
        """Where it stands."""
        return cls(walk.journal, walk.journal.writes.acknowledged)

    def go_back(
        self, walk: Rehearsal, found: Settings, candidate: Version, baseline: Version
    ) -> Rehearsal:
        """Stand there again, with another candidate; the cluster is the caller's to put back.

        Args:
            walk: goes on no more.
            found: the settings from here on.
            candidate: the other one.
            baseline: what is live.

        Returns:
            The walk that goes on.
        """
        workspace, before = walk.workspace, self.journal
        workspace.plan = replace(walk.plan, settings=found)
        workspace.journal = journal = Journal(workspace.plan, before.run, before.redactor)
        for outcome in (PreflightOutcome, ClusterOutcome, BaselineOutcome):
            journal.keep(before.outcome(outcome))
        journal.versions = {"baseline": before.versions["baseline"]}
        journal.writes = Writes(self.rows)
        context = workspace.context
        context.comparing.close()
        context.app.stop()
        context.stop_trials()
        up = context.provisioned
        workspace.context = replace(
            context,
            plan=workspace.plan,
            journal=journal,
            provisioned=replace(up, candidate=candidate, baseline=baseline),
            app=AppAccess(workspace.plan, journal, elsewhere=False),
        )
        workspace.context.open_app()
        again = Rehearsal(workspace, entered=("preflight", "cluster", "baseline"))
        obey(again, found)
        return again

    def forget_rows(self, walk: Rehearsal) -> None:
        """Expect no rows but those of that time."""
        walk.journal.writes = walk.context.api.writes = Writes(self.rows)
